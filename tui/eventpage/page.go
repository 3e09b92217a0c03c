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
	// Elsewhere reports whether a page is not what a person looks at now.
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
func (p *Page) Lead(own []Fact) {
	if more := len(own) - p.leading; p.leading > 0 && p.factsAt.Index >= p.leading {
		p.factsAt.Index += more
	}
	p.facts = append(slices.Clip(own), p.facts[p.leading:]...)
	p.factsAt.To(p.factsAt.Index, len(p.facts))
	p.leading, p.factsWide = len(own), alignFacts(p.facts)
}

// Message is what was read, and its value made ready; nil until then.
func (p *Page) Message() (*adapters.Message, *payload.Decoded) {
	if p.read == nil {
		return nil, nil
	}
	return &p.read.message, &p.read.decoded
}

// Scope is the keys that work here.
func (p *Page) Scope() keymap.Scope { return keymap.OnEvent }

// Subject is the event.
func (p *Page) Subject() page.Subject { return page.Subject{Event: &p.event, Flow: p.event.FlowKey} }

// Ages is false: no age is shown.
func (p *Page) Ages() bool { return false }

// WaitsFor is what was asked for and has not come.
func (p *Page) WaitsFor() *page.Question {
	if p.next.Busy {
		return &p.next
	}
	return &p.Question
}

// Name is the position of the event.
func (p *Page) Name() text.Safe { return p.Theme().String(p.event.Position.String()) }

// Hint names the view that comes next, and no key that has nothing to act on.
func (p *Page) Hint(b *keymap.Binding) text.Safe {
	switch {
	case b.Action == keymap.LetterOf && !p.event.Marks.Has(tracing.DeadLetter), b.Action == keymap.NextEvent && p.list == nil:
		return text.Safe{}
	case p.read == nil:
		return b.Hint()
	}
	switch b.Action {
	case keymap.View:
		if next := p.views[(p.view+1)%len(p.views)]; !p.noValue() {
			return next.name()
		}
		return text.Safe{}
	case keymap.Enter:
		if _, folds := p.value().(*treeView); !folds || p.onFact {
			return text.Safe{}
		}
	case keymap.Filter, keymap.CopyText, keymap.Save, keymap.Edit:
		if p.noValue() {
			return text.Safe{}
		}
	}
	return b.Hint()
}

// Refresh reads the message, once, and goes along the list.
func (p *Page) Refresh() tea.Cmd { return tea.Batch(p.findNext(), p.readOnce()) }

// readOnce reads the message when it is time.
func (p *Page) readOnce() tea.Cmd {
	if p.asked || p.onward != 0 || p.Now().Before(p.readFrom) {
		return nil
	}
	p.asked, p.Once = true, true
	event, load, cleaner, rules := p.event, p.load, p.Theme().Cleaner, p.Rules
	return p.Ask(p, p.about, page.FetchLimit, func(ctx context.Context) (func(), error) {
		message, found, err := load(ctx)
		if err != nil {
			return nil, err
		}
		if found != nil {
			event = *found
		}
		got := readMessage(cleaner, rules, &event, message)
		views := viewsOf(&got.decoded)
		return func() { p.take(found, &got, views) }, nil
	})
}

// take puts what was read on the page.
func (p *Page) take(found *tracing.Event, got *read, views []valueView) {
	p.read, p.views = got, views
	p.view = max(0, slices.IndexFunc(views, func(v valueView) bool { return v.name() == p.preferred }))
	if found != nil {
		p.event, p.facts = *found, append(p.facts[:p.leading:p.leading], p.factsOf(found)...)
	}
	p.facts = append(p.facts, got.facts...)
	p.factsWide = alignFacts(p.facts)
}

func (p *Page) move(by int) {
	if p.onFact {
		p.factsAt.Move(by, len(p.facts))
		p.factShift = 0
	} else if p.read != nil {
		p.valueAt.Move(by, p.value().length())
	}
}

// noValue reports whether the message was read and its value has no bytes.
func (p *Page) noValue() bool { return p.read != nil && len(p.read.decoded.Data) == 0 }

// value is the present view of the value.
func (p *Page) value() valueView { return p.views[p.view] }

