package main

import (
	"context"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"eventscope/cmd/internal/config"
	"eventscope/cmd/internal/recent"
	"eventscope/cmd/internal/source"
	"eventscope/tui"
	"eventscope/tui/startpage"
)

// The groups of choices on the start page.
const (
	ofContexts = "contexts of the config"
	ofRecent   = "looked at last"
	ofFound    = "brokers on this machine"
	ofDemo     = "demonstration"
)

// probeLimit is how long a broker on this machine may take to accept a connection.
const probeLimit = 300 * time.Millisecond

// asksWhat reports whether neither arguments nor config say what to look at.
func (p *program) asksWhat(args []string) bool {
	if len(args) > 0 || p.flags.context != "" {
		return false
	}
	file, err := config.Load(p.flags.config, p.getenv, p.brokers)
	return err == nil && file.Current.Value == ""
}

// start shows what could be looked at, and opens what is chosen.
func (p *program) start(ctx context.Context) error {
	file, err := config.Load(p.flags.config, p.getenv, p.brokers)
	if err != nil {
		return err
	}
	lists := recent.Read(p.stateFolder())
	chosen, ok, err := startpage.Run(ctx, p.stage, startpage.Options{
		Choices: choices(file, lists), Find: p.findBrokers, Before: ofDemo,
		NoColor: p.flags.noColor || p.getenv("NO_COLOR") != "", ASCII: !tui.UTF8Locale(p.getenv), Light: file.Theme.Value == "light",
	})
	switch {
	case err != nil || !ok:
		return err
	case chosen.Group == ofDemo:
		return (&demonstration{program: p, seed: 1}).run(ctx, nil)
	case chosen.Group == ofContexts:
		p.flags.context = chosen.Name
		return p.screen(ctx, nil)
	case chosen.Group == ofRecent:
		i := slices.IndexFunc(lists, func(urls []string) bool { return strings.Join(urls, " ") == chosen.Name })
		return p.screen(ctx, lists[i])
	}
	return p.screen(ctx, []string{chosen.Name})
}

// choices are those that are known at once.
func choices(file *config.File, lists [][]string) (all []startpage.Choice) {
	for _, name := range slices.Sorted(maps.Keys(file.Contexts)) {
		all = append(all, startpage.Choice{Group: ofContexts, Name: name, About: about(file.Contexts[name])})
	}
	for _, urls := range lists {
		all = append(all, startpage.Choice{Group: ofRecent, Name: strings.Join(urls, " ")})
	}
	return append(all, startpage.Choice{Group: ofDemo, Name: "eventscope demo", About: "an order system inside this process; no broker needed"})
}

// findBrokers looks at the usual ports of this machine for something that accepts a connection,
// all at the same time. Nothing is sent.
func (p *program) findBrokers(ctx context.Context) []startpage.Choice {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	var probing sync.WaitGroup
	var found []startpage.Choice
	var mutex sync.Mutex
	for _, driver := range p.brokers {
		for _, scheme := range driver.Schemes {
			if scheme.TLS || scheme.Port == "" {
				continue
			}
			probing.Go(func() {
				address := net.JoinHostPort("localhost", scheme.Port)
				conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
				if err != nil {
					return
				}
				_ = conn.Close()
				mutex.Lock()
				defer mutex.Unlock()
				found = append(found, startpage.Choice{Group: ofFound, Name: scheme.Name + "://" + address, About: driver.Product + "'s usual port answers"})
			})
		}
	}
	probing.Wait()
	slices.SortFunc(found, func(a, b startpage.Choice) int { return strings.Compare(a.Name, b.Name) })
	return found
}

// remember notes what is looked at for the next start, without passwords. That it cannot is no
// reason not to look.
func (p *program) remember(sources []source.Source) {
	var urls []string
	for _, s := range sources {
		urls = append(urls, s.WithoutSecrets().String())
	}
	if err := recent.Save(p.stateFolder(), urls); err != nil {
		p.Log.Warn(err.Error())
	}
}
