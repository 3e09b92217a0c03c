package keymap

import (
	"slices"
	"strings"

	"eventscope/tui/text"
)

// Action is what a key does.
type Action uint8

// The actions, by what most pages do with them. What each does on which page is told by the
// list of bindings.
const (
	none Action = iota
	Down
	Up
	PageDown
	PageUp
	First
	Last
	Left
	Right
	Enter
	Back
	Quit
	Interrupt
	Help
	Command
	Filter
	NextMatch
	PreviousMatch
	Mark
	Pause
	Follow
	View
	SortOrder
	ReverseSort
	Trouble
	CopyText
	CopyAs
	Save
	Edit
	History
	FoldAll
	OtherPane
	PeekInto
	ReplayLetters
	DiscardLetters
	RestoreLetters
	EditLetter
	ShowAll
	FlowOf
	AbortRun
	OtherTarget
	ClaimedTarget
	LetterOf
	Earlier
	Later
	NextEvent
	PreviousEvent
	Preview
	PreviewDown
	PreviewUp
	Compare
	NextMessage
	TabKey // 1, 2, …: which tab is the key itself
)

// Scope is a set of pages on which a key works.
type Scope uint32

// The pages, each a scope of its own.
const (
	OnStream Scope = 1 << iota
	OnFlows
	OnFlow
	OnEvent
	OnDLQs
	OnLetters
	OnLetter
	OnPlan
	OnRun
	OnJournal
	OnSteps
	OnLag
	OnConsumer
	OnTopology
	OnSchemas
	OnVersion
	OnCompare

	everywhere = OnStream | OnFlows | OnFlow | OnEvent | OnLag | OnConsumer | OnTopology | OnSchemas | OnVersion | OnDLQs | OnLetters | OnLetter | OnPlan | OnRun | OnJournal | OnSteps | OnCompare
	onLists    = OnStream | OnFlows
	onSorted   = OnFlows | OnLag | OnLetters | OnJournal
	onValue    = OnEvent | OnLetter
)

// Binding is one row of the keymap.
type Binding struct {
	Action Action
	scope  Scope
	Keys   []string // as Bubble Tea names them, the first one for the footer
	short  string   // for the footer, empty for keys that are not shown there
	Long   string   // for help and manual
}

// Hint is what the footer says of a key where that does not depend on the page.
func (b *Binding) Hint() text.Safe { return text.Cleaner{}.String(b.short) }

// Everywhere reports whether a key works on every page.
func (b *Binding) Everywhere() bool { return b.scope == everywhere }

