package tui

import (
	"context"

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

// eventPage is one event: what is known of it, and its value. It keeps what it shows,
// also when the event leaves the index.
type eventPage struct {
	*eventConfig
	page.Question
	event  tracing.Event
	read   *read                                               // nil until the message was read again
	load   func(ctx context.Context) (adapters.Message, error) // nil asks the querier
	asked  bool
	facts  []fact
	views  []valueView // of the value: tree, raw, hexadecimal; those there are
	view   int
	onFact bool // the facts have the focus, not the value

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

// eventConfig is what pages about events work with.
type eventConfig struct {
	page.Screen
	querier tracing.Querier
	rules   *envelope.Rules
	words   page.Words
	files   page.Files
	letters letterOpener
}

// letterOpener opens the dead letter that an event is.
type letterOpener interface {
	OpenLetterOf(event *tracing.Event) tea.Cmd
}

// newPage is the page of an event.
func (c *eventConfig) newPage(event tracing.Event) *eventPage {
	e := &eventPage{eventConfig: c, event: event, facts: c.factsOf(&event)}
	e.factsWide = alignFacts(e.facts)
	return e
}

func (e *eventPage) Scope() keymap.Scope      { return keymap.OnEvent }
func (e *eventPage) Ages() bool               { return false }
func (e *eventPage) WaitsFor() *page.Question { return &e.Question }
func (e *eventPage) Name() text.Safe          { return e.Theme().String(e.event.Position.String()) }

// Hint names the view that comes next, and no key that has nothing to act on.
func (e *eventPage) Hint(b *keymap.Binding) text.Safe {
	if b.Action == keymap.LetterOf && !e.event.Marks.Has(tracing.DeadLetter) {
		return text.Safe{}
	}
	if e.read == nil {
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

// Refresh reads the message, once.
func (e *eventPage) Refresh() tea.Cmd {
	if e.asked {
		return nil
	}
	e.asked, e.Once = true, true
	event, querier, cleaner, rules := e.event, e.querier, e.Theme().Cleaner, e.rules
	about := text.Own("reading ").Add(e.Name(), text.Own(" again from "), e.words.Product(e.Theme(), event.Broker))
	if load := e.load; load != nil {
		return e.Ask(e, about, page.FetchLimit, func(ctx context.Context) (func(), error) {
			message, err := load(ctx)
			if err != nil {
				return nil, err
			}
			return e.received(readMessage(cleaner, rules, &event, message)), nil
		})
	}
	return e.Ask(e, about, page.FetchLimit, func(ctx context.Context) (func(), error) {
		for message, err := range querier.Messages(ctx, []tracing.Event{event}) {
			if err != nil {
				return nil, err
			}
			return e.received(readMessage(cleaner, rules, &event, message)), nil
		}
		return nil, adapters.ErrGone
	})
}

// received makes ready what was read, outside the event loop, and returns what puts it
// on the page.
func (e *eventPage) received(got read) func() {
	views := viewsOf(&got.decoded)
	return func() {
		e.read, e.views = &got, views
		e.facts = append(e.facts, got.facts...)
		e.factsWide = alignFacts(e.facts)
	}
}

func (e *eventPage) move(by int) {
	if e.onFact {
		e.factsAt.Move(by, len(e.facts))
		e.factShift = 0
	} else if e.read != nil {
		e.valueAt.Move(by, e.value().length())
	}
}

// noValue says that the message was read and that its value has no bytes.
func (e *eventPage) noValue() bool { return e.read != nil && len(e.read.decoded.Data) == 0 }

// value is the present view of the value.
func (e *eventPage) value() valueView { return e.views[e.view] }

func (e *eventPage) Do(a keymap.Action) tea.Cmd {
	switch a {
	case keymap.Down:
		e.move(1)
	case keymap.Up:
		e.move(-1)
	case keymap.PageDown:
		e.move(max(1, e.valueHeight/2))
	case keymap.PageUp:
		e.move(-max(1, e.valueHeight/2))
	case keymap.First:
		e.move(-1 << 30)
	case keymap.Last:
		e.move(1 << 30)
	case keymap.Left:
		e.scroll(-shiftBy)
	case keymap.Right:
		e.scroll(shiftBy)
	case keymap.OtherPane:
		e.onFact = !e.onFact
	case keymap.LetterOf:
		return e.letters.OpenLetterOf(&e.event)
	default:
		return e.doValue(a)
	}
	return nil
}

// scroll goes sideways in what has the focus: the fact under the cursor, or the value.
func (e *eventPage) scroll(by int) {
	if e.onFact {
		widest := e.facts[e.factsAt.Index].value.Width()
		e.factShift = max(0, min(e.factShift+by, widest-shiftBy))
	} else {
		e.shift = max(0, e.shift+by)
	}
}

// doValue acts on the value, if it is there.
func (e *eventPage) doValue(a keymap.Action) tea.Cmd {
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
		return e.saveValue()
	case keymap.Edit:
		return e.editValue()
	}
	return nil
}

// find goes to the next line of the value that has these words.
func (e *eventPage) find(words string) {
	e.sought = words
	if e.read != nil && words != "" {
		e.seek(false)
	}
}

// seek goes to the next line with the words that were given, round the end.
func (e *eventPage) seek(backward bool) {
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

// FilterLine asks for words to find in the value.
func (e *eventPage) FilterLine() *page.Line {
	return &page.Line{Sign: text.Own("find "), Explain: text.Own("words to find in the value; n and N go on"), Accept: func(words string) tea.Cmd {
		e.find(words)
		return nil
	}}
}

func (e *eventPage) Back() bool {
	if e.sought == "" {
		return false
	}
	e.sought = ""
	return true
}

func (e *eventPage) Click(column, row int) bool {
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

func (e *eventPage) Status() []page.Piece {
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

func (e *eventPage) Render(width, height int) []widget.Line {
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
	lines := []widget.Line{head.Line()}
	height--
	if width >= besideFrom {
		return append(lines, e.beside(width, height)...)
	}
	return append(lines, e.stacked(width, height)...)
}

// lowPage is the height below which only one of facts and value is shown.
const lowPage = 9

// stacked draws the facts above the value; the one that has the focus gets the room.
func (e *eventPage) stacked(width, height int) []widget.Line {
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
	if e.onFact {
		facts = min(len(e.facts), height-5)
	}
	e.factsHeight, e.valueHeight, e.valueTop = facts, height-facts-1, facts+2
	lines := append(e.factLines(width), e.paneRule(width))
	return append(lines, e.valueLines(width)...)
}

// paneRule divides facts and value, and says how much of the facts is not shown.
func (e *eventPage) paneRule(width int) widget.Line {
	row := widget.NewRow(e.Theme(), width).Put(theme.Faint, e.Theme().Glyph.Rule.Repeat(2))
	if hidden := len(e.facts) - e.factsHeight; hidden > 0 {
		row.Gap(1).Put(theme.Dim, text.Plural(hidden, text.Own(" more fact, tab"), text.Own(" more facts, tab"))).Gap(1)
	}
	return row.Put(theme.Faint, e.Theme().Glyph.Rule.Repeat(row.Left())).Line()
}

// beside draws facts on the left and the value on the right.
func (e *eventPage) beside(width, height int) []widget.Line {
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
func (e *eventPage) whyNoValue() text.Safe {
	if e.read.decoded.Format == payload.Tombstone {
		return text.Own("tombstone: this key was deleted, so there is no value")
	}
	return text.Own("empty: the value has no bytes")
}

func (e *eventPage) factLines(width int) []widget.Line {
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

func (e *eventPage) valueLines(width int) []widget.Line {
	t := e.Theme()
	if e.read == nil {
		lines := []widget.Line{}
		if e.Err != nil {
			for _, s := range widget.Wrap(t, text.Own("The value cannot be shown: ").Add(page.Sentence(e.Theme(), e.Err)), width-2, 4) {
				lines = append(lines, widget.NewRow(t, width).Gap(1).Put(theme.Warn, s).Line())
			}
		}
		return widget.Fit(t, lines, width, e.valueHeight)
	}
	v := e.value()
	v.fit(width - 2)
	e.valueAt.Show(max(1, e.valueHeight), v.length())
	from, to := e.valueAt.Range(e.valueHeight, v.length())
	lines := make([]widget.Line, 0, to-from)
	for i := from; i < to; i++ {
		row := widget.NewRow(t, width)
		if i == e.valueAt.Index && !e.onFact {
			row.Base(theme.Selected).Put(theme.Accent, t.Glyph.Cursor)
		} else {
			row.Gap(1)
		}
		v.draw(row, i, e.shift)
		lines = append(lines, row.Line())
	}
	if e.noValue() {
		lines = append(lines, widget.NewRow(t, width).Gap(1).Put(theme.Dim, e.whyNoValue()).Line())
	}
	return widget.Fit(t, lines, width, e.valueHeight)
}
