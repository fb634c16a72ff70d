// The unmodified Apache gocql driver against a six-node, two-datacenter cluster. Prints one line a check (`ok name` or
// `not ok name: why`) and ends with 1 when one failed. What is in the file that STARFISH_TARGET names: see
// ../target.mjs.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"sort"
	"strings"
	"sync"
	"time"

	gocql "github.com/apache/cassandra-gocql-driver/v2"
	"gopkg.in/inf.v0"
)

const (
	keyspace = "conf_go"
	within   = 120 * time.Second
)

type node struct{ Place, Address, Datacenter, Rack string }

type target struct {
	Contact, Local, Remote, Control string
	Port                            int
	Nodes                           []node
}

var (
	cluster target
	session *gocql.Session
	failed  int
	seen    = &watcher{connected: map[string]bool{}, events: map[string]bool{}}
)

// watcher keeps what the driver tells about connections and hosts.
type watcher struct {
	sync.Mutex
	connected, events map[string]bool
}

func (w *watcher) ObserveConnect(connect gocql.ObservedConnect) {
	w.Lock()
	defer w.Unlock()
	w.connected[connect.Host.ConnectAddress().String()] = true
}

func (w *watcher) OnHostUp(event gocql.HostUpEvent) {
	w.add("up " + event.Host.ConnectAddress().String())
}
func (w *watcher) OnHostDown(event gocql.HostDownEvent) {
	w.add("down " + event.Host.ConnectAddress().String())
}

func (w *watcher) add(event string) {
	w.Lock()
	defer w.Unlock()
	w.events[event] = true
}

func (w *watcher) has(event string) bool {
	w.Lock()
	defer w.Unlock()
	return w.events[event]
}

func connect() (*gocql.Session, error) {
	// docs:begin connect
	config := gocql.NewCluster(cluster.Contact)
	config.Consistency = gocql.LocalQuorum
	config.PoolConfig.HostSelectionPolicy = gocql.TokenAwareHostPolicy(gocql.DCAwareRoundRobinPolicy(cluster.Local))
	config.HostFilter = gocql.DataCenterHostFilter(cluster.Local)
	// docs:skip the rest is for the checks; only the server's event shall say that a node is up again
	config.ConnectObserver = seen                               // docs:skip
	config.Metadata.HostListener.HostStateChangeListener = seen // docs:skip
	config.ReconnectInterval = 600 * time.Second                // docs:skip
	config.Timeout = 20 * time.Second                           // docs:skip
	return config.CreateSession()
	// docs:end
}

func check(name string, body func() (string, error)) {
	note, err := body()
	switch {
	case err != nil:
		failed++
		fmt.Printf("not ok %s: %s\n", name, strings.ReplaceAll(err.Error(), "\n", " | "))
	case note != "":
		fmt.Printf("ok %s (%s)\n", name, note)
	default:
		fmt.Printf("ok %s\n", name)
	}
}

func same(got, wanted any) error {
	if reflect.DeepEqual(got, wanted) {
		return nil
	}
	return fmt.Errorf("%v, not %v", got, wanted)
}

func until(what string, condition func() bool) error {
	for deadline := time.Now().Add(within); !condition(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: not within %s", what, within)
		}
	}
	return nil
}

func control(command string, body map[string]string) error {
	text, _ := json.Marshal(body)
	response, err := http.Post(cluster.Control+"/"+command, "application/json", bytes.NewReader(text))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var answer struct {
		Ok    bool
		Error string
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return err
	}
	if !answer.Ok {
		return fmt.Errorf("%s %v: %s", command, body, answer.Error)
	}
	return nil
}

func exec(query string, values ...any) error { return session.Query(query, values...).Exec() }

func ks(query string) string { return strings.ReplaceAll(query, "KS", keyspace) }