// Do acts on a key of the page.
func (p *Page) Do(a keymap.Action) tea.Cmd {
	if by, moves := page.Rows(a, p.valueHeight, 1<<30); moves {
		p.move(by)
		return nil
	}
	switch a {
	case keymap.Left:
		p.scroll(-shiftBy)
	case keymap.Right:
		p.scroll(shiftBy)
	case keymap.OtherPane:
		p.onFact = !p.onFact
	case keymap.LetterOf:
		return p.Letters.OpenLetterOf(&p.event)
	case keymap.NextEvent:
		p.goAlong(1)
	case keymap.PreviousEvent:
		p.goAlong(-1)
	default:
		return p.doValue(a)
	}
	return nil
}

// scroll goes sideways in what has the focus: the fact under the cursor, or the value.
func (p *Page) scroll(by int) {
	if p.onFact {
		widest := p.facts[p.factsAt.Index].Value.Width()
		p.factShift = max(0, min(p.factShift+by, widest-shiftBy))
	} else {
		p.shift = max(0, p.shift+by)
	}
}

// scrollOn shows what is below of the value, or of the facts when that has come to its end.
func (p *Page) scrollOn() {
	if p.read == nil || !scrollBy(&p.valueAt, max(1, p.valueHeight/2), p.valueHeight, p.value().length()) {
		scrollBy(&p.factsAt, max(1, p.factsHeight/2), p.factsHeight, len(p.facts))
	}
}

// scrollBack is the way back.
func (p *Page) scrollBack() {
	if !scrollBy(&p.factsAt, -max(1, p.factsHeight/2), p.factsHeight, len(p.facts)) && p.read != nil {
		scrollBy(&p.valueAt, -max(1, p.valueHeight/2), p.valueHeight, p.value().length())
	}
}

// scrollBy shows rows further down, or up, and reports whether there were any.
func scrollBy(c *widget.Cursor, by, height, length int) bool {
	top := max(0, min(c.Top+by, length-height))
	moves := top != c.Top
	c.Top, c.Index = top, top
	return moves
}

// doValue acts on the value, if it is there.
func (p *Page) doValue(a keymap.Action) tea.Cmd {
	if p.read == nil {
		p.Say(theme.Warn, text.Own("the value is not there"))
		return nil
	}
	switch a {
	case keymap.Enter:
		if !p.onFact { // nobody sees the cursor of the value then
			p.value().toggle(p.valueAt.Index)
		}
	case keymap.FoldAll:
		p.value().toggleAll()
	case keymap.View:
		p.view = (p.view + 1) % len(p.views)
		p.valueAt, p.shift = widget.Cursor{}, 0
	case keymap.NextMatch:
		p.seek(false)
	case keymap.PreviousMatch:
		p.seek(true)
	case keymap.CopyText:
		return page.CopySaved(p, string(p.read.decoded.Data), text.Own("the value"))
	case keymap.Save:
		value := p.read.message.Value // as it was sent: nothing is escaped
		if p.read.decoded.Masked {
			value = p.read.decoded.Data
		}
		return p.Files.Save(p, p.fileName(), value, text.Own("the value"), text.Size(int64(len(value))))
	case keymap.Edit:
		return p.Files.Edit(p, p.fileName(), p.read.decoded.Data, nil)
	}
	return nil
}

// find goes to the next line of the value that has these words.
func (p *Page) find(words string) {
	p.sought = words
	if p.read != nil && words != "" {
		p.seek(false)
	}
}

// seek goes to the next line with the words that were given, round the end.
func (p *Page) seek(backward bool) {
	if p.sought == "" {
		p.Say(theme.Dim, text.Own("nothing to find yet: / and some words"))
		return
	}
	at := p.value().find(p.sought, p.valueAt.Index, backward)
	if at < 0 {
		p.Say(theme.Warn, p.Theme().Cut(p.Theme().String(p.sought), 40).Add(text.Own(" is not in the value")))
		return
	}
	p.onFact = false
	p.valueAt.To(at, p.value().length())
}

// FilterPrompt asks for words to find in the value.
func (p *Page) FilterPrompt() *page.Prompt {
	return &page.Prompt{Sign: text.Own("find "), Explain: text.Own("words to find in the value; n and N go on"), Accept: func(words string) tea.Cmd {
		p.find(words)
		return nil
	}}
}

