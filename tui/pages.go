package tui

import (
	"eventscope/tracing/lag"
	"eventscope/tui/eventpage"
	"eventscope/tui/flowpage"
	"eventscope/tui/lagpage"
	"eventscope/tui/letterpage"
	"eventscope/tui/page"
	"eventscope/tui/schemapage"
	"eventscope/tui/streampage"
	"eventscope/tui/topologypage"
)

// tab is a first page and the number that leads to it.
type tab struct {
	number int
	page   page.Page
}

// The widths from which the preview of an event is beside the list: a timeline is wider.
const streamBeside, flowBeside = 116, 150

// makePages makes the first pages, and what those behind them work with.
func (m *Model) makePages() {
	d, o := m.shell, m.shell.options
	d.filter = &page.EventFilter{Screen: d, Querier: o.Querier}
	d.events = &eventpage.Config{Screen: d, Querier: o.Querier, Rules: o.Rules, Words: o.Words, Files: page.Files{SaveFolder: o.SaveFolder, Editor: o.Editor}, Letters: d}
	d.lags = lagpage.NewModel(&lagpage.Config{Screen: d, Sources: o.Sources, Watched: o.Watched, Events: d.events, Dead: func() map[lag.Key]bool { return d.letters.Queues() }})
	known := &topologypage.Config{Screen: d, Querier: o.Querier, Sources: o.Sources, Words: o.Words, Groups: o.Groups}
	if d.lags != nil {
		known.Lags = d.lags
	}
	d.topology = topologypage.NewModel(known)
	d.flows = &flowpage.Config{Screen: d, Querier: o.Querier, Filter: d.filter, History: o.History != nil, Services: d.topology, Preview: d.events.NewPreview(true, flowBeside)}
	d.home = streampage.New(&streampage.Config{Screen: d, Querier: o.Querier, Filter: d.filter, Sources: o.Sources, Words: o.Words, Preview: d.events.NewPreview(false, streamBeside), WhenEmpty: o.Empty})
	m.flows = flowpage.NewList(d.flows)
	m.tabs = []tab{{1, d.home}, {2, m.flows}}
	if d.lags != nil {
		m.tabs = append(m.tabs, tab{3, lagpage.NewList(d.lags)})
	}
	if o.Service != nil {
		d.letters = letterpage.NewModel(&letterpage.Config{Screen: d, Service: o.Service, Write: o.Write, Words: o.Words, Events: d.events})
		m.tabs = append(m.tabs, tab{4, letterpage.NewDLQs(d.letters)})
	}
	m.tabs = append(m.tabs, tab{5, topologypage.New(d, d.topology, d.events.Files)})
	if o.Service != nil {
		m.tabs = append(m.tabs, tab{6, letterpage.NewJournal(d.letters)})
	}
	counted := &schemapage.Config{Screen: d, Counted: o.Querier}
	if d.lags != nil {
		counted.Lags = d.lags
	}
	m.tabs = append(m.tabs, tab{7, schemapage.NewList(schemapage.NewModel(counted))})
	d.pages = []page.Page{d.home}
}
