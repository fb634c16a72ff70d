// The unmodified DataStax Java driver 3.11 against a six-node, two-datacenter cluster. Its point: with a DC-aware policy
// on one region, coordinators and connection pools are in that region only. Prints one line a check (`ok name` or
// `not ok name: why`) and ends with 1 when one failed. What is in the file that STARFISH_TARGET names: see
// ../target.mjs.

import com.datastax.driver.core.*;
import com.datastax.driver.core.exceptions.*;
import com.datastax.driver.core.policies.*;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.gson.Gson;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.*;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

public class Driver3 {
  static class Node {
    String place, address, datacenter, rack;
  }

  static class Target {
    String contact, local, remote, control;
    int port;
    List<Node> nodes;
  }

  interface Body {
    String run() throws Exception;
  }

  static final String KS = "conf_java3";
  static final int WITHIN_MS = 120_000;
  static Target target;
  static Cluster cluster;
  static Session session;
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

  static Row roundTrip(String table, Map<String, Object> values) {
    String marks = values.keySet().stream().map(name -> "?").collect(Collectors.joining(", "));
    PreparedStatement insert = session.prepare("INSERT INTO " + KS + "." + table + " (id, "
        + String.join(", ", values.keySet()) + ") VALUES (1, " + marks + ")");
    session.execute(insert.bind(values.values().toArray()));
    return session.execute("SELECT * FROM " + KS + "." + table + " WHERE id = 1").one();
  }

  static Set<String> poolDatacenters() {
    Session.State state = session.getState();
    return state.getConnectedHosts().stream().filter(host -> state.getOpenConnections(host) > 0)
        .map(Host::getDatacenter).collect(Collectors.toCollection(TreeSet::new));
  }

  public static void main(String[] arguments) throws Exception {
    target = new Gson().fromJson(Files.readString(Path.of(System.getenv("STARFISH_TARGET"))), Target.class);
    // docs:begin connect
    cluster = Cluster.builder()
        .addContactPoint(target.contact)
        .withLoadBalancingPolicy(DCAwareRoundRobinPolicy.builder().withLocalDc(target.local).build())
        // docs:skip so that only the server's event can say that a node is up again
        .withReconnectionPolicy(new ConstantReconnectionPolicy(600_000))
        .withQueryOptions(new QueryOptions().setConsistencyLevel(ConsistencyLevel.LOCAL_QUORUM))
        .build();
    session = cluster.connect();
    // docs:end
    checkConnection();
    checkValues();
    checkStatements();
    checkRegion();
    session.close();
    cluster.close();
    System.exit(failed == 0 ? 0 : 1);
  }

  static void checkConnection() {
    check("connect", () -> {
      ProtocolVersion version = cluster.getConfiguration().getProtocolOptions().getProtocolVersion();
      same(version, ProtocolVersion.V5);
      return version.toString();
    });
    check("metadata of nodes", () -> {
      Set<String> seen = cluster.getMetadata().getAllHosts().stream()
          .map(host -> host.getEndPoint().resolve().getAddress().getHostAddress() + " " + host.getDatacenter() + " " + host.getRack())
          .collect(Collectors.toSet());
      same(seen, target.nodes.stream().map(node -> node.address + " " + node.datacenter + " " + node.rack).collect(Collectors.toSet()));
      for (Host host : cluster.getMetadata().getAllHosts()) same(host.getTokens().size(), 16);
      return null;
    });
    check("schema change and agreement", () -> {
      for (String statement : statements()) {
        same(session.execute(statement).getExecutionInfo().isSchemaInAgreement(), true);
      }
      return null;
    });
    check("metadata of the schema", () -> {
      KeyspaceMetadata keyspace = cluster.getMetadata().getKeyspace(KS);
      same(keyspace.getReplication().get(target.local), "3");
      same(keyspace.getReplication().get(target.remote), "3");
      same(keyspace.getTable("natives").getColumns().size(), 20);
      same(keyspace.getTable("paged").getPrimaryKey().size(), 2);
      same(keyspace.getUserType("address").getFieldNames(), ImmutableSet.of("street", "number"));
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
      values.put("v_date", LocalDate.fromYearMonthDay(1969, 7, 20));
      values.put("v_decimal", new BigDecimal("-12345.678"));
      values.put("v_double", 0.1);
      values.put("v_duration", Duration.newInstance(14, 0, 3723000000000L));
      values.put("v_float", 1.5f);
      values.put("v_inet", InetAddress.getByName("2001:db8::1"));
      values.put("v_int", Integer.MIN_VALUE);
      values.put("v_smallint", Short.MIN_VALUE);
      values.put("v_text", "ünïcodé 🌟");
      values.put("v_time", 86_399_999_999_999L);
      values.put("v_timestamp", new Date(1_234_567_890_123L));
      values.put("v_timeuuid", UUID.fromString("50554d6e-29bb-11e5-b345-feff819cdc9f"));
      values.put("v_tinyint", Byte.MIN_VALUE);
      values.put("v_uuid", UUID.fromString("123e4567-e89b-12d3-a456-426614174000"));
      values.put("v_varint", new BigInteger("-123456789012345678901234567890"));
      Row row = roundTrip("natives", values);
      for (Map.Entry<String, Object> entry : values.entrySet()) same(row.getObject(entry.getKey()), entry.getValue());
      return null;
    });
    check("collections, tuple, UDT", () -> {
      TupleType tuple = cluster.getMetadata().newTupleType(DataType.cint(), DataType.text());
      UserType address = cluster.getMetadata().getKeyspace(KS).getUserType("address");
      Map<String, Object> values = new LinkedHashMap<>();
      values.put("v_list", Arrays.asList("b", "a", "b"));
      values.put("v_set", ImmutableSet.of(1, 2, 3));
      values.put("v_map", ImmutableMap.of("one", 1L));
      values.put("v_tuple", tuple.newValue(7, "seven"));
      values.put("v_udt", address.newValue().setString("street", "Main").setInt("number", 12));
      values.put("v_nested", ImmutableMap.of("x", Arrays.asList(3, 1, 2)));
      Row row = roundTrip("containers", values);
      for (Map.Entry<String, Object> entry : values.entrySet()) same(row.getObject(entry.getKey()), entry.getValue());
      return null;
    });
  }

