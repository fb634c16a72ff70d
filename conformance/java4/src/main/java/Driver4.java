// The unmodified Apache Java driver 4.19 against a six-node, two-datacenter cluster. Prints one line a check (`ok name`
// or `not ok name: why`) and ends with 1 when one failed. What is in the file that STARFISH_TARGET names: see
// ../target.mjs.

import com.datastax.oss.driver.api.core.*;
import com.datastax.oss.driver.api.core.config.*;
import com.datastax.oss.driver.api.core.cql.*;
import com.datastax.oss.driver.api.core.data.*;
import com.datastax.oss.driver.api.core.metadata.*;
import com.datastax.oss.driver.api.core.metadata.schema.KeyspaceMetadata;
import com.datastax.oss.driver.api.core.servererrors.*;
import com.datastax.oss.driver.api.core.type.*;
import com.google.gson.Gson;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.*;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.time.*;
import java.util.*;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

public class Driver4 {
  static class Place {
    String place, address, datacenter, rack;
  }

  static class Target {
    String contact, local, remote, control;
    int port;
    List<Place> nodes;
  }

  interface Body {
    String run() throws Exception;
  }

  static final String KS = "conf_java4";
  static final int WITHIN_MS = 120_000;
  static final List<String> events = new CopyOnWriteArrayList<>();
  static Target target;
  static CqlSession session;
  static int failed = 0;

  static void check(String name, Body body) {
    try {
      String note = body.run();
      System.out.println("ok " + name + (note == null ? "" : " (" + note + ")"));
    } catch (Throwable error) {
      failed++;
      System.out.println("not ok " + name + ": " + String.valueOf(error).replace("\n", " | "));
    }
  }

  static void same(Object seen, Object wanted) {
    if (!Objects.equals(seen, wanted)) throw new AssertionError(seen + ", not " + wanted);
  }

  static void until(String what, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.currentTimeMillis() + WITHIN_MS;
    while (!condition.getAsBoolean()) {
      if (System.currentTimeMillis() > deadline) throw new AssertionError(what + ": not within " + WITHIN_MS + " ms");
      Thread.sleep(50);
    }
  }

