package main

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"eventscope/adapters/driver"
	"eventscope/cmd/internal/output"
	"eventscope/tracing"
)

// traceCommand is the command line that prints a flow of this view, without any password.
func (v *view) traceCommand(p *program) func(id string) string {
	words := []string{"eventscope", "trace"}
	if p.flags.config != "" {
		words = append(words, "--config", p.flags.config)
	}
	var urls []string
	if v.settings.context != "" {
		words = append(words, "--context", v.settings.context)
	} else {
		for _, s := range v.settings.sources {
			urls = append(urls, s.WithoutSecrets().String())
		}
	}
	return func(id string) string {
		all := words
		if strings.HasPrefix(id, "-") { // it would be taken for a flag
			all = append(all[:len(all):len(all)], "--")
		}
		return driver.ShellWords(append(append(all[:len(all):len(all)], id), urls...)...)
	}
}

// mostJSON is how much of a flow's messages is written for the screen.
const mostJSON = 16 << 20

var errTooLarge = errors.New("its messages are too large; use eventscope trace -o json")

// limited is a buffer with an end.
type limited struct{ bytes.Buffer }

// Write implements [io.Writer].
func (l *limited) Write(b []byte) (int, error) {
	if l.Len()+len(b) > mostJSON {
		return 0, errTooLarge
	}
	return l.Buffer.Write(b)
}

// writeFlow is a flow as trace writes it, as JSON.
func (v *view) writeFlow(ctx context.Context, flow *tracing.Flow) ([]byte, error) {
	format, err := output.New(output.Options{Kind: "json"})
	if err != nil {
		return nil, err
	}
	var made limited
	writer := output.NewWriter(&made)
	result := output.Trace{Flow: flow, Rules: v.settings.rules, Messages: stepMessages(ctx, v.index.Store, flow.Steps)}
	if err := errors.Join(format.WriteTrace(writer, &result), writer.Flush()); err != nil {
		return nil, err
	}
	return made.Bytes(), ctx.Err()
}
