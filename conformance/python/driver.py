"""The unmodified cassandra-driver for Python against a six-node, two-datacenter cluster.

Prints one line a check (`ok name` or `not ok name: why`) and ends with 1 when one failed. What is in the file that
STARFISH_TARGET names: see ../target.mjs.
"""
import datetime
import json
import os
import re
import sys
import threading
import time
import urllib.request
import uuid
from decimal import Decimal

from cassandra import ConsistencyLevel, InvalidRequest, AlreadyExists, Unavailable
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.policies import ConstantReconnectionPolicy, DCAwareRoundRobinPolicy, HostStateListener, TokenAwarePolicy
from cassandra.protocol import SyntaxException
from cassandra.query import BatchStatement, BatchType, SimpleStatement, UNSET_VALUE
from cassandra.util import Date, Duration, Time

TARGET = json.load(open(os.environ["STARFISH_TARGET"]))
LOCAL, REMOTE = TARGET["local"], TARGET["remote"]
KS = "conf_python"
WITHIN_S = 120

# docs:begin connect
cluster = Cluster(
    [TARGET["contact"]],
    execution_profiles={
        EXEC_PROFILE_DEFAULT: ExecutionProfile(
            load_balancing_policy=TokenAwarePolicy(DCAwareRoundRobinPolicy(local_dc=LOCAL)),
            consistency_level=ConsistencyLevel.LOCAL_QUORUM,
            request_timeout=20,
        )
    },
    # docs:skip so that only the server's event can say that a node is up again
    reconnection_policy=ConstantReconnectionPolicy(600),
)
session = cluster.connect()
# docs:end

failed = 0


def check(name):
    """Runs the function below it and prints how it went."""
    def run(body):
        global failed
        try:
            note = body()
            print(f"ok {name}" + (f" ({note})" if note else ""), flush=True)
        except Exception as error:
            failed += 1
            print(f"not ok {name}: {type(error).__name__} {error}".replace("\n", " | "), flush=True)
    return run


def same(seen, wanted):
    if seen != wanted:
        raise AssertionError(f"{seen!r}, not {wanted!r}")


def until(what, condition, limit=WITHIN_S):
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {limit} s")
        time.sleep(0.05)


def control(command, body):
    request = urllib.request.Request(f"{TARGET['control']}/{command}", json.dumps(body).encode(), method="POST")
    answer = json.load(urllib.request.urlopen(request))
    if not answer["ok"]:
        raise AssertionError(f"{command} {body}: {answer['error']}")


def prepared(query):
    return session.prepare(query)


def round_trip(table, values):
    names = ", ".join(values)
    marks = ", ".join("?" for _ in values)
    session.execute(prepared(f"INSERT INTO {KS}.{table} (id, {names}) VALUES (1, {marks})"), list(values.values()))
    return session.execute(f"SELECT * FROM {KS}.{table} WHERE id = 1").one()


def statements():
    text = open(os.path.join(os.path.dirname(__file__), "..", "schema.cql")).read()
    text = re.sub(r"(?m)^--.*\n", "", text)
    text = text.replace("{ks}", KS).replace("{local}", LOCAL).replace("{remote}", REMOTE)
    return [statement for statement in text.split(";\n") if statement.strip()]


@check("connect")
def _():
    same(cluster.protocol_version, 5)
    return f"v{cluster.protocol_version}"


@check("metadata of nodes")
def _():
    seen = sorted((host.address, host.datacenter, host.rack) for host in cluster.metadata.all_hosts())
    same(seen, sorted((node["address"], node["datacenter"], node["rack"]) for node in TARGET["nodes"]))
    same(len(cluster.metadata.token_map.ring), 16 * len(seen))
    for host in cluster.metadata.all_hosts():
        assert host.release_version.startswith("5.0."), host.release_version


@check("schema change and agreement")
def _():
    for statement in statements():
        future = session.execute_async(statement)
        future.result()
        assert future.is_schema_agreed, f"no agreement after {statement}"


@check("metadata of the schema")
def _():
    keyspace = cluster.metadata.keyspaces[KS]
    same(keyspace.replication_strategy.dc_replication_factors, {LOCAL: 3, REMOTE: 3})
    table = keyspace.tables["natives"]
    same([column.name for column in table.partition_key], ["id"])
    same(len(table.columns), 20)
    same(keyspace.tables["containers"].columns["v_nested"].cql_type, "map<text, frozen<list<int>>>")
    same(keyspace.user_types["address"].field_names, ["street", "number"])
    assert "CREATE TABLE" in keyspace.export_as_string()


