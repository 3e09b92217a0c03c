package main

import (
	"fmt"

	// Both make a manual page of what cobra knows.
	mango "github.com/muesli/mango-cobra"
	"github.com/muesli/roff"
	"github.com/spf13/cobra"
)

// manCommand prints the manual page of all commands, for packages.
func (p *program) manCommand() *cobra.Command {
	return &cobra.Command{
		Use: "man", Short: "Print the manual page", Args: cobra.NoArgs, DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			page, err := mango.NewManPage(1, cmd.Root())
			if err == nil {
				_, err = fmt.Fprint(p.Stdout, page.Build(roff.NewDocument()))
			}
			p.err = err
			return nil
		},
	}
}
