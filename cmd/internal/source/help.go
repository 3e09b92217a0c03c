package source

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Help explains the parameters that URLs may have, a line each.
func (d Drivers) Help() string {
	all, width := d.Parameters(), 0
	for _, p := range all {
		width = max(width, len(p.Name+"="+p.Value))
	}
	var b strings.Builder
	for _, p := range all {
		fmt.Fprintf(&b, "\n  %-*s  %s", width, p.Name+"="+p.Value, p.Says)
		if p.Products != nil {
			fmt.Fprintf(&b, " (%s)", strings.Join(p.Products, ", "))
		}
	}
	return b.String()
}

// Table is the same for the manual.
func (d Drivers) Table() string {
	var b strings.Builder
	b.WriteString("| Parameter | Of | Does |\n| --- | --- | --- |\n")
	for _, p := range d.Parameters() {
		of := strings.Join(p.Products, ", ")
		fmt.Fprintf(&b, "| `%s=%s` | %s | %s |\n", p.Name, p.Value, cmp.Or(of, "all"), p.Says)
	}
	return b.String()
}

// Complete completes what of a URL is written so far, in the form of cobra's completions: the
// scheme, and behind the question mark the names of parameters.
func (d Drivers) Complete(begun string) (words []string) {
	scheme, _, found := strings.Cut(begun, "://")
	mark := strings.LastIndexAny(begun, "?&") + 1
	for _, kind := range d {
		for _, known := range kind.Schemes {
			switch {
			case !found:
				words = append(words, known.Name+"://\t"+kind.Product)
			case strings.EqualFold(known.Name, scheme) && mark > 0:
				for _, parameter := range d.Parameters() {
					if parameter.IsOf(kind) {
						words = append(words, begun[:mark]+parameter.Name+"=\t"+parameter.Says)
					}
				}
			}
		}
	}
	return slices.DeleteFunc(words, func(word string) bool { return !strings.HasPrefix(word, begun) })
}
