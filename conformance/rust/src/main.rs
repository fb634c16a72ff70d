// The unmodified scylla crate against a six-node, two-datacenter cluster. Prints one line a check (`ok name` or
// `not ok name: why`) and ends with 1 when one failed. What is in the file that STARFISH_TARGET names: see
// ../target.mjs.

use anyhow::{bail, ensure, Context, Result};
use futures::StreamExt;
use scylla::client::execution_profile::ExecutionProfile;
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::cluster::metadata::Strategy;
use scylla::errors::{DbError, ExecutionError, RequestAttemptError};
use scylla::policies::host_filter::DcHostFilter;
use scylla::policies::load_balancing::DefaultPolicy;
use scylla::response::{PagingState, PagingStateResponse};
use scylla::serialize::row::SerializeRow;
use scylla::statement::batch::{Batch, BatchType};
use scylla::statement::unprepared::Statement;
use scylla::statement::{Consistency, SerialConsistency};
use scylla::value::{Counter, CqlDate, CqlDecimal, CqlDuration, CqlTime, CqlTimestamp, CqlTimeuuid, CqlVarint, MaybeUnset, Unset};
use scylla::{DeserializeRow, DeserializeValue, SerializeRow, SerializeValue};
use serde_json::{json, Value};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::{Read, Write};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

const KS: &str = "conf_rust";
const WITHIN: Duration = Duration::from_secs(120);

async fn connect(contact: &str, local: &str) -> Result<Session> {
    // docs:begin connect
    let profile = ExecutionProfile::builder()
        .consistency(Consistency::LocalQuorum)
        .load_balancing_policy(DefaultPolicy::builder().prefer_datacenter(local.to_string()).token_aware(true).build())
        .build();
    let session: Session = SessionBuilder::new()
        .known_node(format!("{contact}:9042"))
        .default_execution_profile_handle(profile.into_handle())
        .host_filter(Arc::new(DcHostFilter::new(local.to_string())))
        .build()
        .await?;
    // docs:end
    Ok(session)
}

struct Run {
    session: Session,
    target: Value,
    local: String,
    remote: String,
}

/// Replaces KS by the program's keyspace.
fn ks(query: &str) -> String {
    query.replace("KS", KS)
}

impl Run {
    async fn exec(&self, query: &str, values: impl SerializeRow) -> Result<scylla::response::query_result::QueryResult> {
        let prepared = self.session.prepare(ks(query)).await?;
        Ok(self.session.execute_unpaged(&prepared, values).await?)
    }

    /// (address, datacenter, rack, place) of the target's nodes.
    fn places(&self) -> Vec<(String, String, String, String)> {
        let text = |node: &Value, name: &str| node[name].as_str().unwrap_or_default().to_string();
        let nodes = self.target["nodes"].as_array().cloned().unwrap_or_default();
        nodes.iter().map(|node| (text(node, "address"), text(node, "datacenter"), text(node, "rack"), text(node, "place"))).collect()
    }

    fn connected(&self, address: &str) -> bool {
        let state = self.session.get_cluster_state();
        state.get_nodes_info().iter().any(|node| node.address.ip().to_string() == address && node.is_connected())
    }

    /// POST to the control API.
    fn control(&self, command: &str, body: Value) -> Result<()> {
        let host = self.target["control"].as_str().unwrap_or_default().trim_start_matches("http://").to_string();
        let text = body.to_string();
        let mut stream = std::net::TcpStream::connect(&host)?;
        write!(stream, "POST /{command} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{text}", text.len())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        ensure!(answer.contains("\"ok\":true") || answer.contains("\"ok\": true"), "{command} {text}: {answer}");
        Ok(())
    }
}