  static void control(String command, Map<String, String> body) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(target.control + "/" + command))
        .POST(HttpRequest.BodyPublishers.ofString(new Gson().toJson(body))).build();
    String answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
    if (!answer.contains("true")) throw new AssertionError(command + " " + body + ": " + answer);
  }

  static List<String> statements() throws Exception {
    String text = Files.readString(Path.of(System.getenv("STARFISH_SCHEMA"))).replaceAll("(?m)^--.*\n", "");
    text = text.replace("{ks}", KS).replace("{local}", target.local).replace("{remote}", target.remote);
    return Arrays.stream(text.split(";\n")).filter(one -> !one.isBlank()).collect(Collectors.toList());
  }

  static String address(Node node) {
    return ((InetSocketAddress) node.getEndPoint().resolve()).getAddress().getHostAddress();
  }

  static Row roundTrip(String table, Map<String, Object> values) {
    String marks = values.keySet().stream().map(name -> "?").collect(Collectors.joining(", "));
    PreparedStatement insert = session.prepare("INSERT INTO " + KS + "." + table + " (id, "
        + String.join(", ", values.keySet()) + ") VALUES (1, " + marks + ")");
    session.execute(insert.bind(values.values().toArray()));
    Row row = session.execute("SELECT * FROM " + KS + "." + table + " WHERE id = 1").one();
    for (Map.Entry<String, Object> entry : values.entrySet()) same(row.getObject(entry.getKey()), entry.getValue());
    return row;
  }

  public static void main(String[] arguments) throws Exception {
    target = new Gson().fromJson(Files.readString(Path.of(System.getenv("STARFISH_TARGET"))), Target.class);
    DriverConfigLoader config = DriverConfigLoader.programmaticBuilder()
        .withString(DefaultDriverOption.REQUEST_CONSISTENCY, "LOCAL_QUORUM")
        .withDuration(DefaultDriverOption.REQUEST_TIMEOUT, Duration.ofSeconds(20))
        // So that only the server's event can say that a node is up again.
        .withString(DefaultDriverOption.RECONNECTION_POLICY_CLASS, "ConstantReconnectionPolicy")
        .withDuration(DefaultDriverOption.RECONNECTION_BASE_DELAY, Duration.ofSeconds(600))
        .build();
    // docs:begin connect
    session = CqlSession.builder()
        .addContactPoint(new InetSocketAddress(target.contact, target.port))
        .withLocalDatacenter(target.local)
        .withConfigLoader(config) // docs:skip
        .withNodeStateListener(new Events()) // docs:skip
        .build();
    // docs:end
    checkConnection();
    checkValues();
    checkStatements();
    checkCluster();
    session.close();
    System.exit(failed == 0 ? 0 : 1);
  }

  static class Events extends NodeStateListenerBase {
    @Override public void onUp(Node node) { events.add("up " + address(node)); }
    @Override public void onDown(Node node) { events.add("down " + address(node)); }
  }

  static void checkConnection() {
    check("connect", () -> {
      ProtocolVersion version = session.getContext().getProtocolVersion();
      same(version, ProtocolVersion.V5);
      return version.toString();
    });
    check("metadata of nodes", () -> {
      Collection<Node> nodes = session.getMetadata().getNodes().values();
      same(nodes.stream().map(node -> address(node) + " " + node.getDatacenter() + " " + node.getRack()).collect(Collectors.toSet()),
          target.nodes.stream().map(node -> node.address + " " + node.datacenter + " " + node.rack).collect(Collectors.toSet()));
      TokenMap tokens = session.getMetadata().getTokenMap().get();
      for (Node node : nodes) {
        same(tokens.getTokens(node).size(), 16);
        same(node.getCassandraVersion().getMajor(), 5);
        if (node.getHostId() == null || node.getSchemaVersion() == null) throw new AssertionError(node + " lacks ids");
      }
      return null;
    });
    check("schema change and agreement", () -> {
      for (String statement : statements()) {
        same(session.execute(statement).getExecutionInfo().isSchemaInAgreement(), true);
      }
      return null;
    });
    check("metadata of the schema", () -> {
      KeyspaceMetadata keyspace = session.getMetadata().getKeyspace(KS).get();
      same(keyspace.getReplication().get(target.local), "3");
      same(keyspace.getTable("natives").get().getColumns().size(), 20);
      same(keyspace.getTable("paged").get().getPrimaryKey().size(), 2);
      same(keyspace.getUserDefinedType("address").get().getFieldNames().toString(), "[street, number]");
      same(keyspace.getTable("containers").get().getColumn("v_vector").get().getType(), DataTypes.vectorOf(DataTypes.FLOAT, 3));
      return null;
    });
  }

  static void checkValues() {
    check("native types", () -> {
      Map<String, Object> values = new LinkedHashMap<>();
      values.put("v_ascii", "plain");
      values.put("v_bigint", Long.MIN_VALUE);
      values.put("v_blob", ByteBuffer.wrap(new byte[] {0, -1, 1}));
      values.put("v_boolean", true);
      values.put("v_date", LocalDate.of(1969, 7, 20));
      values.put("v_decimal", new BigDecimal("-12345.678"));
      values.put("v_double", 0.1);
      values.put("v_duration", CqlDuration.newInstance(14, 0, 3723000000000L));
      values.put("v_float", 1.5f);
      values.put("v_inet", InetAddress.getByName("2001:db8::1"));
      values.put("v_int", Integer.MIN_VALUE);
      values.put("v_smallint", Short.MIN_VALUE);
      values.put("v_text", "ünïcodé 🌟");
      values.put("v_time", LocalTime.ofNanoOfDay(86_399_999_999_999L));
      values.put("v_timestamp", Instant.ofEpochMilli(1_234_567_890_123L));
      values.put("v_timeuuid", UUID.fromString("50554d6e-29bb-11e5-b345-feff819cdc9f"));
      values.put("v_tinyint", Byte.MIN_VALUE);
      values.put("v_uuid", UUID.fromString("123e4567-e89b-12d3-a456-426614174000"));
      values.put("v_varint", new BigInteger("-123456789012345678901234567890"));
      roundTrip("natives", values);
      return null;
    });
    check("null, unset, empty", () -> {
      session.execute("INSERT INTO " + KS + ".natives (id, v_int, v_text, v_blob) VALUES (2, 7, '', 0x)");
      PreparedStatement again = session.prepare("INSERT INTO " + KS + ".natives (id, v_int, v_text) VALUES (2, ?, ?)");
      session.execute(again.bind().setToNull("v_text"));
      Row row = session.execute("SELECT v_int, v_text, v_blob FROM " + KS + ".natives WHERE id = 2").one();
      same(row.getInt("v_int"), 7);
      same(row.getString("v_text"), null);
      same(row.getByteBuffer("v_blob").remaining(), 0);
      return null;
    });
    check("collections, tuple, UDT, vector", () -> {
      UserDefinedType address = session.getMetadata().getKeyspace(KS).get().getUserDefinedType("address").get();
      Map<String, Object> values = new LinkedHashMap<>();
      values.put("v_list", Arrays.asList("b", "a", "b"));
      values.put("v_set", Set.of(1, 2, 3));
      values.put("v_map", Map.of("one", 1L));
      values.put("v_tuple", DataTypes.tupleOf(DataTypes.INT, DataTypes.TEXT).newValue(7, "seven"));
      values.put("v_udt", address.newValue("Main", 12));
      values.put("v_nested", Map.of("x", Arrays.asList(3, 1, 2)));
      values.put("v_vector", CqlVector.newInstance(1f, 2.5f, -3f));
      roundTrip("containers", values);
      return null;
    });
  }

  static void checkStatements() {
    check("prepared statements", () -> {
      session.execute("INSERT INTO " + KS + ".keyed (id, value) VALUES ('p', 1)");
      PreparedStatement read = session.prepare("SELECT * FROM " + KS + ".keyed WHERE id = ?");
      same(read.getPartitionKeyIndices(), List.of(0));
      same(session.execute(read.bind("p")).getColumnDefinitions().size(), 2);
      session.execute("ALTER TABLE " + KS + ".keyed ADD more text");
      same(session.execute(read.bind("p")).getColumnDefinitions().size(), 3);
      return null;
    });
    check("paging", () -> {
      PreparedStatement insert = session.prepare("INSERT INTO " + KS + ".paged (part, row, value) VALUES (1, ?, ?)");
      for (int row = 0; row < 250; row++) session.execute(insert.bind(row, "value " + row));
      ResultSet rows = session.execute(SimpleStatement.newInstance("SELECT * FROM " + KS + ".paged WHERE part = 1").setPageSize(100));
      same(rows.getAvailableWithoutFetching(), 100);
      same(rows.all().size(), 250);
      same(rows.getExecutionInfos().size(), 3);
      return null;
    });
    check("batches", () -> {
      PreparedStatement insert = session.prepare("INSERT INTO " + KS + ".keyed (id, value) VALUES (?, ?)");
      for (BatchType type : new BatchType[] {BatchType.LOGGED, BatchType.UNLOGGED}) {
        BatchStatementBuilder batch = BatchStatement.builder(type);
        for (int value = 1; value <= 3; value++) batch.addStatement(insert.bind("batch " + type + " " + value, value));
        session.execute(batch.build());
        same(session.execute("SELECT value FROM " + KS + ".keyed WHERE id = 'batch " + type + " 3'").one().getInt(0), 3);
      }
      return null;
    });
    check("counters, counter batch", () -> {
      PreparedStatement add = session.prepare("UPDATE " + KS + ".counts SET hits = hits + ? WHERE id = 'a'");
      for (int turn = 0; turn < 10; turn++) session.execute(add.bind(3L));
      session.execute(BatchStatement.newInstance(BatchType.COUNTER, add.bind(-5L)));
      same(session.execute("SELECT hits FROM " + KS + ".counts WHERE id = 'a'").one().getLong(0), 25L);
      return null;
    });
    check("lightweight transactions", () -> {
      String insert = "INSERT INTO " + KS + ".keyed (id, value) VALUES ('lwt', %d) IF NOT EXISTS";
      same(session.execute(localSerial(String.format(insert, 1))).wasApplied(), true);
      ResultSet second = session.execute(localSerial(String.format(insert, 2)));
      same(second.wasApplied(), false);
      same(second.one().getInt("value"), 1);
      same(session.execute(localSerial("UPDATE " + KS + ".keyed SET value = 3 WHERE id = 'lwt' IF value = 1")).wasApplied(), true);
      return null;
    });
    check("tracing", () -> {
      ExecutionInfo info = session.execute(
          SimpleStatement.newInstance("SELECT * FROM " + KS + ".keyed WHERE id = 'p'").setTracing(true)).getExecutionInfo();
      QueryTrace trace = info.getQueryTrace();
      same(trace.getCoordinatorAddress().getAddress().getHostAddress(), address(info.getCoordinator()));
      if (trace.getEvents().size() < 3) throw new AssertionError("only " + trace.getEvents().size() + " events");
      return null;
    });
    check("unavailable with exact numbers", () -> {
      try {
        session.execute("INSERT INTO " + KS + "_seven.keyed (id, value) VALUES ('u', 1)");
        throw new AssertionError("it was available");
      } catch (UnavailableException error) {
        same(error.getConsistencyLevel(), DefaultConsistencyLevel.LOCAL_QUORUM);
        same(error.getRequired(), 4);
        same(error.getAlive(), 3);
      }
      return null;
    });
    check("errors of statements", () -> {
      Map<String, Class<?>> wanted = Map.of("SELEC 1", SyntaxError.class,
          "SELECT nothing FROM " + KS + ".keyed", InvalidQueryException.class,
          "CREATE TABLE " + KS + ".keyed (id int PRIMARY KEY)", AlreadyExistsException.class);
      for (Map.Entry<String, Class<?>> entry : wanted.entrySet()) {
        try {
          session.execute(entry.getKey());
          throw new AssertionError(entry.getKey() + " passed");
        } catch (QueryValidationException error) {
          same(error.getClass(), entry.getValue());
        }
      }
      return null;
    });
  }

  static Statement<?> localSerial(String query) {
    return SimpleStatement.newInstance(query).setSerialConsistencyLevel(DefaultConsistencyLevel.LOCAL_SERIAL);
  }

  static Set<String> pools() {
    return session.getMetadata().getNodes().values().stream().filter(node -> node.getOpenConnections() > 0)
        .map(node -> node.getDatacenter() + " " + address(node)).collect(Collectors.toCollection(TreeSet::new));
  }

  static void checkCluster() {
    check("token-aware routing", () -> {
      PreparedStatement read = session.prepare("SELECT value FROM " + KS + "_one.keyed WHERE id = ?");
      TokenMap tokens = session.getMetadata().getTokenMap().get();
      for (int turn = 0; turn < 60; turn++) {
        ByteBuffer key = ByteBuffer.wrap(("key " + turn).getBytes(StandardCharsets.UTF_8));
        Node node = session.execute(read.bind("key " + turn).setConsistencyLevel(DefaultConsistencyLevel.LOCAL_ONE)).getExecutionInfo().getCoordinator();
        if (!tokens.getReplicas(KS + "_one", key).contains(node)) throw new AssertionError(node + " is no replica");
      }
      return null;
    });
    check("own datacenter only", () -> {
      same(pools(), target.nodes.stream().filter(node -> node.datacenter.equals(target.local))
          .map(node -> node.datacenter + " " + node.address).collect(Collectors.toCollection(TreeSet::new)));
      return null;
    });
    check("node down, node up", () -> {
      Place victim = target.nodes.stream().filter(node -> node.datacenter.equals(target.local)).reduce((a, b) -> b).get();
      PreparedStatement insert = session.prepare("INSERT INTO " + KS + ".keyed (id, value) VALUES (?, ?)");
      control("fault", Map.of("kind", "kill", "at", victim.place));
      until("onDown", () -> events.contains("down " + victim.address));
      for (int turn = 0; turn < 30; turn++) session.execute(insert.bind("down " + turn, turn).setIdempotent(true));
      control("heal", Map.of("id", victim.place));
      until("onUp", () -> events.contains("up " + victim.address));
      until("a pool to the node", () -> pools().contains(target.local + " " + victim.address));
      return null;
    });
  }
}