@check("prepared statements")
def _():
    session.execute(f"INSERT INTO {KS}.keyed (id, value) VALUES ('p', 1)")
    query = prepared(f"SELECT * FROM {KS}.keyed WHERE id = ?")
    same(query.routing_key_indexes, [0])
    same(session.execute(query, ["p"]).column_names, ["id", "value"])
    session.execute(f"ALTER TABLE {KS}.keyed ADD more text")
    same(session.execute(query, ["p"]).column_names, ["id", "more", "value"])


@check("native types")
def _():
    values = {
        "v_ascii": "plain", "v_bigint": -2**63, "v_blob": b"\x00\xff\x01", "v_boolean": True,
        "v_date": Date(datetime.date(1969, 7, 20)), "v_decimal": Decimal("-12345.678"), "v_double": 0.1,
        "v_duration": Duration(14, 0, 3723000000000), "v_float": 1.5, "v_inet": "2001:db8::1", "v_int": -2**31,
        "v_smallint": -2**15, "v_text": "ünïcodé 🌟", "v_time": Time("23:59:59.999999999"),
        "v_timestamp": datetime.datetime(2009, 2, 13, 23, 31, 30, 123000),
        "v_timeuuid": uuid.UUID("50554d6e-29bb-11e5-b345-feff819cdc9f"), "v_tinyint": -128,
        "v_uuid": uuid.UUID("123e4567-e89b-12d3-a456-426614174000"), "v_varint": -123456789012345678901234567890,
    }
    row = round_trip("natives", values)
    for name, value in values.items():
        same(getattr(row, name), value)


@check("null, unset, empty")
def _():
    session.execute(prepared(f"INSERT INTO {KS}.natives (id, v_int, v_text, v_blob) VALUES (2, ?, ?, ?)"), [7, "", b""])
    session.execute(prepared(f"INSERT INTO {KS}.natives (id, v_int, v_text) VALUES (2, ?, ?)"), [UNSET_VALUE, None])
    row = session.execute(f"SELECT v_int, v_text, v_blob, v_date FROM {KS}.natives WHERE id = 2").one()
    same(tuple(row), (7, None, b"", None))


@check("collections, tuple, UDT, vector")
def _():
    class Address:
        def __init__(self, street, number):
            self.street, self.number = street, number
    cluster.register_user_type(KS, "address", Address)
    values = {
        "v_list": ["b", "a", "b"], "v_set": {1, 2, 3}, "v_map": {"one": 1}, "v_tuple": (7, "seven"),
        "v_udt": Address("Main", 12), "v_nested": {"x": [3, 1, 2]}, "v_vector": [1.0, 2.5, -3.0],
    }
    row = round_trip("containers", values)
    for name in ("v_list", "v_map", "v_tuple", "v_nested", "v_vector"):
        same(getattr(row, name), values[name])
    same(set(row.v_set), {1, 2, 3})
    same((row.v_udt.street, row.v_udt.number), ("Main", 12))


@check("paging")
def _():
    insert = prepared(f"INSERT INTO {KS}.paged (part, row, value) VALUES (1, ?, ?)")
    for row in range(250):
        session.execute(insert, [row, f"value {row}"])
    result = session.execute(SimpleStatement(f"SELECT row FROM {KS}.paged WHERE part = 1", fetch_size=100))
    sizes = [len(result.current_rows)]
    while result.has_more_pages:
        result.fetch_next_page()
        sizes.append(len(result.current_rows))
    same(sizes, [100, 100, 50])
    rows = list(session.execute(SimpleStatement(f"SELECT * FROM {KS}.paged", fetch_size=33)))
    same(len({row.row for row in rows}), 250)


@check("batches")
def _():
    insert = prepared(f"INSERT INTO {KS}.keyed (id, value) VALUES (?, ?)")
    for kind in (BatchType.LOGGED, BatchType.UNLOGGED):
        batch = BatchStatement(batch_type=kind)
        for value in (1, 2, 3):
            batch.add(insert, [f"batch {kind} {value}", value])
        session.execute(batch)
        same(session.execute(f"SELECT value FROM {KS}.keyed WHERE id = 'batch {kind} 3'").one().value, 3)