func statements() []string {
	text, err := os.ReadFile(os.Getenv("STARFISH_SCHEMA"))
	if err != nil {
		panic(err)
	}
	plain := regexp.MustCompile(`(?m)^--.*\n`).ReplaceAllString(string(text), "")
	plain = strings.NewReplacer("{ks}", keyspace, "{local}", cluster.Local, "{remote}", cluster.Remote).Replace(plain)
	return strings.Split(strings.TrimSuffix(plain, ";\n"), ";\n")
}

func main() {
	text, err := os.ReadFile(os.Getenv("STARFISH_TARGET"))
	if err == nil {
		err = json.Unmarshal(text, &cluster)
	}
	if err == nil {
		session, err = connect()
	}
	if err != nil {
		fmt.Printf("not ok connect: %v\n", err)
		os.Exit(1)
	}
	fmt.Println("ok connect")
	check("metadata of nodes", checkNodes)
	check("schema change and agreement", checkSchemaChange)
	check("metadata of the schema", checkSchema)
	check("prepared statements", checkPrepared)
	check("native types", checkNatives)
	check("null, unset, empty", checkNull)
	check("collections, tuple, UDT, vector", checkContainers)
	check("paging", checkPaging)
	check("batches", checkBatches)
	check("counters, counter batch", checkCounters)
	check("lightweight transactions", checkTransactions)
	check("token-aware routing, tracing", checkRouting)
	check("own datacenter only", checkDatacenter)
	check("unavailable with exact numbers", checkUnavailable)
	check("errors of statements", checkErrors)
	check("node down, node up", checkEvents)
	session.Close()
	if failed > 0 {
		os.Exit(1)
	}
}

func checkNodes() (string, error) {
	var got, wanted []string
	for _, host := range session.GetHosts() {
		got = append(got, host.ConnectAddress().String()+" "+host.DataCenter()+" "+host.Rack())
		if len(host.Tokens()) != 16 || host.HostID() == "" {
			return "", fmt.Errorf("%s has %d tokens", host.ConnectAddress(), len(host.Tokens()))
		}
	}
	// The host filter leaves the other datacenter out.
	for _, node := range cluster.Nodes {
		if node.Datacenter == cluster.Local {
			wanted = append(wanted, node.Address+" "+node.Datacenter+" "+node.Rack)
		}
	}
	sort.Strings(got)
	sort.Strings(wanted)
	return "", same(got, wanted)
}

func checkSchemaChange() (string, error) {
	for _, statement := range statements() {
		if err := exec(statement); err != nil {
			return "", fmt.Errorf("%s: %w", statement, err)
		}
	}
	return "", nil
}

func checkSchema() (string, error) {
	var metadata *gocql.KeyspaceMetadata
	err := until("the metadata of the new keyspace", func() bool {
		found, err := session.KeyspaceMetadata(keyspace)
		metadata = found
		return err == nil && found.Tables["keyed"] != nil && found.UserTypes["address"] != nil
	})
	if err != nil {
		return "", err
	}
	if err := same(len(metadata.Tables["natives"].Columns), 20); err != nil {
		return "", err
	}
	if err := same(metadata.UserTypes["address"].FieldNames, []string{"street", "number"}); err != nil {
		return "", err
	}
	return "", same(metadata.StrategyOptions[cluster.Local], "3")
}

func checkPrepared() (string, error) {
	if err := exec(ks(`INSERT INTO KS.keyed (id, value) VALUES (?, ?)`), "p", 1); err != nil {
		return "", err
	}
	columns := func() (int, error) {
		iter := session.Query(ks(`SELECT * FROM KS.keyed WHERE id = ?`), "p").Iter()
		count := len(iter.Columns())
		return count, iter.Close()
	}
	for _, wanted := range []int{2, 3} {
		if wanted == 3 {
			if err := exec(ks(`ALTER TABLE KS.keyed ADD more text`)); err != nil {
				return "", err
			}
		}
		got, err := columns()
		if err != nil {
			return "", err
		}
		if err := same(got, wanted); err != nil {
			return "", err
		}
	}
	return "", nil
}

