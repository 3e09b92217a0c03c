package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"eventscope/cmd/internal/embedded"
	"eventscope/cmd/internal/exit"
)

// TestARegistryThatComesBack: what a command had read by then it reads again, each event once, and
// has nothing to complain of.
func TestARegistryThatComesBack(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/schemas/ids/7":
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"error_code":40401}`)
		case asked.Add(1) == 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			_ = json.NewEncoder(w).Encode(map[string]string{"schema": `{"type":"record","name":"OrderPlaced","fields":[{"name":"correlation_id","type":"string"},{"name":"order_id","type":"string"}]}`})
		}
	}))
	defer registry.Close()
	broker, err := embedded.Start(context.Background(), 1, "orders")
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Stop()
	text := func(s string) string { return string(rune(2*len(s))) + s }
	var messages []scriptMessage
	for i := range 30 {
		value := "\x00\x00\x00\x00\x07" + text(fmt.Sprintf("corr-%02d", i/3)) + text(fmt.Sprintf("ord-%02d", i/3))
		messages = append(messages, scriptMessage{Topic: "orders", Text: &value})
	}
	if err := publishKafka(broker.Address(), messages); err != nil {
		t.Fatal(err)
	}
	var complaints strings.Builder
	command := process(t, "flows", "kafka://"+broker.Address()+"/orders?registry="+registry.URL, "--exit", "-o", "json")
	command.Stderr = &complaints
	out, err := command.Output()
	if lines := strings.Count(string(out), `"flow":"corr-`); err != nil || lines != 10 || strings.Count(string(out), `"events":3,`) != 10 {
		t.Errorf("%d flows, %v: %s%s", lines, err, out, complaints.String())
	}
	if asked.Load() != 2 {
		t.Errorf("the registry was asked %d times", asked.Load())
	}
}

// TestAFilterSaysWhatItCouldNotSee: what came before its schema, and does not match without it.
func TestAFilterSaysWhatItCouldNotSee(t *testing.T) {
	t.Parallel()
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	defer registry.Close()
	broker, err := embedded.Start(context.Background(), 1, "orders")
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Stop()
	value, plain := "\x00\x00\x00\x00\x07\x06abc", `{"order_id":"ord-2"}`
	if err := publishKafka(broker.Address(), []scriptMessage{{Topic: "orders", Text: &value}, {Topic: "orders", Text: &plain}, {Topic: "orders", Text: &value}}); err != nil {
		t.Fatal(err)
	}
	var complaints strings.Builder
	command := process(t, "tail", "kafka://"+broker.Address()+"/orders?registry="+registry.URL, "--from", "beginning", "--exit", "--filter", `json("order_id") == "ord-1"`)
	command.Stderr = &complaints
	out, _ := command.Output()
	if code := command.ProcessState.ExitCode(); code != exit.Partly || len(out) > 0 || !strings.Contains(complaints.String(), "2 events did not match the filter without their schemas") {
		t.Errorf("exit code %d: %s%s", code, out, complaints.String())
	}
}
