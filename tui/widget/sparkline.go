package widget

import (
	"eventscope/tui/text"
	"eventscope/tui/theme"
)

// Sparkline draws values as one row of levels, the newest at the right. Nothing but
// zeros gives the lowest level throughout.
func Sparkline(t *theme.Theme, values []float64, width int) text.Safe {
	return SparklineFrom(t, values, width, 0)
}

// SparklineFrom is Sparkline whose highest level stands for no less than least, so that
// what is small looks small.
func SparklineFrom(t *theme.Theme, values []float64, width int, least float64) text.Safe {
	if len(values) > width {
		values = values[len(values)-max(width, 0):]
	}
	highest := least
	for _, v := range values {
		highest = max(highest, v)
	}
	var line text.Safe
	for _, v := range values {
		level := 0
		if highest > 0 && v > 0 {
			level = min(len(t.Glyph.Levels)-1, int(v/highest*float64(len(t.Glyph.Levels))))
		}
		line = line.Add(t.Glyph.Levels[level])
	}
	return line
}

// Progress draws a bar for done of total; an unknown total gives an empty bar.
func Progress(t *theme.Theme, done, total int64, width int) text.Safe {
	full := 0
	if total > 0 {
		full = int(float64(width) * float64(min(done, total)) / float64(total))
	}
	full = max(0, min(full, width))
	return t.Glyph.Full.Repeat(full).Add(t.Glyph.Empty.Repeat(width - full))
}