@check("counters, counter batch")
def _():
    add = prepared(f"UPDATE {KS}.counts SET hits = hits + ? WHERE id = 'a'")
    for _ in range(10):
        session.execute(add, [3])
    batch = BatchStatement(batch_type=BatchType.COUNTER)
    batch.add(add, [-5])
    session.execute(batch)
    same(session.execute(f"SELECT hits FROM {KS}.counts WHERE id = 'a'").one().hits, 25)


@check("lightweight transactions")
def _():
    insert = prepared(f"INSERT INTO {KS}.keyed (id, value) VALUES ('lwt', ?) IF NOT EXISTS")
    insert.serial_consistency_level = ConsistencyLevel.LOCAL_SERIAL
    same(session.execute(insert, [1]).was_applied, True)
    second = session.execute(insert, [2])
    same(second.was_applied, False)
    same(second.one().value, 1)
    update = prepared(f"UPDATE {KS}.keyed SET value = ? WHERE id = 'lwt' IF value = ?")
    update.serial_consistency_level = ConsistencyLevel.LOCAL_SERIAL
    same(session.execute(update, [3, 1]).was_applied, True)
    read = SimpleStatement(f"SELECT value FROM {KS}.keyed WHERE id = 'lwt'", consistency_level=ConsistencyLevel.LOCAL_SERIAL)
    same(session.execute(read).one().value, 3)


@check("token-aware routing")
def _():
    read = prepared(f"SELECT value FROM {KS}_one.keyed WHERE id = ?")
    read.consistency_level = ConsistencyLevel.LOCAL_ONE
    for turn in range(60):
        bound = read.bind([f"key {turn}"])
        future = session.execute_async(bound)
        future.result()
        replicas = cluster.metadata.get_replicas(f"{KS}_one", bound.routing_key)
        assert future.coordinator_host in replicas, f"{future.coordinator_host} is no replica of key {turn}"


@check("tracing")
def _():
    future = session.execute_async(prepared(f"SELECT * FROM {KS}.keyed WHERE id = ?"), ["p"], trace=True)
    future.result()
    trace = future.get_query_trace(max_wait=10)
    same(trace.coordinator, future.coordinator_host.address)
    assert len(trace.events) > 2, f"only {len(trace.events)} events"
    assert trace.duration is not None and trace.request_type, vars(trace)


@check("own datacenter only")
def _():
    pools = {host.datacenter for host, pool in session.get_pool_state().items() if pool["open_count"] > 0}
    same(pools, {LOCAL})


@check("unavailable with exact numbers")
def _():
    try:
        session.execute(f"INSERT INTO {KS}_seven.keyed (id, value) VALUES ('u', 1)")
        raise AssertionError("it was available")
    except Unavailable as error:
        same((error.consistency, error.required_replicas, error.alive_replicas), (ConsistencyLevel.LOCAL_QUORUM, 4, 3))
        assert "Cannot achieve consistency level LOCAL_QUORUM" in str(error), error


@check("errors of statements")
def _():
    for query, kind in (
        ("SELEC 1", SyntaxException), (f"SELECT nothing FROM {KS}.keyed", InvalidRequest),
        (f"CREATE TABLE {KS}.keyed (id int PRIMARY KEY)", AlreadyExists),
    ):
        try:
            session.execute(query)
            raise AssertionError(f"{query} passed")
        except kind:
            pass


@check("node down, node up")
def _():
    victim = [node for node in TARGET["nodes"] if node["datacenter"] == LOCAL][-1]
    seen = {"up": threading.Event(), "down": threading.Event()}

    class Listener(HostStateListener):
        def on_up(self, host):
            if host.address == victim["address"]:
                seen["up"].set()

        def on_down(self, host):
            if host.address == victim["address"]:
                seen["down"].set()

        def on_add(self, host):
            pass

        def on_remove(self, host):
            pass

    cluster.register_listener(Listener())
    insert = prepared(f"INSERT INTO {KS}.keyed (id, value) VALUES (?, ?)")
    control("fault", {"kind": "kill", "at": victim["place"]})
    until("on_down", seen["down"].is_set)
    for turn in range(30):
        session.execute(insert, [f"down {turn}", turn])
    control("heal", {"id": victim["place"]})
    until("on_up", seen["up"].is_set)
    until("a pool to the node", lambda: any(
        host.address == victim["address"] and pool["open_count"] > 0 for host, pool in session.get_pool_state().items()))


cluster.shutdown()
sys.exit(1 if failed else 0)