func checkNatives() (string, error) {
	big1, _ := new(big.Int).SetString("-123456789012345678901234567890", 10)
	id, _ := gocql.ParseUUID("123e4567-e89b-12d3-a456-426614174000")
	timeID, _ := gocql.ParseUUID("50554d6e-29bb-11e5-b345-feff819cdc9f")
	values := map[string]any{
		"v_ascii": "plain", "v_bigint": int64(-1 << 63), "v_blob": []byte{0, 255, 1}, "v_boolean": true,
		"v_date": time.Date(1969, 7, 20, 0, 0, 0, 0, time.UTC), "v_decimal": inf.NewDec(-12345678, 3), "v_double": 0.1,
		"v_duration": gocql.Duration{Months: 14, Nanoseconds: 3723000000000}, "v_float": float32(1.5),
		"v_inet": net.ParseIP("2001:db8::1"), "v_int": -1 << 31, "v_smallint": int16(-1 << 15), "v_text": "ünïcodé 🌟",
		"v_time": 24*time.Hour - 1, "v_timestamp": time.UnixMilli(1234567890123).UTC(), "v_timeuuid": timeID,
		"v_tinyint": int8(-128), "v_uuid": id, "v_varint": big1,
	}
	row, err := roundTrip("natives", values)
	if err != nil {
		return "", err
	}
	for name, value := range values {
		if got := fmt.Sprint(row[name]); got != fmt.Sprint(value) {
			return "", fmt.Errorf("%s: %s, not %v", name, got, value)
		}
	}
	return "", nil
}

func roundTrip(table string, values map[string]any) (map[string]any, error) {
	names, marks, list := []string{"id"}, []string{"1"}, []any{}
	for name, value := range values {
		names, marks, list = append(names, name), append(marks, "?"), append(list, value)
	}
	insert := fmt.Sprintf("INSERT INTO %s.%s (%s) VALUES (%s)", keyspace, table, strings.Join(names, ", "), strings.Join(marks, ", "))
	if err := exec(insert, list...); err != nil {
		return nil, err
	}
	row := map[string]any{}
	err := session.Query(fmt.Sprintf("SELECT * FROM %s.%s WHERE id = ?", keyspace, table), 1).MapScan(row)
	return row, err
}

func checkNull() (string, error) {
	if err := exec(ks(`INSERT INTO KS.natives (id, v_int, v_text, v_blob) VALUES (2, ?, ?, ?)`), 7, "", []byte{}); err != nil {
		return "", err
	}
	if err := exec(ks(`INSERT INTO KS.natives (id, v_int, v_text) VALUES (2, ?, ?)`), gocql.UnsetValue, nil); err != nil {
		return "", err
	}
	var number int
	var text *string
	var blob []byte
	err := session.Query(ks(`SELECT v_int, v_text, v_blob FROM KS.natives WHERE id = 2`)).Scan(&number, &text, &blob)
	if err != nil {
		return "", err
	}
	return "", same([]any{number, text == nil, len(blob)}, []any{7, true, 0})
}

func checkContainers() (string, error) {
	type address struct {
		Street string `cql:"street"`
		Number int    `cql:"number"`
	}
	insert := ks(`INSERT INTO KS.containers (id, v_list, v_set, v_map, v_tuple, v_udt, v_nested, v_vector) VALUES (1, ?, ?, ?, (?, ?), ?, ?, ?)`)
	err := exec(insert, []string{"b", "a", "b"}, []int{3, 1, 2}, map[string]int64{"one": 1}, 7, "seven",
		address{"Main", 12}, map[string][]int{"x": {3, 1, 2}}, []float32{1, 2.5, -3})
	if err != nil {
		return "", err
	}
	var (
		list   []string
		set    []int
		counts map[string]int64
		number int
		text   string
		udt    address
		nested map[string][]int
		vector []float32
	)
	read := session.Query(ks(`SELECT v_list, v_set, v_map, v_tuple, v_udt, v_nested, v_vector FROM KS.containers WHERE id = 1`))
	if err := read.Scan(&list, &set, &counts, &number, &text, &udt, &nested, &vector); err != nil {
		return "", err
	}
	return "", same(
		[]any{list, set, counts, number, text, udt, nested, vector},
		[]any{[]string{"b", "a", "b"}, []int{1, 2, 3}, map[string]int64{"one": 1}, 7, "seven", address{"Main", 12},
			map[string][]int{"x": {3, 1, 2}}, []float32{1, 2.5, -3}})
}

