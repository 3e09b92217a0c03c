package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"eventscope/replay"
)

// sqsOfOneLetter answers as SQS with two queues, orders and orders-dlq, of which one has a letter.
func sqsOfOneLetter(t *testing.T) (url string) {
	t.Helper()
	taken := false
	const queues, arns = "https://sqs.us-east-1.amazonaws.com/111122223333/", "arn:aws:sqs:us-east-1:111122223333:"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ QueueName, QueueUrl string }
		text, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(text, &asked)
		name := asked.QueueUrl[strings.LastIndexByte(asked.QueueUrl, '/')+1:]
		var answer any
		switch _, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), "."); action {
		case "GetQueueUrl":
			answer = map[string]any{"QueueUrl": queues + asked.QueueName}
		case "GetQueueAttributes":
			count := map[bool]string{true: "1", false: "0"}[name == "orders-dlq"]
			answer = map[string]any{"Attributes": map[string]string{"QueueArn": arns + name, "ApproximateNumberOfMessages": count, "ApproximateNumberOfMessagesNotVisible": "0"}}
		case "ListDeadLetterSourceQueues":
			answer = map[string]any{"queueUrls": []string{queues + "orders"}}
		case "ReceiveMessage":
			answer = map[string]any{}
			if !taken {
				answer = map[string]any{"Messages": []any{map[string]any{"MessageId": "1", "ReceiptHandle": "r", "Body": "a", "MD5OfBody": "0cc175b9c0f1b6a831c399e269772661"}}}
			}
			taken = true
		case "ChangeMessageVisibilityBatch":
			taken, answer = false, map[string]any{"Successful": []any{}, "Failed": []any{}}
		default:
			answer = map[string]any{}
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// ran is what a command line prints.
func ran(t *testing.T, environment map[string]string, args ...string) (out, said string, code int) {
	t.Helper()
	folder := t.TempDir()
	var files []*os.File
	for _, name := range []string{"in", "out", "said"} {
		file, err := os.Create(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		files = append(files, file)
	}
	p := newProgram(files[0], files[1], files[2], func(name string) string { return environment[name] })
	code = p.run(t.Context(), args)
	printed, err := os.ReadFile(files[1].Name())
	if err != nil {
		t.Fatal(err)
	}
	told, err := os.ReadFile(files[2].Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(printed), string(told), code
}

// TestWhatIsCopiedInPlaceOfAURLIsOneOnlyWhereURLsAre: an ARN is also a reason, or an id. As --to of the
// same account it is a queue of it, so that a redrive sends there.
func TestWhatIsCopiedInPlaceOfAURLIsOneOnlyWhereURLsAre(t *testing.T) {
	endpoint := sqsOfOneLetter(t)
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": endpoint, "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull} {
		t.Setenv(name, value)
	}
	const source, arn = "arn:aws:sqs:us-east-1:111122223333:orders-dlq", "arn:aws:sqs:us-east-1:111122223333:orders"
	environment := map[string]string{"XDG_CONFIG_HOME": t.TempDir(), "XDG_STATE_HOME": t.TempDir(), "HOME": t.TempDir()}
	for to, want := range map[string]string{
		arn: "", "https://sqs.us-east-1.amazonaws.com/111122223333/orders": "", "orders": "",
		"arn:aws:sqs:us-east-1:999900009999:orders": "sqs://us-east-1/", "sqs://us-east-1/orders": "sqs://us-east-1/",
	} {
		d := &dlq{program: newProgram(os.Stdin, os.Stdout, os.Stderr, func(name string) string { return environment[name] })}
		d.to = to
		plan, err := d.makePlan(t.Context(), replay.Replay, []string{source})
		if d.close(); err != nil || len(plan.Parts) != 1 || plan.Count() != 1 {
			t.Fatalf("%s: %v", to, err)
		}
		part := &plan.Parts[0]
		if got := part.ThroughURL; (got == "") != (want == "") || !strings.HasPrefix(got, want) || part.Letters[0].To != "orders" {
			t.Errorf("%s is %s, sent through %q", to, part.Letters[0].To, got)
		}
	}
	out, said, code := ran(t, environment, "dlq", "discard", source, "--reason", arn, "--write", "--confirm", "1", "--config", os.DevNull)
	journal, _ := os.ReadFile(filepath.Join(environment["XDG_STATE_HOME"], "eventscope", "journal.jsonl"))
	if !strings.Contains(string(journal), arn) || strings.Contains(string(journal), "account=") {
		t.Errorf("%d: %s%s; the reason: %s", code, out, said, journal)
	}
	p := newProgram(nil, nil, nil, func(string) string { return "" })
	if err := (&trace{program: p}).arguments([]string{arn}); err != nil {
		t.Errorf("an ARN is no id: %v", err)
	}
}
