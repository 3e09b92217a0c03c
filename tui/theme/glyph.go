package theme

import "eventscope/tui/text"

// Glyphs are the signs the screen uses. All are one cell wide.
type Glyphs struct {
	Done, Running, Failed, Compensated, Dead, Late, Stuck text.Safe
	Duplicate, Warning                                    text.Safe
	Live, CatchingUp, Connecting, Lost, Closed            text.Safe
	Cursor, Mark, Follow, Paused, Enter                   text.Safe
	Rule, Vertical, Bar, Corner, Known, Inferred          text.Safe
	Dot, ArrowRight, ArrowLeft, Node, TeeRight, TeeLeft   text.Safe
	Folded, Unfolded, Full, Empty, Separator              text.Safe
	Sort, SortReversed                                    text.Safe
	Trail, Fault, Unknown                                 text.Safe
	Growing, Draining, Steady                             text.Safe
	// Levels draw a sparkline, lowest first.
	Levels []text.Safe
}

var unicodeGlyphs = Glyphs{
	Done: text.Own("✓"), Running: text.Own("▷"), Failed: text.Own("✗"), Compensated: text.Own("↩"),
	Dead: text.Own("☠"), Late: text.Own("◔"), Stuck: text.Own("◼"), Duplicate: text.Own("≡"), Warning: text.Own("!"),
	Live: text.Own("●"), CatchingUp: text.Own("◐"), Connecting: text.Own("○"), Lost: text.Own("✗"), Closed: text.Own("·"),
	Cursor: text.Own("▸"), Mark: text.Own("◆"), Follow: text.Own("▸"), Paused: text.Own("‖"), Enter: text.Own("⏎"),
	Rule: text.Own("─"), Vertical: text.Own("│"), Bar: text.Own("█"), Corner: text.Own("└"), Known: text.Own("─"), Inferred: text.Own("·"),
	Dot: text.Own("·"), ArrowRight: text.Own("▶"), ArrowLeft: text.Own("◀"), Node: text.Own("●"), TeeRight: text.Own("├"), TeeLeft: text.Own("┤"),
	Folded: text.Own("▹"), Unfolded: text.Own("▿"), Full: text.Own("█"), Empty: text.Own("░"), Sort: text.Own("↓"), SortReversed: text.Own("↑"), Separator: text.Own("·"),
	Trail: text.Own("›"), Fault: text.Own("▾"), Unknown: text.Own("?"),
	Growing: text.Own("↗"), Draining: text.Own("↘"), Steady: text.Own("→"),
	Levels: []text.Safe{text.Own("▁"), text.Own("▂"), text.Own("▃"), text.Own("▄"), text.Own("▅"), text.Own("▆"), text.Own("▇"), text.Own("█")},
}

var asciiGlyphs = Glyphs{
	Done: text.Own("+"), Running: text.Own(">"), Failed: text.Own("x"), Compensated: text.Own("<"),
	Dead: text.Own("D"), Late: text.Own("~"), Stuck: text.Own("#"), Duplicate: text.Own("="), Warning: text.Own("!"),
	Live: text.Own("*"), CatchingUp: text.Own("%"), Connecting: text.Own("o"), Lost: text.Own("x"), Closed: text.Own("."),
	Cursor: text.Own(">"), Mark: text.Own("+"), Follow: text.Own(">"), Paused: text.Own("="), Enter: text.Own("enter"),
	Rule: text.Own("-"), Vertical: text.Own("|"), Bar: text.Own("#"), Corner: text.Own("`"), Known: text.Own("-"), Inferred: text.Own("."),
	Dot: text.Own("."), ArrowRight: text.Own(">"), ArrowLeft: text.Own("<"), Node: text.Own("o"), TeeRight: text.Own("|"), TeeLeft: text.Own("|"),
	Folded: text.Own(">"), Unfolded: text.Own("v"), Full: text.Own("#"), Empty: text.Own("."), Sort: text.Own("*"), SortReversed: text.Own("^"), Separator: text.Own("-"),
	Trail: text.Own(">"), Fault: text.Own("v"), Unknown: text.Own("?"),
	Growing: text.Own("^"), Draining: text.Own("v"), Steady: text.Own("="),
	Levels: []text.Safe{text.Own("_"), text.Own("."), text.Own("-"), text.Own("="), text.Own("+"), text.Own("*"), text.Own("%"), text.Own("#")},
}