async fn until(what: &str, condition: impl Fn() -> bool) -> Result<()> {
    let deadline = Instant::now() + WITHIN;
    while !condition() {
        ensure!(Instant::now() < deadline, "{what}: not within {WITHIN:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

fn same<T: PartialEq + std::fmt::Debug>(seen: T, wanted: T) -> Result<()> {
    ensure!(seen == wanted, "{seen:?}, not {wanted:?}");
    Ok(())
}

/// Runs one check and prints how it went; counts in `$failed`.
macro_rules! check {
    ($failed:ident, $name:literal, $body:expr) => {
        match $body.await {
            Ok(()) => println!("ok {}", $name),
            Err(error) => {
                $failed += 1;
                println!("not ok {}: {}", $name, format!("{error:#}").replace('\n', " | "));
            }
        }
    };
}

#[tokio::main]
async fn main() -> Result<()> {
    let target: Value = serde_json::from_str(&std::fs::read_to_string(std::env::var("STARFISH_TARGET")?)?)?;
    let text = |name: &str| target[name].as_str().unwrap_or_default().to_string();
    let (contact, local, remote) = (text("contact"), text("local"), text("remote"));
    let session = match connect(&contact, &local).await {
        Ok(session) => session,
        Err(error) => {
            println!("not ok connect: {error:#}");
            std::process::exit(1);
        }
    };
    println!("ok connect (V4)");
    let run = Run { session, target, local, remote };
    let mut failed = 0;
    check!(failed, "metadata of nodes", nodes(&run));
    check!(failed, "schema change and agreement", schema_change(&run));
    check!(failed, "metadata of the schema", schema(&run));
    check!(failed, "prepared statements", prepared(&run));
    check!(failed, "native types", natives(&run));
    check!(failed, "null, unset, empty", nulls(&run));
    check!(failed, "collections, tuple, UDT, vector", containers(&run));
    check!(failed, "paging", paging(&run));
    check!(failed, "batches", batches(&run));
    check!(failed, "counters, counter batch", counters(&run));
    check!(failed, "lightweight transactions", transactions(&run));
    check!(failed, "token-aware routing", routing(&run));
    check!(failed, "tracing", tracing(&run));
    check!(failed, "own datacenter only", datacenter(&run));
    check!(failed, "unavailable with exact numbers", unavailable(&run));
    check!(failed, "errors of statements", errors(&run));
    check!(failed, "node down, node up", events(&run));
    std::process::exit(if failed == 0 { 0 } else { 1 });
}

async fn nodes(run: &Run) -> Result<()> {
    let state = run.session.get_cluster_state();
    let seen: BTreeSet<_> = state.get_nodes_info().iter()
        .map(|node| (node.address.ip().to_string(), node.datacenter.clone().unwrap_or_default(), node.rack.clone().unwrap_or_default()))
        .collect();
    same(seen, run.places().into_iter().map(|(address, datacenter, rack, _)| (address, datacenter, rack)).collect())
}

async fn schema_change(run: &Run) -> Result<()> {
    let text = std::fs::read_to_string(std::env::var("STARFISH_SCHEMA")?)?;
    let plain: String = text.lines().filter(|line| !line.starts_with("--")).map(|line| format!("{line}\n")).collect();
    let filled = plain.replace("{ks}", KS).replace("{local}", &run.local).replace("{remote}", &run.remote);
    for statement in filled.split(";\n").filter(|one| !one.trim().is_empty()) {
        run.session.query_unpaged(statement, ()).await.with_context(|| statement.to_string())?;
        run.session.await_schema_agreement().await?;
    }
    Ok(())
}

async fn schema(run: &Run) -> Result<()> {
    run.session.refresh_metadata().await?;
    let state = run.session.get_cluster_state();
    let keyspace = state.get_keyspace(KS).context("no keyspace")?;
    let Strategy::NetworkTopologyStrategy { datacenter_repfactors } = &keyspace.strategy else { bail!("{:?}", keyspace.strategy) };
    same(datacenter_repfactors.clone(), HashMap::from([(run.local.clone(), 3), (run.remote.clone(), 3)]))?;
    same(keyspace.tables["natives"].columns.len(), 20)?;
    same(keyspace.tables["paged"].clustering_key.clone(), vec!["row".to_string()])?;
    let fields = keyspace.user_defined_types["address"].field_types.iter().map(|(name, _)| name.to_string());
    same(fields.collect::<Vec<_>>(), vec!["street".to_string(), "number".to_string()])
}

async fn prepared(run: &Run) -> Result<()> {
    run.exec("INSERT INTO KS.keyed (id, value) VALUES (?, ?)", ("p", 1)).await?;
    let read = run.session.prepare(ks("SELECT * FROM KS.keyed WHERE id = ?")).await?;
    ensure!(read.is_token_aware(), "no routing key");
    same(run.session.execute_unpaged(&read, ("p",)).await?.into_rows_result()?.column_specs().len(), 2)?;
    run.session.query_unpaged(ks("ALTER TABLE KS.keyed ADD more text"), ()).await?;
    let (id, value): (String, i32) = run.exec("SELECT id, value FROM KS.keyed WHERE id = ?", ("p",)).await?.into_rows_result()?.single_row()?;
    same((id.as_str(), value), ("p", 1))
}

#[derive(Debug, Clone, PartialEq, SerializeRow, DeserializeRow)]
struct Natives {
    id: i32,
    v_ascii: String,
    v_bigint: i64,
    v_blob: Vec<u8>,
    v_boolean: bool,
    v_date: CqlDate,
    v_decimal: CqlDecimal,
    v_double: f64,
    v_duration: CqlDuration,
    v_float: f32,
    v_inet: IpAddr,
    v_int: i32,
    v_smallint: i16,
    v_text: String,
    v_time: CqlTime,
    v_timestamp: CqlTimestamp,
    v_timeuuid: CqlTimeuuid,
    v_tinyint: i8,
    v_uuid: Uuid,
    v_varint: CqlVarint,
}

const NATIVES: &str = "id, v_ascii, v_bigint, v_blob, v_boolean, v_date, v_decimal, v_double, v_duration, v_float, v_inet, \
    v_int, v_smallint, v_text, v_time, v_timestamp, v_timeuuid, v_tinyint, v_uuid, v_varint";

async fn natives(run: &Run) -> Result<()> {
    let unscaled = vec![0xff, 0x43, 0x9e, 0xb2];
    let wanted = Natives {
        id: 1,
        v_ascii: "plain".into(),
        v_bigint: i64::MIN,
        v_blob: vec![0, 255, 1],
        v_boolean: true,
        v_date: CqlDate((1 << 31) - 165),
        v_decimal: CqlDecimal::from_signed_be_bytes_and_exponent(unscaled.clone(), 3),
        v_double: 0.1,
        v_duration: CqlDuration { months: 14, days: 0, nanoseconds: 3_723_000_000_000 },
        v_float: 1.5,
        v_inet: "2001:db8::1".parse()?,
        v_int: i32::MIN,
        v_smallint: i16::MIN,
        v_text: "ünïcodé 🌟".into(),
        v_time: CqlTime(86_399_999_999_999),
        v_timestamp: CqlTimestamp(1_234_567_890_123),
        v_timeuuid: "50554d6e-29bb-11e5-b345-feff819cdc9f".parse()?,
        v_tinyint: i8::MIN,
        v_uuid: "123e4567-e89b-12d3-a456-426614174000".parse()?,
        v_varint: CqlVarint::from_signed_bytes_be(unscaled),
    };
    let marks = vec!["?"; 20].join(", ");
    run.exec(&format!("INSERT INTO KS.natives ({NATIVES}) VALUES ({marks})"), wanted.clone()).await?;
    let read: Natives = run.exec(&format!("SELECT {NATIVES} FROM KS.natives WHERE id = ?"), (1,)).await?.into_rows_result()?.single_row()?;
    same(read, wanted)
}

async fn nulls(run: &Run) -> Result<()> {
    run.exec("INSERT INTO KS.natives (id, v_int, v_text, v_blob) VALUES (2, ?, ?, ?)", (7, "", Vec::<u8>::new())).await?;
    let unset: MaybeUnset<i32> = MaybeUnset::Unset;
    run.exec("INSERT INTO KS.natives (id, v_int, v_text) VALUES (2, ?, ?)", (unset, None::<String>)).await?;
    run.exec("INSERT INTO KS.natives (id, v_int) VALUES (2, ?)", (Unset,)).await?;
    let read: (Option<i32>, Option<String>, Option<Vec<u8>>) =
        run.exec("SELECT v_int, v_text, v_blob FROM KS.natives WHERE id = ?", (2,)).await?.into_rows_result()?.single_row()?;
    same(read, (Some(7), None, Some(vec![])))
}

#[derive(Debug, Clone, PartialEq, SerializeValue, DeserializeValue)]
struct Address {
    street: String,
    number: i32,
}

async fn containers(run: &Run) -> Result<()> {
    type Row = (Vec<String>, HashSet<i32>, HashMap<String, i64>, (i32, String), Address, HashMap<String, Vec<i32>>, Vec<f32>);
    let wanted: Row = (
        vec!["b".into(), "a".into(), "b".into()],
        HashSet::from([3, 1, 2]),
        HashMap::from([("one".into(), 1)]),
        (7, "seven".into()),
        Address { street: "Main".into(), number: 12 },
        HashMap::from([("x".into(), vec![3, 1, 2])]),
        vec![1.0, 2.5, -3.0],
    );
    let names = "v_list, v_set, v_map, v_tuple, v_udt, v_nested, v_vector";
    run.exec(&format!("INSERT INTO KS.containers (id, {names}) VALUES (1, ?, ?, ?, ?, ?, ?, ?)"), wanted.clone()).await?;
    let read: Row = run.exec(&format!("SELECT {names} FROM KS.containers WHERE id = ?"), (1,)).await?.into_rows_result()?.single_row()?;
    same(read, wanted)
}

async fn paging(run: &Run) -> Result<()> {
    for row in 0..250 {
        run.exec("INSERT INTO KS.paged (part, row, value) VALUES (1, ?, ?)", (row, format!("value {row}"))).await?;
    }
    let mut read = run.session.prepare(ks("SELECT row FROM KS.paged WHERE part = ?")).await?;
    read.set_page_size(100);
    let mut sizes = vec![];
    let mut state = PagingState::start();
    loop {
        let (page, next) = run.session.execute_single_page(&read, (1,), state).await?;
        sizes.push(page.into_rows_result()?.rows_num());
        match next {
            PagingStateResponse::HasMorePages { state: more } => state = more,
            PagingStateResponse::NoMorePages => break,
        }
    }
    same(sizes, vec![100, 100, 50])?;
    let mut scan = run.session.prepare(ks("SELECT row FROM KS.paged")).await?;
    scan.set_page_size(33);
    let rows = run.session.execute_iter(scan, ()).await?.rows_stream::<(i32,)>()?.count().await;
    same(rows, 250)
}

async fn batches(run: &Run) -> Result<()> {
    let insert = run.session.prepare(ks("INSERT INTO KS.keyed (id, value) VALUES (?, ?)")).await?;
    for (name, kind) in [("logged", BatchType::Logged), ("unlogged", BatchType::Unlogged)] {
        let mut batch = Batch::new(kind);
        let values: Vec<_> = (1..=3).map(|value| (format!("batch {name} {value}"), value)).collect();
        values.iter().for_each(|_| batch.append_statement(insert.clone()));
        run.session.batch(&batch, values).await?;
        let (value,): (i32,) = run.exec("SELECT value FROM KS.keyed WHERE id = ?", (format!("batch {name} 3"),)).await?.into_rows_result()?.single_row()?;
        same(value, 3)?;
    }
    Ok(())
}

async fn counters(run: &Run) -> Result<()> {
    for _ in 0..10 {
        run.exec("UPDATE KS.counts SET hits = hits + ? WHERE id = ?", (Counter(3), "a")).await?;
    }
    let mut batch = Batch::new(BatchType::Counter);
    batch.append_statement(run.session.prepare(ks("UPDATE KS.counts SET hits = hits + ? WHERE id = ?")).await?);
    run.session.batch(&batch, ((Counter(-5), "a"),)).await?;
    let (hits,): (Counter,) = run.exec("SELECT hits FROM KS.counts WHERE id = ?", ("a",)).await?.into_rows_result()?.single_row()?;
    same(hits.0, 25)
}

async fn transactions(run: &Run) -> Result<()> {
    let mut insert = run.session.prepare(ks("INSERT INTO KS.keyed (id, value) VALUES ('lwt', ?) IF NOT EXISTS")).await?;
    insert.set_serial_consistency(Some(SerialConsistency::LocalSerial));
    type Row = (bool, Option<String>, Option<String>, Option<i32>);
    let first: Row = run.session.execute_unpaged(&insert, (1,)).await?.into_rows_result()
        .map_err(anyhow::Error::from).and_then(|rows| applied(&rows))?;
    let second: Row = run.session.execute_unpaged(&insert, (2,)).await?.into_rows_result()
        .map_err(anyhow::Error::from).and_then(|rows| applied(&rows))?;
    same((first.0, second.0, second.3), (true, false, Some(1)))?;
    let mut update = run.session.prepare(ks("UPDATE KS.keyed SET value = ? WHERE id = 'lwt' IF value = ?")).await?;
    update.set_serial_consistency(Some(SerialConsistency::LocalSerial));
    let third = run.session.execute_unpaged(&update, (3, 1)).await?.into_rows_result()?;
    same(third.single_row::<(bool,)>()?.0, true)
}

/// `[applied]` alone, or with the row that stood in the way.
fn applied(rows: &scylla::response::query_result::QueryRowsResult) -> Result<(bool, Option<String>, Option<String>, Option<i32>)> {
    if rows.column_specs().len() == 1 {
        return Ok((rows.single_row::<(bool,)>()?.0, None, None, None));
    }
    Ok(rows.single_row()?)
}

async fn routing(run: &Run) -> Result<()> {
    run.session.refresh_metadata().await?;
    let mut read = run.session.prepare(ks("SELECT value FROM KS_one.keyed WHERE id = ?")).await?;
    read.set_consistency(Consistency::LocalOne);
    for turn in 0..60 {
        let key = format!("key {turn}");
        let result = run.session.execute_unpaged(&read, (&key,)).await?;
        let coordinator = result.request_coordinator().node().address.ip();
        let replicas = run.session.get_cluster_state().get_endpoints(&ks("KS_one"), "keyed", &(&key,))?;
        ensure!(replicas.iter().any(|(node, _)| node.address.ip() == coordinator), "{coordinator} is no replica of {key}");
    }
    Ok(())
}

async fn tracing(run: &Run) -> Result<()> {
    let mut read = Statement::new(ks("SELECT * FROM KS.keyed WHERE id = 'p'"));
    read.set_tracing(true);
    let result = run.session.query_unpaged(read, ()).await?;
    let id = result.tracing_id().context("the answer has no tracing id")?;
    let trace = run.session.get_tracing_info(&id).await?;
    same(trace.coordinator, Some(result.request_coordinator().node().address.ip()))?;
    ensure!(trace.events.len() > 2, "only {} events", trace.events.len());
    Ok(())
}

async fn datacenter(run: &Run) -> Result<()> {
    for node in run.session.get_cluster_state().get_nodes_info() {
        let local = node.datacenter.as_deref() == Some(run.local.as_str());
        ensure!(node.is_connected() == local, "{} in {:?}: connected {}", node.address, node.datacenter, node.is_connected());
    }
    Ok(())
}

async fn refusal(run: &Run, query: &str) -> Result<DbError> {
    match run.session.query_unpaged(ks(query), ()).await {
        Err(ExecutionError::LastAttemptError(RequestAttemptError::DbError(error, _))) => Ok(error),
        Err(other) => bail!("{other}"),
        Ok(_) => bail!("{query} passed"),
    }
}

async fn unavailable(run: &Run) -> Result<()> {
    match refusal(run, "INSERT INTO KS_seven.keyed (id, value) VALUES ('u', 1)").await? {
        DbError::Unavailable { consistency, required, alive } => same((consistency, required, alive), (Consistency::LocalQuorum, 4, 3)),
        other => bail!("{other}"),
    }
}

async fn errors(run: &Run) -> Result<()> {
    ensure!(matches!(refusal(run, "SELEC 1").await?, DbError::SyntaxError));
    ensure!(matches!(refusal(run, "SELECT nothing FROM KS.keyed").await?, DbError::Invalid));
    let again = refusal(run, "CREATE TABLE KS.keyed (id int PRIMARY KEY)").await?;
    ensure!(matches!(&again, DbError::AlreadyExists { keyspace, table } if keyspace == KS && table == "keyed"), "{again}");
    Ok(())
}

async fn events(run: &Run) -> Result<()> {
    let (address, _, _, place) = run.places().into_iter().rfind(|(_, datacenter, _, _)| *datacenter == run.local).context("no node")?;
    run.control("fault", json!({ "kind": "kill", "at": place }))?;
    until("the pool of the killed node closed", || !run.connected(&address)).await?;
    for turn in 0..30 {
        let mut insert = run.session.prepare(ks("INSERT INTO KS.keyed (id, value) VALUES (?, ?)")).await?;
        insert.set_is_idempotent(true);
        run.session.execute_unpaged(&insert, ("down", turn)).await?;
    }
    run.control("heal", json!({ "id": place }))?;
    until("the pool of the node open again", || run.connected(&address)).await
}
