package tui

import (
	"slices"
	"strings"

	"eventscope/tui/text"
)

// action is what a key does.
type action uint8

const (
	none action = iota
	down
	up
	pageDown
	pageUp
	first
	last
	left
	right
	enter
	back
	quit
	interrupt
	help
	command
	filter
	nextMatch
	previousMatch
	mark
	pause
	follow
	view
	sortOrder
	trouble
	copyText
	save
	edit
	history
	foldAll
	otherPane
	peekInto
	replayLetters
	discardLetters
	restoreLetters
	editLetter
	showAll
	flowOf
	abortRun
	otherTarget
	claimedTarget
	letterOf
	tabKey // 1, 2, …: which tab is the key itself
)

// scope is a set of pages on which a key works.
type scope uint16

const (
	onStream scope = 1 << iota
	onFlows
	onFlow
	onEvent
	onDLQs
	onLetters
	onLetter
	onPlan
	onRun
	onJournal
	onSteps
	onLag
	onConsumer
	onTopology
	everywhere = onStream | onFlows | onFlow | onEvent | onLag | onConsumer | onTopology | onDLQs | onLetters | onLetter | onPlan | onRun | onJournal | onSteps
	onLists    = onStream | onFlows
	onValue    = onEvent | onLetter
)

// binding is one row of the keymap.
type binding struct {
	action action
	scope  scope
	keys   []string
	// short is for the footer, empty for keys that are not shown there; long for help
	// and README.
	short, long string
}

// keymap is every key there is. Its order is the order of footer, help and README.
var keymap = []binding{
	{enter, onStream, []string{"enter"}, "flow", "open the event's flow"},
	{enter, onFlows, []string{"enter"}, "open", "open the flow"},
	{enter, onFlow, []string{"enter"}, "event", "open the event"},
	{enter, onValue, []string{"enter"}, "fold", "fold or unfold"},
	{enter, onLag, []string{"enter"}, "partitions", "open the partitions of the group, or the queue"},
	{enter, onConsumer, []string{"enter"}, "next message", "the message that is to be read next: what is it stuck on?"},
	{enter, onTopology, []string{"enter"}, "stream", "the stream of the destination, or of the service"},
	{enter, onDLQs, []string{"enter"}, "letters", "open the letters; peek into a queue that was not read yet, after asking"},
	{enter, onLetters, []string{"enter"}, "letter", "open the letter"},
	{enter, onPlan, []string{"enter"}, "confirm", "confirm the plan, which asks for its number of letters"},
	{enter, onJournal | onRun, []string{"enter"}, "steps", "what the run did, step by step"},
	{enter, onSteps, []string{"enter"}, "", "the step in full"},
	{replayLetters, onDLQs | onLetters | onLetter, []string{"r"}, "replay", "plan to send the letter, the marked ones or all again"},
	{discardLetters, onDLQs | onLetters | onLetter, []string{"x"}, "discard", "plan to put them away, with a reason"},
	{restoreLetters, onLetters | onLetter, []string{"u"}, "", "plan to take a discard back"},
	{editLetter, onLetter, []string{"e"}, "edit", "change the body in $EDITOR and plan to send that"},
	{otherTarget, onPlan, []string{"t"}, "to", "name another destination for the letters of the plan"},
	{claimedTarget, onPlan, []string{"c"}, "claimed", "type the name of a destination that only letters speak for, so that they go there"},
	{flowOf, onLetters | onLetter, []string{"F"}, "flow", "the letter's flow"},
	{letterOf, onFlow | onEvent, []string{"D"}, "dead letter", "the dead letter, where it can be replayed or discarded"},
	{showAll, onDLQs | onLetters, []string{"a"}, "all", "letters that were dealt with, too"},
	{peekInto, onDLQs, []string{"L"}, "", "peek into the queue again, after asking"},
	{pause, onRun, []string{"p"}, "pause", "hold the run, or let it go on"},
	{abortRun, onRun, []string{"A"}, "abort", "end the run after the window in hand; the rest stays open"},
	{view, onStream, []string{"v"}, "value", "open the event itself"},
	{view, onFlow, []string{"v"}, "lanes", "timeline or lanes"},
	{view, onTopology, []string{"v"}, "by service", "by destination or by service"},
	{view, onValue, []string{"v"}, "tree/raw/hex", "value as tree, raw or hexadecimal"},
	{filter, onLists | onLetters, []string{"/"}, "filter", "filter by words or an expression"},
	{filter, onValue, []string{"/"}, "find", "find in the value"},
	{filter, onLag | onTopology, []string{"/"}, "filter", "filter by words"},
	{nextMatch, onLists | onValue, []string{"n"}, "", "next match"},
	{previousMatch, onLists | onValue, []string{"N"}, "", "previous match"},
	{pause, onLists, []string{"p"}, "pause", "hold still, or go on"},
	{follow, onLists, []string{"f"}, "", "follow what is new"},
	{sortOrder, onFlows | onLag, []string{"s"}, "sort", "next order"},
	{trouble, onFlows, []string{"!"}, "trouble", "only failed, stuck and late flows"},
	{history, onFlow, []string{"b"}, "before", "look for earlier events in the brokers"},
	{mark, onLists, []string{"space"}, "mark", "mark; y copies what is marked"},
	{mark, onLetters, []string{"space"}, "mark", "mark; r, x and u are then for the marked ones"},
	{copyText, onLists, []string{"y"}, "", "copy the flow id, or the marked ones"},
	{copyText, onFlow, []string{"y"}, "copy", "copy the flow id"},
	{copyText, onValue, []string{"y"}, "copy", "copy the value"},
	{copyText, onTopology, []string{"y"}, "copy Mermaid", "copy the map as a Mermaid diagram"},
	{copyText, onLetters, []string{"y"}, "", "copy the position"},
	{copyText, onJournal | onSteps, []string{"y"}, "copy", "copy the run's name"},
	{save, onValue, []string{"w"}, "save", "write the value to a file"},
	{save, onTopology, []string{"w"}, "save", "save the map as a Mermaid diagram, topology.mmd"},
	{edit, onEvent, []string{"e"}, "edit", "open a copy of the value in $EDITOR"},
	{foldAll, onValue, []string{"o"}, "", "fold or unfold everything"},
	{otherPane, onValue, []string{"tab"}, "pane", "go to facts or value"},
	{left, onFlow | onValue, []string{"h", "left"}, "", "scroll to the left"},
	{right, onFlow | onValue, []string{"l", "right"}, "", "scroll to the right"},
	{down, everywhere, []string{"j", "down"}, "", "one row down"},
	{up, everywhere, []string{"k", "up"}, "", "one row up"},
	{pageDown, everywhere, []string{"ctrl+d", "pgdown", "ctrl+f"}, "", "half a page down"},
	{pageUp, everywhere, []string{"ctrl+u", "pgup", "ctrl+b"}, "", "half a page up"},
	{first, everywhere, []string{"g", "home"}, "", "to the first row"},
	{last, everywhere, []string{"G", "end"}, "", "to the last row; in the stream, follow"},
	{back, everywhere, []string{"esc"}, "back", "back: close, clear, or the page before; never quits"},
	{command, everywhere, []string{":"}, "command", "command line, tab completes"},
	{help, everywhere, []string{"?"}, "help", "the keys of this page"},
	{tabKey, everywhere, []string{"1", "2", "3", "4", "5", "6"}, "", "the pages by number"},
	{quit, everywhere, []string{"q"}, "", "back; on a first page, quit"},
	{interrupt, everywhere, []string{"ctrl+c"}, "", "quit at once"},
}

