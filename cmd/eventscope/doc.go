// Command eventscope is a terminal observatory for event-driven systems, whatever brokers they
// run on: see brokers.go.
//
// This is the only package that knows every part: it reads flags and config, opens the
// adapters, and connects them with the store, the screen and the output.
//
// # Owner and concurrency
//
// A program is one invocation. Each source is read by a goroutine of its own; one
// goroutine prints, and it alone owns the output. Everything ends with the context,
// which a signal, --for, --limit or a closed pipe cancels with the reason as its cause.
//
// # What may be lost
//
// Nothing silently. A source that fails while others go on is said on standard error at
// once and makes the exit code 5; what a source reports as dropped or missed is said
// there, too.
//
// # Files
//
//	main.go       the process: signals, exit
//	program.go    one invocation: flags for all commands, the root command
//	brokers.go    the brokers that there are
//	sources.go    flags, environment and config -> settings, with what each source shares
//	takealong.go  a flow of the screen as a command and as JSON
//	contexts.go   from one context of the config to another, on the screen
//	suggest.go    what was probably meant, and what may be completed
//	screen.go     the screen; start.go: what it asks when nothing says what to look at
//	man.go        the manual page
//	tail.go flows.go topology.go config.go version.go   the commands of that name
//	lag.go        lag: rounds and their output; laground.go: one round over the sources
//	lagwatch.go   lag --watch
//	schemas.go    schemas, and its show; schemasdiff.go: its diff
//	dlq.go        dlq; dlqletters.go: which letters are meant; dlqlist.go: its commands that look;
//	              dlqplan.go: plan, and --to; dlqrun.go: those that write
//	trace.go      trace; follow.go: its --follow; compare.go: compare, which searches for two
//	demo.go       demo; summary.go: what it prints without a screen
//
// What several commands need is below cmd/internal: exit (codes), console (streams and log),
// reading (several sources, with an end), help, budget (memory), source (URLs), output (lines).
//
// # Not obvious
//
// Brokers are opened behind the screen, so that it shows at once; the other commands
// open first, since they have nothing to show.
//
// A command's error does not reach cobra, whose own errors are all about the command line;
// program.run prints both.
package main
