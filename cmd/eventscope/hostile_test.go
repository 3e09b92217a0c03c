package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// hugeSize is a value larger than what most brokers allow.
const hugeSize = 20 << 20

// attack is what must never act on a terminal: escape sequences (clear the screen, set
// the clipboard), a C1 control, a carriage return, a bidirectional override, a bell.
const attack = "\x1b[2J\x1b]52;c;aGFjaw==\x07\u009b31m\r\u202e\x00"

// hostile are messages as nobody should write them, and what tail is to say of each: a
// part of its line.
func hostile() (records []*kgo.Record, want []string) {
	const order, key = "ord-bad", `"entity":"ord-bad","version":null`
	say := func(part string, value []byte, recordKey string, headers ...kgo.RecordHeader) {
		record := &kgo.Record{Value: value, Headers: headers}
		if recordKey != "-" {
			record.Key = []byte(recordKey)
		}
		records, want = append(records, record), append(want, part)
	}
	deep := strings.Repeat(`{"a":`, 50_000) + "1" + strings.Repeat("}", 50_000)
	huge := append(append([]byte(`{"type":"Huge","order_id":"ord-huge","fill":"`), bytes.Repeat([]byte("x"), hugeSize)...), `"}`...)
	say(key+`,"size":`, []byte(`{"type":"Half","order_id":"ord-bad"`), order)
	say(`"value_text":"{\"type\":\"Malformed\"`, []byte(`{"type":"Malformed",}`), order)
	say(`"size":300008,"redelivered":false,"value_text":"{\"a\":{\"a\"`, []byte(deep), order)
	say(`"size":50007,"redelivered":false,"value_text":"[[[`, bytes.Repeat([]byte("["), 50_000), order)
	say(`"value_base64":"/w=="`, []byte("\xff"), order)
	say(`"value_base64":"eyJ0eXBlIjoiQmFk/yJ9"`, []byte("{\"type\":\"Bad\xff\"}"), order)
	say(`"entity":"ord-huge"`, huge, "-")
	say(`"value":null`, nil, order)
	say(`"value_text":""`, []byte{}, order)
	say(`"key":"",`, []byte(`{"order_id":"ord-bad"}`), "")
	say(`"key":null,`, []byte(`{"order_id":"ord-bad"}`), "-")
	say(`"key":{"base64":"AP8B"}`, []byte(`{"order_id":"ord-bad"}`), "\x00\xff\x01")
	say(`"headers":[["bin",{"base64":"AAH/"}],["",null]]`, []byte(`{}`), order, kgo.RecordHeader{Key: "bin", Value: []byte("\x00\x01\xff")}, kgo.RecordHeader{})
	quoted, _ := json.Marshal(attack)
	say(`"type":"`, []byte(`{"type":`+string(quoted)+`,"service":`+string(quoted)+`,"order_id":"ord-bad"}`), "ord-bad"+attack,
		kgo.RecordHeader{Key: "h" + attack, Value: []byte(attack)}, kgo.RecordHeader{Key: "correlation_id", Value: []byte(attack)},
		kgo.RecordHeader{Key: "kafka_dlt-exception-message", Value: []byte(attack)}, kgo.RecordHeader{Key: "kafka_dlt-original-topic", Value: []byte("t" + attack)})
	say(`"value_`, []byte(attack+" as it is"), order)
	return records, want
}

// hostileTopic is a topic of its own with all of these.
func hostileTopic(t *testing.T) (url string) {
	t.Helper()
	address, topic := realKafka(t)
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.ProducerBatchMaxBytes(2*hugeSize), kgo.DefaultProduceTopic(topic))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	most := "31457280"
	if _, err := kadm.NewClient(client).AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Name: "max.message.bytes", Value: &most}}, topic); err != nil {
		t.Fatal(err)
	}
	records, _ := hostile()
	for _, record := range records { // one after the other, to keep their order in any case
		if err := client.ProduceSync(context.Background(), record).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	return "kafka://" + address + "/" + topic
}

// What cannot be read is shown as what it is, whole, and says nothing that is not in it.
func TestHostileMessagesAreShownAsTheyAre(t *testing.T) {
	t.Parallel()
	url := hostileTopic(t)
	_, want := hostile()
	lines := strings.Split(strings.TrimSuffix(run(t, process(t, "tail", url, "--exit"), ""), "\n"), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d lines of %d messages", len(lines), len(want))
	}
	for i, line := range lines {
		if !json.Valid([]byte(line)) || !strings.Contains(line, want[i]) {
			t.Errorf("message %d has no %s: %.300s", i, want[i], line)
		}
		if strings.Contains(line, "ord-huge") && strings.Count(line, "x") < hugeSize {
			t.Errorf("of the huge value %d bytes are there", len(line))
		}
		if words := line[strings.Index(line, `"type":`):strings.Index(line, `"size":`)]; strings.Contains(words, `\u001b`) {
			t.Errorf("message %d names something by control characters: %s", i, words)
		}
	}
	if flow := run(t, process(t, "trace", "ord-bad", url), ""); !json.Valid([]byte(flow)) || strings.Count(flow, `"offset_ms"`) != len(want)-1 {
		t.Errorf("the flow has %d events of %d: %.300s", strings.Count(flow, `"offset_ms"`), len(want)-1, flow)
	}
	if flows := run(t, process(t, "flows", "--exit", url), ""); strings.Count(flows, "\n") != 2 || !strings.Contains(flows, `"flow":"ord-huge"`) {
		t.Errorf("flows: %s", flows)
	}
	text := run(t, process(t, "tail", url, "--exit", "-o", "text"), "")
	for _, say := range []string{"tombstone", "empty", "binary, 1 byte", "21 MB, {", "300 KB, {", `{"type":"Half"`} {
		if !strings.Contains(text, say) {
			t.Errorf("the text does not say %q:\n%.3000s", say, text)
		}
	}
}
