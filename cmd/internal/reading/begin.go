package reading

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"eventscope/adapters"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/spelling"
	"eventscope/tui/text"
)

// Begin is --from and --since, which say the same: where reading begins.
type Begin struct{ From, Since string }

// Add adds the flags to a command, with what is usual without them.
func (b *Begin) Add(cmd *cobra.Command, usual string) {
	cmd.Flags().StringVar(&b.From, "from", "", "where to begin: beginning, end, an age such as -10m, or a time such as 2026-01-31T09:30:00Z\n(default "+usual+")")
	cmd.Flags().StringVar(&b.Since, "since", "", "the same as --from, where an age may be written without its sign, as in 1h")
	_ = cmd.RegisterFlagCompletionFunc("from", cobra.FixedCompletions([]string{"beginning", "end", "-10m", "-1h"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("since", cobra.FixedCompletions([]string{"10m", "1h", "24h", "beginning"}, cobra.ShellCompDirectiveNoFileComp))
}

// Start is where to begin, usual if nothing is said.
func (b Begin) Start(usual adapters.Start) (adapters.Start, error) {
	switch {
	case b.From != "" && b.Since != "":
		return usual, exit.Usage("--from and --since say the same; give one of them")
	case b.From != "":
		return b.read("--from", b.From, false)
	case b.Since != "":
		return b.read("--since", b.Since, true)
	}
	return usual, nil
}

// read reads a start. What could be meant in two ways is refused with both of them.
func (Begin) read(flag, value string, unsigned bool) (adapters.Start, error) {
	age, err := time.ParseDuration(value)
	switch _, notNumber := strconv.ParseFloat(value, 64); {
	case err == nil && age == 0:
		return adapters.Start{}, exit.Usage("%s %s: write %s beginning, %s end, or an age such as %s -10m", flag, value, flag, flag, flag)
	case err == nil && age > 0 && !unsigned:
		return adapters.Start{}, exit.Usage("--from %s: for that long ago write --from -%s, or --since %s", value, value, value)
	case err == nil && age > 0:
		return adapters.Ago(age), nil
	case notNumber == nil:
		return adapters.Start{}, exit.Usage("%s %s: an age has a unit, such as %s -10m or %s -2h", flag, value, flag, flag)
	}
	start, err := adapters.ParseStart(value)
	if err == nil {
		return start, nil
	}
	if guess := spelling.Nearest(value, []string{"beginning", "end"}); guess != "" {
		return start, exit.Usage("%s %q: did you mean %s?", flag, value, guess)
	}
	return start, exit.Usage("%s: %w", flag, err)
}

// History says in words what part of history begins there.
func History(start adapters.Start, now time.Time) string {
	if start.IsBeginning() {
		return "the whole history"
	}
	at, _ := start.Time(now)
	if age := now.Sub(at); adapters.Ago(age) == start {
		return "the last " + text.Span(age).String()
	}
	return "what came since " + at.Format(time.RFC3339)
}