func checkPaging() (string, error) {
	for row := 0; row < 250; row++ {
		if err := exec(ks(`INSERT INTO KS.paged (part, row, value) VALUES (1, ?, ?)`), row, fmt.Sprint("value ", row)); err != nil {
			return "", err
		}
	}
	var sizes []int
	var state []byte
	for {
		iter := session.Query(ks(`SELECT row FROM KS.paged WHERE part = ?`), 1).PageSize(100).PageState(state).Iter()
		sizes = append(sizes, iter.NumRows())
		state = iter.PageState()
		if err := iter.Close(); err != nil {
			return "", err
		}
		if len(state) == 0 {
			break
		}
	}
	if err := same(sizes, []int{100, 100, 50}); err != nil {
		return "", err
	}
	iter, rows, row := session.Query(ks(`SELECT row FROM KS.paged`)).PageSize(33).Iter(), 0, 0
	for iter.Scan(&row) {
		rows++
	}
	if err := iter.Close(); err != nil {
		return "", err
	}
	return "", same(rows, 250)
}

func checkBatches() (string, error) {
	for _, kind := range []gocql.BatchType{gocql.LoggedBatch, gocql.UnloggedBatch} {
		batch := session.Batch(kind)
		for value := 1; value <= 3; value++ {
			batch.Query(ks(`INSERT INTO KS.keyed (id, value) VALUES (?, ?)`), fmt.Sprint("batch ", kind, value), value)
		}
		if err := batch.Exec(); err != nil {
			return "", err
		}
		var value int
		if err := session.Query(ks(`SELECT value FROM KS.keyed WHERE id = ?`), fmt.Sprint("batch ", kind, 3)).Scan(&value); err != nil {
			return "", err
		}
		if err := same(value, 3); err != nil {
			return "", err
		}
	}
	return "", nil
}

func checkCounters() (string, error) {
	add := ks(`UPDATE KS.counts SET hits = hits + ? WHERE id = ?`)
	for turn := 0; turn < 10; turn++ {
		if err := exec(add, int64(3), "a"); err != nil {
			return "", err
		}
	}
	if err := session.Batch(gocql.CounterBatch).Query(add, int64(-5), "a").Exec(); err != nil {
		return "", err
	}
	var hits int64
	if err := session.Query(ks(`SELECT hits FROM KS.counts WHERE id = ?`), "a").Scan(&hits); err != nil {
		return "", err
	}
	return "", same(hits, int64(25))
}

func checkTransactions() (string, error) {
	applied := func(query string, values ...any) (bool, map[string]any, error) {
		row := map[string]any{}
		done, err := session.Query(ks(query), values...).SerialConsistency(gocql.LocalSerial).MapScanCAS(row)
		return done, row, err
	}
	insert := `INSERT INTO KS.keyed (id, value) VALUES (?, ?) IF NOT EXISTS`
	first, _, err := applied(insert, "lwt", 1)
	if err != nil {
		return "", err
	}
	second, row, err := applied(insert, "lwt", 2)
	if err != nil {
		return "", err
	}
	third, _, err := applied(`UPDATE KS.keyed SET value = ? WHERE id = ? IF value = ?`, 3, "lwt", 1)
	if err != nil {
		return "", err
	}
	return "", same([]any{first, second, row["value"], third}, []any{true, false, 1, true})
}

// tracer keeps the ids of traced requests.
type tracer struct{ ids [][]byte }