// Back forgets the words that were looked for.
func (p *Page) Back() bool {
	if p.sought == "" {
		return false
	}
	p.sought = ""
	return true
}

// Click puts the cursor on what is in a cell of the page, and reports whether it was there.
func (p *Page) Click(column, row int) bool {
	if n := row - factsTop; n >= 0 && n < p.factsHeight && column < p.factsWidth {
		if at := p.factsAt.Top + n; at < len(p.facts) {
			p.onFact = true
			p.move(at - p.factsAt.Index)
		}
		return false // there is nothing to open in it
	}
	if n := row - p.valueTop; p.read != nil && n >= 0 && n < p.valueHeight && p.valueAt.Top+n < p.value().length() {
		was := p.valueAt.Index
		p.onFact, p.valueAt.Index = false, p.valueAt.Top+n
		return was == p.valueAt.Index
	}
	return false
}

// Status is what the footer says of the page.
func (p *Page) Status() []page.Piece {
	switch {
	case p.read == nil:
		return nil
	case p.noValue():
		return []page.Piece{{Role: theme.Dim, Text: text.Own("no value")}}
	}
	s := []page.Piece{{Role: theme.Accent, Text: p.value().name()}, {Role: theme.Dim, Text: text.Own(" line ").Add(text.Count(int64(p.valueAt.Index+1)), text.Own(" of "), text.Count(int64(p.value().length())))}}
	if p.shift > 0 {
		s = append(s, page.Piece{Role: theme.Warn, Text: text.Own(" from cell ").Add(text.Count(int64(p.shift + 1)))})
	}
	if p.sought != "" {
		s = append(s, page.Piece{Role: theme.Accent, Text: text.Own("  /").Add(p.Theme().Cut(p.Theme().String(p.sought), 20))})
	}
	return s
}

// Render draws the page.
func (p *Page) Render(width, height int) []widget.Line {
	draw := p.stacked
	if width >= besideFrom {
		draw = p.beside
	}
	body := draw(width, height-1)
	return append([]widget.Line{p.headLine(width)}, body...)
}

// headLine says which event it is and, of a preview, how much of the value is not shown.
func (p *Page) headLine(width int) widget.Line {
	t := p.Theme()
	role, glyph := t.Marks(p.event.Marks)
	kind := t.String(p.event.Type)
	if kind.Empty() {
		kind = text.Own("(no type)")
	}
	head := widget.NewRow(t, width).Gap(1).Put(theme.Title, t.Cut(kind, max(20, width-headRest)))
	if !glyph.Empty() {
		head.Gap(1).Put(role, glyph)
	}
	if service := t.String(p.event.Service); !service.Empty() {
		head.Gap(2).Styled(t.Service(p.event.Service), t.Cut(service, 20))
	}
	if !p.event.Time.IsZero() {
		head.Gap(2).Put(theme.Dim, page.ShortMoment(p.event.Time, p.Now()))
	}
	head.Gap(2).Put(theme.Link, t.CutMiddle(t.String(page.FlowLabel(p.event)), 40))
	switch hidden := p.below(); {
	case !p.preview:
	case p.valueAt.Top > 0:
		head.End(theme.Dim, text.Own("from line ").Add(text.Count(int64(p.valueAt.Top+1)), text.Own(" of "), text.Count(int64(p.value().length())), text.Space))
	case hidden > 0:
		head.End(theme.Dim, text.Plural(hidden, text.Own(" more line "), text.Own(" more lines ")))
	}
	return head.Line()
}

// below is how many lines of the value have no room.
func (p *Page) below() int {
	if p.read == nil {
		return 0
	}
	return p.value().length() - p.valueHeight
}

// lowPage is the height below which only one of facts and value is shown.
const lowPage = 9

// stacked draws the facts above the value; the one that has the focus gets the room.
func (p *Page) stacked(width, height int) []widget.Line {
	switch {
	case height < lowPage && p.onFact:
		p.factsHeight, p.valueHeight = height, 0
		if p.read != nil { // words are looked for in it, and the footer counts its lines
			p.value().fit(width - 2)
		}
		return p.factLines(width)
	case height < lowPage:
		p.factsHeight, p.valueHeight, p.valueTop = 0, height, 1
		return p.valueLines(width)
	}
	facts := min(len(p.facts), height/3)
	switch {
	case p.onFact:
		facts = min(len(p.facts), height-5)
	case p.preview && p.read != nil: // what the value does not need
		p.value().fit(width - 2)
		facts = min(len(p.facts), max(facts, height-1-max(1, p.value().length())))
	}
	p.factsHeight, p.valueHeight, p.valueTop = facts, height-facts-1, facts+2
	lines := append(p.factLines(width), p.paneRule(width))
	return append(lines, p.valueLines(width)...)
}