// find is the binding of a key on a page, or nil.
func find(on scope, key string) *binding {
	for i := range keymap {
		if b := &keymap[i]; b.scope&on != 0 && slices.Contains(b.keys, key) {
			return b
		}
	}
	return nil
}

// bindings are those of one page, in order.
func bindings(on scope) []binding {
	var list []binding
	for _, b := range keymap {
		if b.scope&on != 0 {
			list = append(list, b)
		}
	}
	return list
}

// keyName is a key as the footer and help write it.
func keyName(key string, enter text.Safe) text.Safe {
	if key == "enter" {
		return enter
	}
	return text.Cleaner{}.String(key)
}

// pageNames name the scopes in help and in the README's table, in order.
var pageNames = []struct {
	scope scope
	name  string
}{{onStream, "Stream"}, {onFlows, "Flows"}, {onFlow, "Flow"}, {onEvent, "Event"},
	{onLag, "Lag"}, {onConsumer, "Partitions"}, {onTopology, "Topology"},
	{onDLQs, "Dead letters"}, {onLetters, "Letters"}, {onLetter, "Letter"}, {onPlan, "Plan"}, {onRun, "Run"}, {onJournal, "Journal"}, {onSteps, "Steps"}}

// pageName is the name of one page.
func pageName(on scope) string {
	for _, p := range pageNames {
		if p.scope == on {
			return p.name
		}
	}
	return ""
}

// KeyTable is the keymap as a Markdown table, for the README.
func KeyTable() string {
	var b strings.Builder
	b.WriteString("| Key | On | Does |\n| --- | --- | --- |\n")
	for _, k := range keymap {
		keys := make([]string, len(k.keys))
		for i, key := range k.keys {
			keys[i] = "`" + key + "`"
		}
		on := "everywhere"
		if k.scope != everywhere {
			var names []string
			for _, p := range pageNames {
				if k.scope&p.scope != 0 {
					names = append(names, p.name)
				}
			}
			on = strings.Join(names, ", ")
		}
		b.WriteString("| " + strings.Join(keys, " ") + " | " + on + " | " + k.long + " |\n")
	}
	return b.String()
}