// all is every key there is. Its order is the order of footer, help and manual.
var all = []Binding{
	{Enter, OnStream, []string{"enter"}, "flow", "open the event's flow"},
	{Enter, OnFlows, []string{"enter"}, "open", "open the flow"},
	{Enter, OnFlow, []string{"enter"}, "event", "open the event"},
	{Enter, onValue, []string{"enter"}, "fold", "fold or unfold"},
	{Enter, OnLag, []string{"enter"}, "partitions", "open the partitions of the group, or the queue"},
	{NextMessage, OnLag, []string{"m"}, "next message", "the next message of its worst partition: what is it stuck on?"},
	{Enter, OnConsumer, []string{"enter"}, "next message", "the next message to be read: what is it stuck on?"},
	{Enter, OnTopology, []string{"enter"}, "stream", "the stream of the destination, or of the service"},
	{Enter, OnSchemas, []string{"enter"}, "version", "open the version: what changed, and for whom it broke"},
	{Enter, OnVersion, []string{"enter"}, "stream", "the stream of its events"},
	{Enter, OnDLQs, []string{"enter"}, "letters", "open the letters; peek into a queue that was not read yet, after asking"},
	{Enter, OnLetters, []string{"enter"}, "letter", "open the letter"},
	{Enter, OnPlan, []string{"enter"}, "confirm", "confirm the plan, which asks for its number of letters"},
	{Enter, OnJournal | OnRun, []string{"enter"}, "steps", "what the run did, step by step"},
	{Enter, OnSteps, []string{"enter"}, "", "the step in full"},
	{Enter, OnCompare, []string{"enter"}, "differences", "what differs in the step; a long value in full"},
	{ReplayLetters, OnDLQs | OnLetters | OnLetter, []string{"r"}, "replay", "plan a replay of the letter, the marked ones or all"},
	{DiscardLetters, OnDLQs | OnLetters | OnLetter, []string{"x"}, "discard", "plan a discard, with a reason"},
	{RestoreLetters, OnLetters | OnLetter, []string{"u"}, "", "plan to undo a discard"},
	{RestoreLetters, OnRun | OnJournal, []string{"u"}, "undo", "plan to undo the discard, for all its letters"},
	{EditLetter, OnLetter, []string{"e"}, "edit", "change the body in $EDITOR and plan to send that"},
	{OtherTarget, OnPlan, []string{"t"}, "target", "change the target of the plan"},
	{ClaimedTarget, OnPlan, []string{"c"}, "claimed", "confirm a target that only the letters name, by typing it"},
	{FlowOf, OnLetters | OnLetter, []string{"F"}, "flow", "the letter's flow"},
	{LetterOf, OnFlow | OnEvent, []string{"D"}, "dead letter", "the dead letter, where it can be replayed or discarded"},
	{ShowAll, OnDLQs | OnLetters, []string{"a"}, "resolved", "also show resolved letters"},
	{PeekInto, OnDLQs, []string{"L"}, "", "peek into the queue again, after asking"},
	{Pause, OnRun, []string{"p"}, "pause", "pause / resume the run"},
	{AbortRun, OnRun, []string{"A"}, "abort", "end the run after the current window; the rest stays open"},
	{View, OnStream, []string{"v"}, "value", "open the event itself"},
	{View, OnFlow, []string{"v"}, "lanes", "timeline or lanes"},
	{View, OnTopology, []string{"v"}, "by destination", "as a tree, by destination or by service"},
	{View, OnSchemas, []string{"v"}, "stream", "the stream of its events"},
	{View, onValue, []string{"v"}, "tree/raw/hex", "value as tree, raw or hexadecimal"},
	{Filter, onLists | OnLetters, []string{"/"}, "filter", "filter by words or an expression"},
	{Filter, onValue, []string{"/"}, "find", "find in the value"},
	{Filter, OnLag | OnTopology | OnSchemas, []string{"/"}, "filter", "filter by words"},
	{NextMatch, onLists | onValue, []string{"n"}, "", "next match"},
	{PreviousMatch, onLists | onValue, []string{"N"}, "", "previous match"},
	{Pause, onLists, []string{"p"}, "pause", "pause / resume"},
	{Follow, onLists, []string{"f"}, "", "follow what is new"},
	{Earlier, onLists, []string{"["}, "", "read again from further back"},
	{Later, onLists, []string{"]"}, "", "read again from less far back"},
	{SortOrder, onSorted, []string{"s"}, "sort", "sort by the next column"},
	{ReverseSort, onSorted, []string{"S"}, "", "sort the other way round"},
	{Trouble, OnFlows, []string{"!"}, "trouble", "only failed, stuck and late flows"},
	{History, OnFlow, []string{"b"}, "look back", "look further back in the brokers"},
	{Mark, onLists, []string{"space"}, "mark", "mark; y copies what is marked"},
	{Mark, OnLetters, []string{"space"}, "mark", "mark; r, x and u are then for the marked ones"},
	{CopyText, onLists, []string{"y"}, "", "copy the flow id, or the marked ones"},
	{CopyText, OnFlow, []string{"y"}, "copy", "copy the flow id"},
	{CopyText, onValue, []string{"y"}, "copy", "copy the value"},
	{CopyText, OnTopology, []string{"y"}, "copy Mermaid", "copy the map as a Mermaid diagram"},
	{CopyText, OnVersion, []string{"y"}, "copy", "copy what the page says"},
	{CopyText, OnLetters, []string{"y"}, "", "copy the position"},
	{CopyText, OnJournal | OnSteps, []string{"y"}, "copy", "copy the run's name"},
	{CopyAs, onLists | OnFlow | OnEvent, []string{"Y"}, "", "copy the flow or the event in another form: a ticket, a diagram, a command"},
	{CopyText, OnCompare, []string{"y"}, "copy", "copy what differs"},
	{Compare, onLists | OnFlow | onValue | OnLetters, []string{"="}, "", "compare: = here, = on another"},
	{Save, onValue, []string{"w"}, "save", "write the value to a file"},
	{Save, OnTopology, []string{"w"}, "save", "save the map as a Mermaid diagram, topology.mmd"},
	{Edit, OnEvent, []string{"e"}, "edit", "open a copy of the value in $EDITOR"},
	{FoldAll, onValue | OnTopology, []string{"o"}, "", "fold or unfold everything"},
	{Left, OnTopology, []string{"h", "left"}, "", "fold the row of the tree away, or go to the one that it hangs below"},
	{Right, OnTopology, []string{"l", "right"}, "", "unfold the row of the tree"},
	{OtherPane, onValue, []string{"tab"}, "pane", "go to facts or value"},
	{NextEvent, OnEvent, []string{"J"}, "next", "the next event of the list that it was opened from"},
	{PreviousEvent, OnEvent, []string{"K"}, "", "the event before it in that list"},
	{NextEvent, OnLetter, []string{"J"}, "next", "the next letter of the list"},
	{PreviousEvent, OnLetter, []string{"K"}, "", "the letter before it in the list"},
	{Preview, OnStream | OnFlow, []string{"tab"}, "preview", "show or hide the event under the cursor"},
	{PreviewDown, OnStream | OnFlow, []string{"J"}, "", "scroll the event that is shown"},
	{PreviewUp, OnStream | OnFlow, []string{"K"}, "", "scroll it back"},
	{Left, OnFlow | onValue, []string{"h", "left"}, "", "scroll to the left"},
	{Right, OnFlow | onValue, []string{"l", "right"}, "", "scroll to the right"},
	{Down, everywhere, []string{"j", "down"}, "", "one row down"},
	{Up, everywhere, []string{"k", "up"}, "", "one row up"},
	{PageDown, everywhere, []string{"ctrl+d", "pgdown", "ctrl+f"}, "", "half a page down"},
	{PageUp, everywhere, []string{"ctrl+u", "pgup", "ctrl+b"}, "", "half a page up"},
	{First, everywhere, []string{"g", "home"}, "", "to the first row"},
	{Last, everywhere, []string{"G", "end"}, "", "to the last row; in the stream, follow"},
	{Back, everywhere, []string{"esc"}, "back", "back (never quits)"},
	{Command, everywhere, []string{":"}, "command", "command line, tab completes"},
	{Help, everywhere, []string{"?"}, "help", "the keys of this page"},
	{TabKey, everywhere, []string{"1", "2", "3", "4", "5", "6", "7"}, "", "the pages by number"},
	{Quit, everywhere, []string{"q"}, "", "back; on a first page, quit"},
	{Interrupt, everywhere, []string{"ctrl+c"}, "", "quit at once"},
}

