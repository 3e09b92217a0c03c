package demo

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"eventscope/adapters/payload/avro"
)

// TestSignUpsAreReadAsTheyWereWritten, in every version of their schema, as the registry has it.
func TestSignUpsAreReadAsTheyWereWritten(t *testing.T) {
	registry, err := StartRegistry()
	if err != nil {
		t.Fatal(err)
	}
	defer registry.Stop()
	s := New(Config{Registry: registry})
	for version := 1; version <= mostSignUpVersions; version++ {
		e := event{eventType: signUpType, id: "evt-1", schema: version, payload: payload{UserID: "usr-1", Name: "Ada", Email: "ada@example.org", Country: "FR"}}
		body, err := s.encodeSignUp(&e, time.Unix(0, 0))
		if err != nil || signUpVersion(body) != version {
			t.Fatalf("version %d: %x, %v", version, body, err)
		}
		read, err := decode(&message{body: body, eventType: signUpType}, false)
		if err != nil || read.payload.Name != "Ada" || read.payload.Country != "FR" || read.payload.EventID != "evt-1" {
			t.Fatalf("version %d: %+v, %v", version, read, err)
		}
		if _, err := decode(&message{body: body[:len(body)/2]}, false); err == nil {
			t.Errorf("version %d: half of it is read", version)
		}
	}
	answer, err := http.Get(registry.Address() + "/schemas/ids/2")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var schema struct{ Schema string }
	if err := json.NewDecoder(answer.Body).Decode(&schema); err != nil || schema.Schema != signUpSchema(2) {
		t.Errorf("%v: %s", err, schema.Schema)
	}
	for path, want := range map[string]string{"/schemas/ids/2/versions": `[{"subject":"users-value","version":2}]`, "/schemas/ids/99": "40403", "/subjects/users-value/versions/3": `"id":3`} {
		answer, err := http.Get(registry.Address() + path)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if !strings.Contains(string(text), want) {
			t.Errorf("%s: %s", path, text)
		}
	}
}

// TestEachVersionOfSignUpsBreaksTheOneBefore, or it would be no story.
func TestEachVersionOfSignUpsBreaksTheOneBefore(t *testing.T) {
	for version := 2; version <= mostSignUpVersions; version++ {
		before, err := avro.Parse(signUpSchema(version - 1))
		if err != nil {
			t.Fatal(err)
		}
		now, err := avro.Parse(signUpSchema(version))
		if err != nil {
			t.Fatal(err)
		}
		if changes := avro.Changes(before, now); len(changes) == 0 || !changes[0].Breaking || changes[0].Path != "payload.country" {
			t.Errorf("version %d: %+v", version, changes)
		}
	}
}

// TestWhoIsDeployedLastStandsForAWhile at each new version, and reads on then.
func TestWhoIsDeployedLastStandsForAWhile(t *testing.T) {
	var u signUps
	now := time.Unix(1000, 0)
	if got := u.next(false, true); got != 1 {
		t.Errorf("the first version is %d", got)
	}
	for version := 2; version < 5; version++ {
		if got := u.next(true, true); got != version {
			t.Fatalf("the new version is %d, not %d", got, version)
		}
		if behind, ahead := u.next(false, true), u.next(false, false); behind != version-1 || ahead != version {
			t.Errorf("after version %d, %d and %d are written", version, behind, ahead)
		}
		if left := u.wait(version-1, now); left != 0 {
			t.Errorf("the version before is waited for, %v", left)
		}
		if left := u.wait(version, now); left != deployed {
			t.Errorf("it waits for %v", left)
		}
		if left := u.wait(version, now.Add(deployed-time.Second)); left != time.Second {
			t.Errorf("it still waits for %v", left)
		}
		now = now.Add(deployed)
		for range 2 { // what was understood once stays so
			if left := u.wait(version, now); left != 0 {
				t.Errorf("it waits on, %v", left)
			}
		}
	}
}
