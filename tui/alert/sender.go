package alert

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"eventscope/tui/text"
)

// Ways are those of telling that need no program.
var Ways = []string{"bell", "osc9", "osc777"}

const (
	// mostText is the most cells of a notification.
	mostText = 160
	// runLimit is how long a program may take.
	runLimit = 10 * time.Second
	// secret is the variable that no program is given.
	secret = "EVENTSCOPE_PASSWORD"
)

// Sender is how a person is told.
type Sender struct {
	way     string // of Ways, or empty
	program string
	context string // of the config, or what else the screen is called
}

// NewSender is a way of telling: one of [Ways], or the path of a program. Context is what the
// screen is about. Its error is a clause.
func NewSender(way, context string) (*Sender, error) {
	s := &Sender{context: context}
	if slices.Contains(Ways, way) {
		s.way = way
		return s, nil
	}
	path, err := exec.LookPath(way)
	if err != nil {
		return nil, fmt.Errorf("it is one of %s, or a program, and no program of that name can be run", strings.Join(Ways, ", "))
	}
	s.program = path
	return s, nil
}

// plain is a text for a terminal or a program, of one line in which nothing can act.
func plain(s string) string {
	var c text.Cleaner
	return c.Cut(c.String(s), mostText).String()
}

// Sequence is what a terminal is written; empty where a program tells.
func (s *Sender) Sequence(n News) string {
	words := plain(s.context)
	if words != "" {
		words += ": "
	}
	words += plain(n.Sentence())
	switch s.way {
	case "bell":
		return "\a"
	case "osc9":
		return "\x1b]9;" + words + "\a"
	case "osc777": // whose fields end with semicolons
		return "\x1b]777;notify;eventscope;" + strings.ReplaceAll(words, ";", ",") + "\a"
	}
	return ""
}

// Run runs the program, if there is one, and waits for its end.
func (s *Sender) Run(ctx context.Context, n News) error {
	if s.program == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	command := exec.CommandContext(ctx, s.program)
	command.WaitDelay = time.Second
	command.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, secret+"=") })
	for _, fact := range [][2]string{
		{"KIND", string(n.Kind)}, {"TEXT", plain(n.Sentence())}, {"COUNT", strconv.FormatInt(n.Count, 10)},
		{"NAME", plain(n.Name)}, {"LAG", strconv.FormatInt(n.Lag, 10)}, {"CONTEXT", plain(s.context)},
	} {
		command.Env = append(command.Env, "EVENTSCOPE_"+fact[0]+"="+fact[1])
	}
	if err := command.Run(); err != nil {
		return fmt.Errorf("the program of --notify, %s: %w", s.program, err)
	}
	return nil
}