// Find is the binding of a key on a page, or nil.
func Find(on Scope, key string) *Binding {
	for i := range all {
		if b := &all[i]; b.scope&on != 0 && slices.Contains(b.Keys, key) {
			return b
		}
	}
	return nil
}

// On is the keys of one page, in order.
func On(on Scope) []Binding {
	var list []Binding
	for _, b := range all {
		if b.scope&on != 0 {
			list = append(list, b)
		}
	}
	return list
}

// KeyName is a key as the footer and help write it.
func KeyName(key string, enter text.Safe) text.Safe {
	if key == "enter" {
		return enter
	}
	return text.Cleaner{}.String(key)
}

// Pages name the scopes in help and in the manual's table, in order.
var Pages = []struct {
	Scope Scope
	Name  string
}{{OnStream, "Stream"}, {OnFlows, "Flows"}, {OnFlow, "Flow"}, {OnEvent, "Event"},
	{OnLag, "Lag"}, {OnConsumer, "Partitions"}, {OnTopology, "Topology"}, {OnSchemas, "Schemas"}, {OnVersion, "Version"},
	{OnCompare, "Compare"},
	{OnDLQs, "Dead letters"}, {OnLetters, "Letters"}, {OnLetter, "Letter"}, {OnPlan, "Plan"}, {OnRun, "Run"}, {OnJournal, "Journal"}, {OnSteps, "Steps"}}

// PageName is the name of one page.
func PageName(on Scope) string {
	for _, p := range Pages {
		if p.Scope == on {
			return p.Name
		}
	}
	return ""
}

// Table is the keymap as a Markdown table, for the manual.
func Table() string {
	var b strings.Builder
	b.WriteString("| Key | On | Does |\n| --- | --- | --- |\n")
	for _, k := range all {
		keys := make([]string, len(k.Keys))
		for i, key := range k.Keys {
			keys[i] = "`" + key + "`"
		}
		b.WriteString("| " + strings.Join(keys, " ") + " | " + k.on() + " | " + k.Long + " |\n")
	}
	return b.String()
}

// on names the pages of a key.
func (b *Binding) on() string {
	if b.scope == everywhere {
		return "everywhere"
	}
	var names []string
	for _, p := range Pages {
		if b.scope&p.Scope != 0 {
			names = append(names, p.Name)
		}
	}
	return strings.Join(names, ", ")
}
