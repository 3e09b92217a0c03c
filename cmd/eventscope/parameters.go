package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"eventscope/cmd/internal/source"
)

// parameterHelp explains the parameters that URLs may have, a line each.
func parameterHelp(brokers source.Drivers) string {
	all, width := brokers.Parameters(), 0
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

// parameterTable is the same for the manual.
func parameterTable(brokers source.Drivers) string {
	var b strings.Builder
	b.WriteString("| Parameter | Of | Does |\n| --- | --- | --- |\n")
	for _, p := range brokers.Parameters() {
		of := strings.Join(p.Products, ", ")
		fmt.Fprintf(&b, "| `%s=%s` | %s | %s |\n", p.Name, p.Value, cmp.Or(of, "all"), p.Says)
	}
	return b.String()
}

// completeURLs completes schemes, and behind the question mark of a URL its parameters, for all
// commands that take URLs.
func (p *program) completeURLs(commands []*cobra.Command) {
	for _, command := range commands {
		if strings.Contains(command.Use, "URL...") && command.ValidArgsFunction == nil {
			command.ValidArgsFunction = p.completeURL
		}
		p.completeURLs(command.Commands())
	}
}

// completeURL completes what of a URL is written so far.
func (p *program) completeURL(_ *cobra.Command, _ []string, begun string) (words []string, _ cobra.ShellCompDirective) {
	const directive = cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	scheme, _, found := strings.Cut(begun, "://")
	mark := strings.LastIndexAny(begun, "?&") + 1
	for _, kind := range p.brokers {
		for _, known := range kind.Schemes {
			switch {
			case !found:
				words = append(words, known.Name+"://\t"+kind.Product)
			case strings.EqualFold(known.Name, scheme) && mark > 0:
				for _, parameter := range p.brokers.Parameters() {
					if parameter.IsOf(kind) {
						words = append(words, begun[:mark]+parameter.Name+"=\t"+parameter.Says)
					}
				}
			}
		}
	}
	words = slices.DeleteFunc(words, func(word string) bool { return !strings.HasPrefix(word, begun) })
	return words, directive
}
