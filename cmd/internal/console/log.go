package console

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"eventscope/adapters"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/output"
)

// Logged runs work with a log file open, to which is appended, or without one if path is empty.
func (c *Console) Logged(path string, work func() error) error {
	if path == "" {
		return work()
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return &adapters.Problem{Doing: "open the log", Cause: err.Error(), Remedy: "name a file that can be written with --log", Kind: adapters.ErrUsage}
	}
	c.Log = slog.New(slog.NewTextHandler(file, &slog.HandlerOptions{ReplaceAttr: c.masked}))
	err = work()
	c.logEnd(err)
	if closing := file.Close(); err == nil && closing != nil {
		return fmt.Errorf("cannot write the log %s: %w", path, closing)
	}
	return err
}

// logEnd writes into the log how a command ended. An end that somebody wished is no error.
func (c *Console) logEnd(err error) {
	switch code := exit.Code(err); {
	case err == nil, errors.Is(err, output.ErrClosed):
		c.Log.Info("ended")
	case code == exit.Interrupted:
		c.Log.Info("ended", "reason", "interrupted")
	case code == exit.NotFound:
		c.Log.Info("ended", "result", err)
	case code == exit.Partly:
		c.Log.Warn("ended", "result", err)
	default:
		c.Log.Error("ended", "error", err)
	}
}

// masked is what the log keeps of an attribute.
func (c *Console) masked(_ []string, attribute slog.Attr) slog.Attr {
	switch value := attribute.Value.Any().(type) {
	case string:
		attribute.Value = slog.StringValue(c.Mask.Replace(value))
	case error:
		attribute.Value = slog.StringValue(c.Mask.Replace(value.Error()))
	}
	return attribute
}
