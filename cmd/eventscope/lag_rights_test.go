package main

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"eventscope/cmd/internal/exit"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"
)

// observedBy is a cluster with topics open and closed, and a group that has committed on open,
// as a user sees it who may only do what acls say.
func observedBy(t *testing.T, acls ...kfake.ACL) (url string) {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.EnableACLs(), kfake.SeedTopics(1, "open", "closed"),
		kfake.Superuser("PLAIN", "admin", "admin"), kfake.User("PLAIN", "observer", "secret", acls...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	address := cluster.ListenAddrs()[0]
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.SASL(plain.Auth{User: "admin", Pass: "admin"}.AsMechanism()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, topic := range []string{"open", "closed"} {
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte(`{"type":"OrderPlaced"}`)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	offsets := make(kadm.Offsets)
	offsets.AddOffset("open", 0, 0, -1)
	if err := kadm.NewClient(client).CommitAllOffsets(t.Context(), "billing", offsets); err != nil {
		t.Fatal(err)
	}
	return "kafka://observer@" + address
}

func allowed(kind kmsg.ACLResourceType, name string, operation kmsg.ACLOperation) kfake.ACL {
	return kfake.ACL{Resource: kind, Name: name, Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: operation, Allow: true}
}

// TestRightsThatALookAtConsumersLacks: one sentence names the right, and the exit code says
// that the result is not whole.
func TestRightsThatALookAtConsumersLacks(t *testing.T) {
	t.Parallel()
	topics, groups, whole := kmsg.ACLResourceTypeTopic, kmsg.ACLResourceTypeGroup, kmsg.ACLResourceTypeCluster
	const describe, read = kmsg.ACLOperationDescribe, kmsg.ACLOperationRead
	all := []kfake.ACL{allowed(topics, "*", read), allowed(groups, "*", describe), allowed(whole, "kafka-cluster", describe)}
	for name, test := range map[string]struct {
		acls  []kfake.ACL
		topic string
		code  int
		says  string
	}{
		"none":          {all, "", exit.Done, ""},
		"some topics":   {append([]kfake.ACL{allowed(topics, "open", read)}, all[1:]...), "", exit.Partly, "only topics that user \"observer\" may describe are counted; have Describe granted on all topics, or name topics"},
		"a named topic": {append([]kfake.ACL{allowed(topics, "open", read)}, all[1:]...), "/open", exit.Done, ""},
		"one of two":    {append([]kfake.ACL{allowed(topics, "open", read)}, all[1:]...), "/open,closed", exit.Partly, "cannot read kafka topic \"closed\""},
		"groups":        {all[:2], "", exit.Partly, "those that user \"observer\" may not describe are not listed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := observedBy(t, test.acls...) + test.topic
			for _, arguments := range [][]string{{"lag", url}, {"topology", url, "--exit"}} {
				command := process(t, append(arguments, "-o", "json")...)
				command.Env = append(command.Environ(), "EVENTSCOPE_PASSWORD=secret")
				var said strings.Builder
				command.Stderr = &said
				out, err := command.Output()
				if err != nil && !errors.As(err, new(*exec.ExitError)) {
					t.Fatal(err)
				}
				if code := command.ProcessState.ExitCode(); code != test.code || (said.Len() == 0) != (test.says == "") || strings.Count(said.String(), test.says) != 1 && test.says != "" {
					t.Errorf("%s: exit code %d, want %d\n%s%s", arguments[0], code, test.code, out, said.String())
				}
				if !strings.Contains(string(out), `"billing"`) {
					t.Errorf("%s does not tell of the group:\n%s", arguments[0], out)
				}
			}
		})
	}
}

// TestRightsThatAPeekAtDeadLettersLacks: the topic that may not be read is named, and a letter in
// it is never called absent.
func TestRightsThatAPeekAtDeadLettersLacks(t *testing.T) {
	t.Parallel()
	url := observedBy(t, allowed(kmsg.ACLResourceTypeTopic, "open", kmsg.ACLOperationRead), allowed(kmsg.ACLResourceTypeTopic, "eventscope.ledger", kmsg.ACLOperationRead))
	for _, c := range []struct {
		arguments []string
		code      int
		says      string
	}{
		{[]string{"list", url + "/open,closed"}, exit.Partly, `"closed"`},
		{[]string{"groups", url + "/open,closed"}, exit.Partly, `"closed"`},
		{[]string{"plan", url + "/open,closed"}, exit.Partly, `"closed"`},
		{[]string{"show", "closed/0@0", url + "/open,closed"}, exit.Failed, `"closed"`},
		{[]string{"show", "closed/0@0", url + "/closed"}, exit.Failed, `"closed"`},
	} {
		command := process(t, append([]string{"dlq"}, c.arguments...)...)
		command.Env = append(command.Environ(), "EVENTSCOPE_PASSWORD=secret", "XDG_STATE_HOME="+t.TempDir())
		var said strings.Builder
		command.Stderr = &said
		out, err := command.Output()
		if err != nil && !errors.As(err, new(*exec.ExitError)) {
			t.Fatal(err)
		}
		if code := command.ProcessState.ExitCode(); code != c.code || !strings.Contains(said.String(), c.says) || strings.Contains(said.String(), "there is no") {
			t.Errorf("%q: exit code %d, want %d\n%s%s", c.arguments, code, c.code, out, said.String())
		}
	}
}
