package tui

import (
	"eventscope/tracing/lag"
	"eventscope/tui/comparepage"
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
	s, o := m.shell, m.shell.options
	s.filter = &page.EventFilter{Screen: s, Querier: o.Querier}
	files := page.Files{SaveFolder: o.SaveFolder, Editor: o.Editor}
	s.compares = &comparepage.Config{Screen: s, Querier: o.Querier, Rules: o.Rules, Files: files}
	s.events = &eventpage.Config{Screen: s, Querier: o.Querier, Rules: o.Rules, Words: o.Words, Files: files, Letters: s}
	s.lags = lagpage.NewModel(&lagpage.Config{Screen: s, Sources: o.Sources, Watched: o.Watched, Events: s.events, Columns: o.Columns[ofLag], Dead: func() map[lag.Key]bool { return s.letters.Queues() }})
	known := &topologypage.Config{Screen: s, Querier: o.Querier, Sources: o.Sources, Words: o.Words, Groups: o.Groups}
	if s.lags != nil {
		known.Lags = s.lags
	}
	s.topology = topologypage.NewModel(known)
	s.flows = &flowpage.Config{Screen: s, Querier: o.Querier, Filter: s.filter, History: o.History != nil, Services: s.topology, Preview: s.events.NewPreview(true, flowBeside), Columns: o.Columns[ofFlows]}
	s.home = streampage.New(&streampage.Config{Screen: s, Querier: o.Querier, Filter: s.filter, Sources: o.Sources, Words: o.Words, Preview: s.events.NewPreview(false, streamBeside), Columns: o.Columns[ofStream], Fields: fieldNames(o.Columns[ofStream]), WhenEmpty: o.Empty})
	m.flows = flowpage.NewList(s.flows)
	m.tabs = []tab{{1, s.home}, {2, m.flows}}
	if s.lags != nil {
		m.tabs = append(m.tabs, tab{3, lagpage.NewList(s.lags)})
	}
	if o.Service != nil {
		s.letters = letterpage.NewModel(&letterpage.Config{Screen: s, Service: o.Service, Write: o.Write, Words: o.Words, Events: s.events, Columns: o.Columns[ofLetters], Fields: fieldNames(o.Columns[ofLetters])})
		m.tabs = append(m.tabs, tab{4, letterpage.NewDLQs(s.letters)})
	}
	m.tabs = append(m.tabs, tab{5, topologypage.New(s, s.topology, files)})
	if o.Service != nil {
		m.tabs = append(m.tabs, tab{6, letterpage.NewJournal(s.letters)})
	}
	counted := &schemapage.Config{Screen: s, Counted: o.Querier, Files: files}
	if s.lags != nil {
		counted.Lags = s.lags
	}
	m.tabs = append(m.tabs, tab{7, schemapage.NewList(schemapage.NewModel(counted))})
	s.pages = []page.Page{s.home}
}