func (t *tracer) Trace(id []byte) { t.ids = append(t.ids, id) }

// The only replica of a key answers alone when the driver finds it: the trace has one source.
func checkRouting() (string, error) {
	coordinators := map[string]bool{}
	for turn := 0; turn < 20; turn++ {
		traced := &tracer{}
		read := session.Query(ks(`SELECT value FROM KS_one.keyed WHERE id = ?`), fmt.Sprint("key ", turn)).Consistency(gocql.LocalOne)
		if err := read.Trace(traced).Exec(); err != nil {
			return "", err
		}
		if len(traced.ids) == 0 {
			return "", errors.New("the answer has no tracing id")
		}
		id := traced.ids[len(traced.ids)-1]
		var coordinator string
		var duration int
		err := until("the trace's duration", func() bool {
			err := session.Query(`SELECT coordinator, duration FROM system_traces.sessions WHERE session_id = ?`, id).
				Consistency(gocql.One).Scan(&coordinator, &duration)
			return err == nil && duration > 0
		})
		if err != nil {
			return "", err
		}
		var source string
		events := session.Query(`SELECT source FROM system_traces.events WHERE session_id = ?`, id).Consistency(gocql.One).Iter()
		for events.Scan(&source) {
			if source != coordinator {
				return "", fmt.Errorf("%s had to ask %s for key %d", coordinator, source, turn)
			}
		}
		if err := events.Close(); err != nil {
			return "", err
		}
		coordinators[coordinator] = true
	}
	return "", same(len(coordinators), 3)
}

func checkDatacenter() (string, error) {
	local := map[string]bool{}
	for _, node := range cluster.Nodes {
		if node.Datacenter == cluster.Local {
			local[node.Address] = true
		}
	}
	seen.Lock()
	defer seen.Unlock()
	return "", same(seen.connected, local)
}

func checkUnavailable() (string, error) {
	err := exec(ks(`INSERT INTO KS_seven.keyed (id, value) VALUES (?, ?)`), "u", 1)
	var unavailable *gocql.RequestErrUnavailable
	if !errors.As(err, &unavailable) {
		return "", fmt.Errorf("%v, not unavailable", err)
	}
	if err := same(unavailable.Message(), "Cannot achieve consistency level LOCAL_QUORUM"); err != nil {
		return "", err
	}
	return "", same([]any{unavailable.Consistency, unavailable.Required, unavailable.Alive}, []any{gocql.LocalQuorum, 4, 3})
}

func checkErrors() (string, error) {
	codes := map[string]int{
		"SELEC 1": gocql.ErrCodeSyntax, `SELECT nothing FROM KS.keyed`: gocql.ErrCodeInvalid,
		`CREATE TABLE KS.keyed (id int PRIMARY KEY)`: gocql.ErrCodeAlreadyExists,
	}
	for query, code := range codes {
		var refused gocql.RequestError
		if err := exec(ks(query)); !errors.As(err, &refused) || refused.Code() != code {
			return "", fmt.Errorf("%s: %v, not code %x", query, err, code)
		}
	}
	return "", nil
}

func checkEvents() (string, error) {
	var victim node
	for _, node := range cluster.Nodes {
		if node.Datacenter == cluster.Local {
			victim = node
		}
	}
	if err := control("fault", map[string]string{"kind": "kill", "at": victim.Place}); err != nil {
		return "", err
	}
	if err := until("OnHostDown", func() bool { return seen.has("down " + victim.Address) }); err != nil {
		return "", err
	}
	for turn := 0; turn < 30; turn++ {
		if err := session.Query(ks(`INSERT INTO KS.keyed (id, value) VALUES (?, ?)`), "down", turn).Idempotent(true).Exec(); err != nil {
			return "", err
		}
	}
	if err := control("heal", map[string]string{"id": victim.Place}); err != nil {
		return "", err
	}
	return "", until("OnHostUp", func() bool { return seen.has("up " + victim.Address) })
}
