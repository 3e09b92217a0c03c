package versions

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"eventscope/adapters/figure"
)

// WrittenBy are the services that write a version, with their shares where there are several.
func (v *Version) WrittenBy() string {
	var said []string
	for _, w := range v.Writers {
		name := cmp.Or(w.Service, "unknown")
		if len(v.Writers) > 1 {
			name = fmt.Sprintf("%s %.0f%%", name, float64(w.Events)*100/float64(max(v.Events, 1)))
		}
		said = append(said, name)
	}
	if v.Others > 0 {
		said = append(said, "others")
	}
	return strings.Join(said, ", ")
}

// Told says who could not read v: "payment: STALL at orders/0@81, the first of v3 there".
func (b *Broke) Told(v *Version) string {
	if b.Letters == 0 {
		return fmt.Sprintf("%s: %s at %s, the first of %s there, %s to read", b.Group, b.State, b.At, v.Name, figure.Count(b.Lag))
	}
	said := fmt.Sprintf("%s: %s dead letters since %s", cmp.Or(b.Group, "a consumer"), figure.Count(b.Letters), b.At)
	if b.Exception != "" {
		said += ", " + b.Exception
	}
	return said
}

// ToldEarlier is a consumer in words that stands before all that was read.
func (b *Broke) ToldEarlier() string {
	return fmt.Sprintf("%s: %s at %s, before what was read, so that it is not known whether a version stopped it: read from earlier", b.Group, b.State, b.At)
}

// Told is a change in words, with the whole path of what changed: "payload.amount: int → string".
func Told(c *Change) string {
	name := c.Path[strings.LastIndexByte(c.Path, '.')+1:]
	if name == c.Path || strings.Contains(c.Text, c.Path) {
		return c.Text
	}
	for _, sign := range []string{"", "+ ", "- "} {
		if rest, ok := strings.CutPrefix(c.Text, sign+name); ok {
			return sign + c.Path + rest
		}
	}
	return c.Text + " (in " + c.Path + ")"
}

// SchemaText is the schema in lines, or "" where it is not known: registries keep JSON in one.
func (v *Version) SchemaText() string {
	if v.Schema == nil {
		return ""
	}
	var lines bytes.Buffer
	if json.Indent(&lines, []byte(v.Schema.Text), "", "  ") != nil {
		return v.Schema.Text
	}
	return lines.String()
}
