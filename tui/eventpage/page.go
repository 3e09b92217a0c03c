package eventpage

import (
	"context"
	"slices"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/adapters/payload"
	"eventscope/tracing"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// Page is one event: what is known of it, and its value. It keeps what it shows,
// also when the event leaves the index.
type Page struct {
	*Config
	page.Question
	event tracing.Event
	read  *read     // nil until the message was read again
	load  Load      // how the message is read
	about text.Safe // what is waited for meanwhile
	asked bool
	// readFrom is when the message is read at the earliest.
	readFrom time.Time
	list     List          // that it was opened from, or nil
	onward   int           // by how many events of that one is on the way
	next     page.Question // for the next of them
	leading  int           // how many of the facts were put before those of the event
	facts    []Fact
	views    []valueView // of the value: tree, raw, hexadecimal; those there are
	view     int
	// preferred is the view that was chosen for an event before this one.
	preferred text.Safe
	onFact    bool // the facts have the focus, not the value
	preview   bool // nothing has the focus: this is beside a list

	factsAt, valueAt widget.Cursor
	valueTop         int // row of the page where the value begins
	factsHeight      int
	factsWidth       int // cells of the page that they take
	factsWide        int // cells that the widest needs
	valueHeight      int
	shift, factShift int    // cells the value, and the fact under the cursor, are scrolled to the right
	sought           string // words that are looked for in the value
}

const (
	// besideFrom is the width from which facts and value stand side by side.
	besideFrom = 110
	// shiftBy is how many cells one key scrolls sideways.
	shiftBy = 16
	// factsTop is the row of the page where the facts begin.
	factsTop = 1
	// headRest is what the first line keeps free of a long type for what else it tells.
	headRest = 48
)

// Config is what pages about events work with.
type Config struct {
	Screen
	Querier tracing.Querier
	Rules   *envelope.Rules
	Words   page.Words
	Files   page.Files
	Letters Letters
}

// Screen is what such a page asks of the screen.
type Screen interface {
	page.Screen
	// Swap shows next in the place of p, if p is on the screen.
	Swap(p, next page.Page)
	// Elsewhere says that a page is not what a person looks at now.
	Elsewhere(on page.Page) bool
}

// Letters opens the dead letter that an event is.
type Letters interface {
	OpenLetterOf(event *tracing.Event) tea.Cmd
}

// Load reads the message of an event. What it was not known to be before is in found, which is
// nil where that was known.
type Load func(ctx context.Context) (message adapters.Message, found *tracing.Event, err error)

// New is the page of an event.
func (c *Config) New(event tracing.Event) *Page {
	return c.NewLoading(event, c.aboutReading(&event), func(ctx context.Context) (adapters.Message, *tracing.Event, error) {
		for message, err := range c.Querier.Messages(ctx, []tracing.Event{event}) {
			return message, nil, err
		}
		return adapters.Message{}, nil, adapters.ErrGone
	})
}

// NewLoading is the page of an event whose message is read in a way of its own.
func (c *Config) NewLoading(event tracing.Event, about text.Safe, load Load) *Page {
	e := &Page{Config: c, event: event, about: about, load: load, facts: c.factsOf(&event)}
	e.factsWide = alignFacts(e.facts)
	return e
}

// NewLetter is the page of an event that is a dead letter, whose message read reads.
func (c *Config) NewLetter(event tracing.Event, read func(context.Context) (adapters.Message, error)) *Page {
	e := c.NewLoading(event, c.aboutReading(&event), func(ctx context.Context) (adapters.Message, *tracing.Event, error) {
		message, err := read(ctx)
		return message, nil, err
	})
	e.event.Marks = tracing.DeadLetter // not before: among the facts it would say nothing
	return e
}

// aboutReading says that the message of an event is waited for.
func (c *Config) aboutReading(event *tracing.Event) text.Safe {
	return text.Own("reading ").Add(c.Theme().String(event.Position.String()), text.Own(" again from "), c.Words.Product(c.Theme(), event.Broker))
}

// Lead puts facts before those of the event, in place of those that it put there before; the
// cursor stays on its fact.
func (e *Page) Lead(own []Fact) {
	if more := len(own) - e.leading; e.leading > 0 && e.factsAt.Index >= e.leading {
		e.factsAt.Index += more
	}
	e.facts = append(slices.Clip(own), e.facts[e.leading:]...)
	e.factsAt.To(e.factsAt.Index, len(e.facts))
	e.leading, e.factsWide = len(own), alignFacts(e.facts)
}

// Message is what was read, and its value made ready; nil until then.
func (e *Page) Message() (*adapters.Message, *payload.Decoded) {
	if e.read == nil {
		return nil, nil
	}
	return &e.read.message, &e.read.decoded
}

// Scope is the keys that work here.
func (e *Page) Scope() keymap.Scope { return keymap.OnEvent }

// Subject is the event.
func (e *Page) Subject() page.Subject { return page.Subject{Event: &e.event, Flow: e.event.FlowKey} }

// Ages says that no age is shown.
func (e *Page) Ages() bool { return false }

// WaitsFor is what was asked for and has not come.
func (e *Page) WaitsFor() *page.Question {
	if e.next.Busy {
		return &e.next
	}
	return &e.Question
}

// Name is the position of the event.
func (e *Page) Name() text.Safe { return e.Theme().String(e.event.Position.String()) }

// Hint names the view that comes next, and no key that has nothing to act on.
func (e *Page) Hint(b *keymap.Binding) text.Safe {
	switch {
	case b.Action == keymap.LetterOf && !e.event.Marks.Has(tracing.DeadLetter), b.Action == keymap.NextEvent && e.list == nil:
		return text.Safe{}
	case e.read == nil:
		return b.Hint()
	}
	switch b.Action {
	case keymap.View:
		if next := e.views[(e.view+1)%len(e.views)]; !e.noValue() {
			return next.name()
		}
		return text.Safe{}
	case keymap.Enter:
		if _, folds := e.value().(*treeView); !folds || e.onFact {
			return text.Safe{}
		}
	case keymap.Filter, keymap.CopyText, keymap.Save, keymap.Edit:
		if e.noValue() {
			return text.Safe{}
		}
	}
	return b.Hint()
}

// Refresh reads the message, once, and goes along the list.
func (e *Page) Refresh() tea.Cmd { return tea.Batch(e.findNext(), e.readOnce()) }

// readOnce reads the message when it is time.
func (e *Page) readOnce() tea.Cmd {
	if e.asked || e.onward != 0 || e.Now().Before(e.readFrom) {
		return nil
	}
	e.asked, e.Once = true, true
	event, load, cleaner, rules := e.event, e.load, e.Theme().Cleaner, e.Rules
	return e.Ask(e, e.about, page.FetchLimit, func(ctx context.Context) (func(), error) {
		message, found, err := load(ctx)
		if err != nil {
			return nil, err
		}
		if found != nil {
			event = *found
		}
		got := readMessage(cleaner, rules, &event, message)
		views := viewsOf(&got.decoded)
		return func() { e.take(found, &got, views) }, nil
	})
}

// take puts what was read on the page.
func (e *Page) take(found *tracing.Event, got *read, views []valueView) {
	e.read, e.views = got, views
	e.view = max(0, slices.IndexFunc(views, func(v valueView) bool { return v.name() == e.preferred }))
	if found != nil {
		e.event, e.facts = *found, append(e.facts[:e.leading:e.leading], e.factsOf(found)...)
	}
	e.facts = append(e.facts, got.facts...)
	e.factsWide = alignFacts(e.facts)
}

func (e *Page) move(by int) {
	if e.onFact {
		e.factsAt.Move(by, len(e.facts))
		e.factShift = 0
	} else if e.read != nil {
		e.valueAt.Move(by, e.value().length())
	}
}

// noValue says that the message was read and that its value has no bytes.
func (e *Page) noValue() bool { return e.read != nil && len(e.read.decoded.Data) == 0 }

// value is the present view of the value.
func (e *Page) value() valueView { return e.views[e.view] }

// Do acts on a key of the page.
func (e *Page) Do(a keymap.Action) tea.Cmd {
	if by, moves := page.Rows(a, e.valueHeight, 1<<30); moves {
		e.move(by)
		return nil
	}
	switch a {
	case keymap.Left:
		e.scroll(-shiftBy)
	case keymap.Right:
		e.scroll(shiftBy)
	case keymap.OtherPane:
		e.onFact = !e.onFact
	case keymap.LetterOf:
		return e.Letters.OpenLetterOf(&e.event)
	case keymap.NextEvent:
		e.goAlong(1)
	case keymap.PreviousEvent:
		e.goAlong(-1)
	default:
		return e.doValue(a)
	}
	return nil
}

// scroll goes sideways in what has the focus: the fact under the cursor, or the value.
func (e *Page) scroll(by int) {
	if e.onFact {
		widest := e.facts[e.factsAt.Index].Value.Width()
		e.factShift = max(0, min(e.factShift+by, widest-shiftBy))
	} else {
		e.shift = max(0, e.shift+by)
	}
}

// doValue acts on the value, if it is there.
func (e *Page) doValue(a keymap.Action) tea.Cmd {
	if e.read == nil {
		e.Say(theme.Warn, text.Own("the value is not there"))
		return nil
	}
	switch a {
	case keymap.Enter:
		if !e.onFact { // nobody sees the cursor of the value then
			e.value().toggle(e.valueAt.Index)
		}
	case keymap.FoldAll:
		e.value().toggleAll()
	case keymap.View:
		e.view = (e.view + 1) % len(e.views)
		e.valueAt, e.shift = widget.Cursor{}, 0
	case keymap.NextMatch:
		e.seek(false)
	case keymap.PreviousMatch:
		e.seek(true)
	case keymap.CopyText:
		return page.Copy(e, string(e.read.decoded.Data), text.Own("the value"))
	case keymap.Save:
		value := e.read.message.Value // as it was sent: nothing is escaped
		if e.read.decoded.Masked {
			value = e.read.decoded.Data
		}
		return e.Files.Save(e, e.fileName(), value, text.Own("the value"), text.Size(int64(len(value))))
	case keymap.Edit:
		return e.Files.Edit(e, e.fileName(), e.read.decoded.Data, nil)
	}
	return nil
}

// find goes to the next line of the value that has these words.
func (e *Page) find(words string) {
	e.sought = words
	if e.read != nil && words != "" {
		e.seek(false)
	}
}

// seek goes to the next line with the words that were given, round the end.
func (e *Page) seek(backward bool) {
	if e.sought == "" {
		e.Say(theme.Dim, text.Own("nothing to find yet: / and some words"))
		return
	}
	at := e.value().find(e.sought, e.valueAt.Index, backward)
	if at < 0 {
		e.Say(theme.Warn, e.Theme().Cut(e.Theme().String(e.sought), 40).Add(text.Own(" is not in the value")))
		return
	}
	e.onFact = false
	e.valueAt.To(at, e.value().length())
}

// FilterPrompt asks for words to find in the value.
func (e *Page) FilterPrompt() *page.Prompt {
	return &page.Prompt{Sign: text.Own("find "), Explain: text.Own("words to find in the value; n and N go on"), Accept: func(words string) tea.Cmd {
		e.find(words)
		return nil
	}}
}

// Back forgets the words that were looked for.
func (e *Page) Back() bool {
	if e.sought == "" {
		return false
	}
	e.sought = ""
	return true
}

// Click puts the cursor on what is in a cell of the page, and says whether it was there.
func (e *Page) Click(column, row int) bool {
	if n := row - factsTop; n >= 0 && n < e.factsHeight && column < e.factsWidth {
		if at := e.factsAt.Top + n; at < len(e.facts) {
			e.onFact = true
			e.move(at - e.factsAt.Index)
		}
		return false // there is nothing to open in it
	}
	if n := row - e.valueTop; e.read != nil && n >= 0 && n < e.valueHeight && e.valueAt.Top+n < e.value().length() {
		was := e.valueAt.Index
		e.onFact, e.valueAt.Index = false, e.valueAt.Top+n
		return was == e.valueAt.Index
	}
	return false
}

// Status is what the footer says of the page.
func (e *Page) Status() []page.Piece {
	switch {
	case e.read == nil:
		return nil
	case e.noValue():
		return []page.Piece{{Role: theme.Dim, Text: text.Own("no value")}}
	}
	s := []page.Piece{{Role: theme.Accent, Text: e.value().name()}, {Role: theme.Dim, Text: text.Own(" line ").Add(text.Count(int64(e.valueAt.Index+1)), text.Own(" of "), text.Count(int64(e.value().length())))}}
	if e.shift > 0 {
		s = append(s, page.Piece{Role: theme.Warn, Text: text.Own(" from cell ").Add(text.Count(int64(e.shift + 1)))})
	}
	if e.sought != "" {
		s = append(s, page.Piece{Role: theme.Accent, Text: text.Own("  /").Add(e.Theme().Cut(e.Theme().String(e.sought), 20))})
	}
	return s
}

// Render draws the page.
func (e *Page) Render(width, height int) []widget.Line {
	draw := e.stacked
	if width >= besideFrom {
		draw = e.beside
	}
	body := draw(width, height-1)
	return append([]widget.Line{e.headLine(width)}, body...)
}

// headLine says which event it is and, of a preview, how much of the value is not shown.
func (e *Page) headLine(width int) widget.Line {
	t := e.Theme()
	role, glyph := t.Marks(e.event.Marks)
	kind := t.String(e.event.Type)
	if kind.Empty() {
		kind = text.Own("(no type)")
	}
	head := widget.NewRow(t, width).Gap(1).Put(theme.Title, t.Cut(kind, max(20, width-headRest)))
	if !glyph.Empty() {
		head.Gap(1).Put(role, glyph)
	}
	if service := t.String(e.event.Service); !service.Empty() {
		head.Gap(2).Styled(t.Service(e.event.Service), t.Cut(service, 20))
	}
	if !e.event.Time.IsZero() {
		head.Gap(2).Put(theme.Dim, page.ShortMoment(e.event.Time, e.Now()))
	}
	head.Gap(2).Put(theme.Link, t.CutMiddle(t.String(page.FlowLabel(e.event)), 40))
	if hidden := e.below(); e.preview && hidden > 0 {
		head.End(theme.Dim, text.Plural(hidden, text.Own(" more line "), text.Own(" more lines ")))
	}
	return head.Line()
}

// below is how many lines of the value have no room.
func (e *Page) below() int {
	if e.read == nil {
		return 0
	}
	return e.value().length() - e.valueHeight
}

// lowPage is the height below which only one of facts and value is shown.
const lowPage = 9

// stacked draws the facts above the value; the one that has the focus gets the room.
func (e *Page) stacked(width, height int) []widget.Line {
	switch {
	case height < lowPage && e.onFact:
		e.factsHeight, e.valueHeight = height, 0
		if e.read != nil { // words are looked for in it, and the footer counts its lines
			e.value().fit(width - 2)
		}
		return e.factLines(width)
	case height < lowPage:
		e.factsHeight, e.valueHeight, e.valueTop = 0, height, 1
		return e.valueLines(width)
	}
	facts := min(len(e.facts), height/3)
	switch {
	case e.onFact:
		facts = min(len(e.facts), height-5)
	case e.preview && e.read != nil: // what the value does not need
		e.value().fit(width - 2)
		facts = min(len(e.facts), max(facts, height-1-max(1, e.value().length())))
	}
	e.factsHeight, e.valueHeight, e.valueTop = facts, height-facts-1, facts+2
	lines := append(e.factLines(width), e.paneRule(width))
	return append(lines, e.valueLines(width)...)
}

// paneRule divides facts and value, and says how much of the facts is not shown.
func (e *Page) paneRule(width int) widget.Line {
	row := widget.NewRow(e.Theme(), width).Put(theme.Faint, e.Theme().Glyph.Rule.Repeat(2))
	if hidden := len(e.facts) - e.factsHeight; hidden > 0 {
		more := text.Plural(hidden, text.Own(" more fact"), text.Own(" more facts"))
		if !e.preview {
			more = more.Add(text.Own(", tab"))
		}
		row.Gap(1).Put(theme.Dim, more).Gap(1)
	}
	return row.Put(theme.Faint, e.Theme().Glyph.Rule.Repeat(row.Left())).Line()
}

// beside draws facts on the left and the value on the right.
func (e *Page) beside(width, height int) []widget.Line {
	factsWidth := max(width*2/5, min(e.factsWide, width/2))
	e.factsHeight, e.valueHeight, e.valueTop = height, height, 1
	facts := widget.Fit(e.Theme(), e.factLines(factsWidth), factsWidth, height)
	value := widget.Fit(e.Theme(), e.valueLines(width-factsWidth-2), width-factsWidth-2, height)
	lines := make([]widget.Line, height)
	for i := range lines {
		lines[i] = widget.Beside(e.Theme(), facts[i], value[i])
	}
	return lines
}

// whyNoValue says what stands where the value would.
func (e *Page) whyNoValue() text.Safe {
	if e.read.decoded.Format == payload.Tombstone {
		return text.Own("tombstone: this key was deleted, so there is no value")
	}
	return text.Own("empty: the value has no bytes")
}

func (e *Page) factLines(width int) []widget.Line {
	e.factsWidth = width
	e.factsAt.Show(max(1, e.factsHeight), len(e.facts))
	from, to := e.factsAt.Range(e.factsHeight, len(e.facts))
	var lines []widget.Line
	for i := from; i < to; i++ {
		selected, shift := e.onFact && i == e.factsAt.Index, 0
		if selected {
			shift = e.factShift
		}
		lines = append(lines, factLine(e.Theme(), &e.facts[i], width, shift, selected))
	}
	return lines
}

func (e *Page) valueLines(width int) []widget.Line {
	t := e.Theme()
	if e.read == nil {
		lines := []widget.Line{}
		about, waits := e.Waiting(e.Now())
		switch {
		case waits && e.preview: // else the footer says it
			lines = append(lines, widget.NewRow(t, width).Gap(1).Put(theme.Dim, about).Line())
		case e.Err != nil:
			lines = append(lines, widget.Paragraph(t, width, 1, theme.Warn, text.Own("The value cannot be shown: ").Add(page.Sentence(e.Theme(), e.Err)), 4)...)
		}
		return widget.Fit(t, lines, width, e.valueHeight)
	}
	v := e.value()
	v.fit(width - 2)
	e.valueAt.Show(max(1, e.valueHeight), v.length())
	from, to := e.valueAt.Range(e.valueHeight, v.length())
	lines := make([]widget.Line, 0, to-from)
	for i := from; i < to; i++ {
		row := widget.CursorRow(t, width, i == e.valueAt.Index && !e.onFact && !e.preview)
		v.draw(row, i, e.shift)
		lines = append(lines, row.Line())
	}
	if e.noValue() {
		lines = append(lines, widget.NewRow(t, width).Gap(1).Put(theme.Dim, e.whyNoValue()).Line())
	}
	return widget.Fit(t, lines, width, e.valueHeight)
}

// fileName is what a copy of the value is called.
func (e *Page) fileName() string {
	return page.FileName(e.event.Position.String(), string(e.read.decoded.Format))
}
