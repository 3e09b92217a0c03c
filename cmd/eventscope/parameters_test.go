package main

import (
	"slices"
	"strings"
	"testing"
)

// TestURLsComplete: a shell completes schemes, and behind the question mark the parameters of
// that broker alone.
func TestURLsComplete(t *testing.T) {
	for begun, want := range map[string]string{
		"":                          "kafka:// kafkas:// amqp:// amqps:// sqs:// sns:// servicebus:// sb://",
		"kaf":                       "kafka:// kafkas://",
		"kafka://h/orders":          "",
		"kafka://h/orders?com":      "kafka://h/orders?committed=",
		"AMQP://h/?tap=a:b&man":     "AMQP://h/?tap=a:b&management= AMQP://h/?tap=a:b&management_password_file=",
		"amqp://h/?queue=q&comm":    "",
		"kafkas://h?ca=/a.pem&serv": "kafkas://h?ca=/a.pem&server_name=",
		"mqtt://h?":                 "",
	} {
		words := brokers.Complete(begun)
		for i := range words {
			words[i], _, _ = strings.Cut(words[i], "\t")
		}
		if got := strings.Join(words, " "); got != want {
			t.Errorf("%q: %q, want %q", begun, got, want)
		}
	}
}

// TestEveryParameterIsExplained: help says of each what it does.
func TestEveryParameterIsExplained(t *testing.T) {
	help := brokers.Help()
	for _, p := range brokers.Parameters() {
		if !strings.Contains(help, "\n  "+p.Name+"=") || p.Says == "" || p.Value == "" || strings.HasSuffix(p.Says, ".") {
			t.Errorf("%s=%s: %q", p.Name, p.Value, p.Says)
		}
	}
	for _, command := range newProgram(nil, nil, nil, func(string) string { return "" }).root().Commands() {
		if takes := strings.Contains(command.Use, "URL"); takes != (command.ValidArgsFunction != nil) && !slices.Contains([]string{"completion", "help"}, command.Name()) {
			t.Errorf("%s: completes %v", command.Use, !takes)
		}
	}
}