// paneRule divides facts and value, and says how much of the facts is not shown.
func (p *Page) paneRule(width int) widget.Line {
	row := widget.NewRow(p.Theme(), width).Put(theme.Faint, p.Theme().Glyph.Rule.Repeat(2))
	hidden := len(p.facts) - p.factsHeight
	if p.preview { // of which nothing has the focus: the rest is below
		hidden -= p.factsAt.Top
	}
	if hidden > 0 {
		more := text.Plural(hidden, text.Own(" more fact"), text.Own(" more facts"))
		if !p.preview {
			more = more.Add(text.Own(", tab"))
		}
		row.Gap(1).Put(theme.Dim, more).Gap(1)
	}
	return row.Put(theme.Faint, p.Theme().Glyph.Rule.Repeat(row.Left())).Line()
}

// beside draws facts on the left and the value on the right.
func (p *Page) beside(width, height int) []widget.Line {
	factsWidth := max(width*2/5, min(p.factsWide, width/2))
	p.factsHeight, p.valueHeight, p.valueTop = height, height, 1
	facts := widget.Fit(p.Theme(), p.factLines(factsWidth), factsWidth, height)
	value := widget.Fit(p.Theme(), p.valueLines(width-factsWidth-2), width-factsWidth-2, height)
	lines := make([]widget.Line, height)
	for i := range lines {
		lines[i] = widget.Beside(p.Theme(), facts[i], value[i])
	}
	return lines
}

// whyNoValue says what stands where the value would.
func (p *Page) whyNoValue() text.Safe {
	if p.read.decoded.Format == payload.Tombstone {
		return text.Own("tombstone: this key was deleted, so there is no value")
	}
	return text.Own("empty: the value has no bytes")
}

func (p *Page) factLines(width int) []widget.Line {
	p.factsWidth = width
	p.factsAt.Show(max(1, p.factsHeight), len(p.facts))
	from, to := p.factsAt.Range(p.factsHeight, len(p.facts))
	var lines []widget.Line
	for i := from; i < to; i++ {
		selected, shift := p.onFact && i == p.factsAt.Index, 0
		if selected {
			shift = p.factShift
		}
		lines = append(lines, factLine(p.Theme(), &p.facts[i], width, shift, selected))
	}
	return lines
}

func (p *Page) valueLines(width int) []widget.Line {
	t := p.Theme()
	if p.read == nil {
		lines := []widget.Line{}
		about, waits := p.Waiting(p.Now())
		switch {
		case waits && p.preview: // else the footer says it
			lines = append(lines, widget.NewRow(t, width).Gap(1).Put(theme.Dim, about).Line())
		case p.Err != nil:
			lines = append(lines, widget.Paragraph(t, width, 1, theme.Warn, text.Own("The value cannot be shown: ").Add(page.Sentence(p.Theme(), p.Err)), 4)...)
		}
		return widget.Fit(t, lines, width, p.valueHeight)
	}
	v := p.value()
	v.fit(width - 2)
	p.valueAt.Show(max(1, p.valueHeight), v.length())
	from, to := p.valueAt.Range(p.valueHeight, v.length())
	lines := make([]widget.Line, 0, to-from)
	for i := from; i < to; i++ {
		row := widget.CursorRow(t, width, i == p.valueAt.Index && !p.onFact && !p.preview)
		v.draw(row, i, p.shift)
		lines = append(lines, row.Line())
	}
	if p.noValue() {
		lines = append(lines, widget.NewRow(t, width).Gap(1).Put(theme.Dim, p.whyNoValue()).Line())
	}
	return widget.Fit(t, lines, width, p.valueHeight)
}

// fileName is what a copy of the value is called.
func (p *Page) fileName() string {
	return page.FileName(p.event.Position.String(), string(p.read.decoded.Format))
}