  static void checkStatements() {
    check("prepared statements", () -> {
      session.execute("INSERT INTO " + KS + ".keyed (id, value) VALUES ('p', 1)");
      PreparedStatement read = session.prepare("SELECT * FROM " + KS + ".keyed WHERE id = ?");
      same(session.execute(read.bind("p")).getColumnDefinitions().size(), 2);
      session.execute("ALTER TABLE " + KS + ".keyed ADD more text");
      same(session.execute(read.bind("p")).one().getInt("value"), 1);
      return null;
    });
    check("paging", () -> {
      PreparedStatement insert = session.prepare("INSERT INTO " + KS + ".paged (part, row, value) VALUES (1, ?, ?)");
      for (int row = 0; row < 250; row++) session.execute(insert.bind(row, "value " + row));
      Statement read = new SimpleStatement("SELECT * FROM " + KS + ".paged WHERE part = 1").setFetchSize(100);
      ResultSet rows = session.execute(read);
      same(rows.getAvailableWithoutFetching(), 100);
      same(rows.all().size(), 250);
      same(rows.getAllExecutionInfo().size(), 3);
      return null;
    });
    check("batches", () -> {
      PreparedStatement insert = session.prepare("INSERT INTO " + KS + ".keyed (id, value) VALUES (?, ?)");
      for (BatchStatement.Type type : new BatchStatement.Type[] {BatchStatement.Type.LOGGED, BatchStatement.Type.UNLOGGED}) {
        BatchStatement batch = new BatchStatement(type);
        for (int value = 1; value <= 3; value++) batch.add(insert.bind("batch " + type + " " + value, value));
        session.execute(batch);
        same(session.execute("SELECT value FROM " + KS + ".keyed WHERE id = 'batch " + type + " 3'").one().getInt(0), 3);
      }
      return null;
    });
    check("counters, counter batch", () -> {
      PreparedStatement add = session.prepare("UPDATE " + KS + ".counts SET hits = hits + ? WHERE id = 'a'");
      for (int turn = 0; turn < 10; turn++) session.execute(add.bind(3L));
      session.execute(new BatchStatement(BatchStatement.Type.COUNTER).add(add.bind(-5L)));
      same(session.execute("SELECT hits FROM " + KS + ".counts WHERE id = 'a'").one().getLong(0), 25L);
      return null;
    });
    check("lightweight transactions", () -> {
      String insert = "INSERT INTO " + KS + ".keyed (id, value) VALUES ('lwt', %d) IF NOT EXISTS";
      same(session.execute(localSerial(String.format(insert, 1))).wasApplied(), true);
      ResultSet second = session.execute(localSerial(String.format(insert, 2)));
      same(second.wasApplied(), false);
      same(second.one().getInt("value"), 1);
      String update = "UPDATE " + KS + ".keyed SET value = 3 WHERE id = 'lwt' IF value = 1";
      same(session.execute(localSerial(update)).wasApplied(), true);
      return null;
    });
    check("tracing", () -> {
      Statement read = new SimpleStatement("SELECT * FROM " + KS + ".keyed WHERE id = 'p'").enableTracing();
      ExecutionInfo info = session.execute(read).getExecutionInfo();
      QueryTrace trace = info.getQueryTrace();
      same(trace.getCoordinator(), info.getQueriedHost().getEndPoint().resolve().getAddress());
      if (trace.getEvents().size() < 3) throw new AssertionError("only " + trace.getEvents().size() + " events");
      return null;
    });
    check("unavailable with exact numbers", () -> {
      try {
        session.execute("INSERT INTO " + KS + "_seven.keyed (id, value) VALUES ('u', 1)");
        throw new AssertionError("it was available");
      } catch (UnavailableException error) {
        same(error.getConsistencyLevel(), ConsistencyLevel.LOCAL_QUORUM);
        same(error.getRequiredReplicas(), 4);
        same(error.getAliveReplicas(), 3);
      }
      return null;
    });
  }

  static Statement localSerial(String query) {
    return new SimpleStatement(query).setSerialConsistencyLevel(ConsistencyLevel.LOCAL_SERIAL);
  }

  static void checkRegion() {
    check("coordinators in " + target.local + " only", () -> {
      Map<String, Integer> coordinators = new TreeMap<>();
      for (int turn = 0; turn < 300; turn++) {
        Host host = session.execute("SELECT value FROM " + KS + ".keyed WHERE id = 'key " + turn + "'")
            .getExecutionInfo().getQueriedHost();
        same(host.getDatacenter(), target.local);
        coordinators.merge(host.getEndPoint().resolve().getAddress().getHostAddress(), 1, Integer::sum);
      }
      same(coordinators.size(), 3);
      return coordinators.toString();
    });
    check("connection pools in " + target.local + " only", () -> {
      same(poolDatacenters(), new TreeSet<>(Set.of(target.local)));
      same(session.getState().getConnectedHosts().size(), 3);
      return null;
    });
    check("token-aware routing", () -> {
      try (Cluster aware = Cluster.builder().addContactPoint(target.contact).withLoadBalancingPolicy(
          new TokenAwarePolicy(DCAwareRoundRobinPolicy.builder().withLocalDc(target.local).build())).build()) {
        Session session = aware.connect();
        PreparedStatement read = session.prepare("SELECT value FROM " + KS + "_one.keyed WHERE id = ?");
        for (int turn = 0; turn < 60; turn++) {
          ByteBuffer key = ByteBuffer.wrap(("key " + turn).getBytes(StandardCharsets.UTF_8));
          Host host = session.execute(read.bind("key " + turn).setConsistencyLevel(ConsistencyLevel.LOCAL_ONE)).getExecutionInfo().getQueriedHost();
          if (!aware.getMetadata().getReplicas(KS + "_one", key).contains(host)) throw new AssertionError(host + " is no replica");
        }
      }
      return null;
    });
    check("node down, node up", () -> {
      Node victim = target.nodes.stream().filter(node -> node.datacenter.equals(target.local)).reduce((a, b) -> b).get();
      List<String> seen = new CopyOnWriteArrayList<>();
      cluster.register(new Host.StateListener() {
        void add(String word, Host host) {
          seen.add(word + " " + host.getEndPoint().resolve().getAddress().getHostAddress());
        }
        @Override public void onUp(Host host) { add("up", host); }
        @Override public void onDown(Host host) { add("down", host); }
        @Override public void onAdd(Host host) {}
        @Override public void onRemove(Host host) {}
        @Override public void onRegister(Cluster cluster) {}
        @Override public void onUnregister(Cluster cluster) {}
      });
      control("fault", Map.of("kind", "kill", "at", victim.place));
      until("onDown", () -> seen.contains("down " + victim.address));
      for (int turn = 0; turn < 30; turn++) session.execute("INSERT INTO " + KS + ".keyed (id, value) VALUES ('down', 1)");
      same(session.getState().getConnectedHosts().size(), 2);
      same(poolDatacenters(), new TreeSet<>(Set.of(target.local)));
      control("heal", Map.of("id", victim.place));
      until("onUp", () -> seen.contains("up " + victim.address));
      until("a pool to the node", () -> session.getState().getConnectedHosts().size() == 3);
      return null;
    });
  }
}
