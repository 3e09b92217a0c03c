package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/cmd/internal/console"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/live"
	"eventscope/cmd/internal/reading"
	"eventscope/cmd/internal/recent"
	"eventscope/cmd/internal/spelling"
	"eventscope/replay"
	"eventscope/tracing"
	"eventscope/tracing/merge"
	"eventscope/tui"
	"eventscope/tui/alert"
	"eventscope/tui/page"
	"eventscope/tui/text"
)

// screen is the command without a name.
func (p *program) screen(ctx context.Context, args []string) error {
	if err := p.checkURLs(args, p.commands); err != nil {
		return err
	}
	if err := p.checkTerminal(); err != nil {
		return err
	}
	start, err := p.flags.begin.Start(adapters.Newest(tui.NewestShown))
	if err != nil {
		return err
	}
	if p.asksWhat(args) {
		return p.start(ctx)
	}
	settings, err := p.loadUnconfirmed(args)
	if err != nil {
		return err
	}
	if len(args) > 0 {
		p.remember(settings.sources)
	}
	return p.showAll(ctx, &view{settings: settings, start: start, title: settings.context, session: &tui.Session{}})
}

func (p *program) checkTerminal() error {
	kind := p.getenv("TERM")
	switch dumb := kind == "" && runtime.GOOS != "windows" || kind == "dumb"; {
	case !console.IsTerminal(p.Stdin) || !console.IsTerminal(p.Stdout):
	case dumb:
		return &adapters.Problem{
			Doing: "open the screen", Cause: fmt.Sprintf("this terminal can only print lines (TERM=%s)", kind),
			Remedy: "use eventscope tail, flows or trace, or set TERM to what the terminal is", Kind: adapters.ErrUsage,
		}
	default:
		return nil
	}
	return &adapters.Problem{
		Doing: "open the screen", Cause: "this is not a terminal",
		Remedy: "use eventscope tail, flows or trace in pipes and scripts", Kind: adapters.ErrUsage,
	}
}

// view is what one screen is shown over.
type view struct {
	settings *settings
	start    adapters.Start
	title    string
	banner   string
	patient  bool // see live.Source
	stays    bool // it is shown even where no source could be opened
	session  *tui.Session
	warnings []string      // that could not be printed
	notify   *alert.Sender // nil where nobody is told
	next     *view         // what a person has chosen to see after it
	fault    func(ctx context.Context, words []string) (string, error)
	faults   []string

	index *reading.Index
	merge *merge.Merge // of what the sources read of the past
	live  []*live.Source

	stateFolder string // of the service; the usual one when empty
	service     *replay.Service
}

// show opens the sources behind the screen and shows it until the user quits.
func (p *program) show(ctx context.Context, v *view) error {
	var err error
	if v.notify, err = p.notify(v); err != nil {
		return err
	}
	v.settings.memory.LimitBesideScreen()
	for i := range v.settings.sources {
		v.settings.sources[i].Write = !v.settings.readOnly
		v.settings.sources[i].StateFolder = p.stateFolder()
	}
	config := v.settings.besideScreen()
	config.KeepRecent = true
	_, config.Fields = tui.FieldsOf(v.settings.file.ChosenColumns()["stream"])
	v.index = reading.StartIndex(config)
	defer v.index.Stop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var reading sync.WaitGroup
	v.open(ctx, cancel, p, &reading)
	if err := v.openService(p); err != nil {
		return err
	}
	if p.flags.log != "" {
		reading.Go(func() { v.logStatus(ctx, p) })
	}
	err = tui.Run(ctx, p.stage, v.options(p))
	cause := context.Cause(ctx)
	cancel(nil)
	reading.Wait()
	return screenEnd(p, err, cause)
}

// open starts to open and read the sources, in goroutines that running counts.
func (v *view) open(ctx context.Context, end context.CancelCauseFunc, p *program, running *sync.WaitGroup) {
	v.merge = merge.New(len(v.settings.sources), v.settings.memory.Merged(), v.index.Sync)
	running.Go(func() { v.merge.Run(ctx) })
	opening := make(chan error, len(v.settings.sources))
	for _, s := range v.settings.sources {
		l := live.New(s, p.Log)
		l.Patient = v.patient
		v.live = append(v.live, l)
		attach := func(adapter *driver.Source) adapters.Intake {
			past, now := v.index.AttachInOrder(reading.TracingSource(adapter))
			return v.merge.Attach(past, now, l.Past)
		}
		running.Go(func() { l.Run(ctx, v.start, attach, opening) })
	}
	if !v.stays {
		running.Go(func() { endWhenAllFail(ctx, end, opening, len(v.live)) })
	}
}

// openService opens the service of the screen over sources that may not be open yet.
func (v *view) openService(p *program) (err error) {
	config := replay.Config{Folder: v.stateFolder, Rules: v.settings.rules, Headers: v.settings.file.ReplayHeaders(), By: operator(), Nearest: spelling.Nearest, Told: p.logRun}
	_, config.Fields = tui.FieldsOf(v.settings.file.ChosenColumns()["letters"])
	config.Listed = v.settings.memory.Listed(len(config.Fields))
	if config.Folder == "" {
		config.Folder = p.stateFolder()
	}
	for _, l := range v.live {
		config.Sources = append(config.Sources, replay.Source{
			Name: l.Config.Name, Address: l.Config.Cluster(), URL: l.Config.WithoutSecrets().String(), Broker: l.Config.Driver.Broker, DeadLetters: live.Letters{Source: l}, TargetOf: l.Config.Driver.TargetOf, Fetch: l,
		})
	}
	v.service, err = replay.NewService(config)
	return err
}

// screenEnd is why the screen ended: the user's wish is no error.
func screenEnd(p *program, err, cause error) error {
	crash := (*tui.Crash)(nil)
	switch {
	case errors.As(err, &crash):
		p.Log.Error("the screen failed", "reason", crash.Reason, "stack", crash.Stack)
		return err
	case cause != nil:
		return cause
	case adapters.IsEnd(err):
		return nil
	}
	return err
}

// endWhenAllFail ends the screen when no source could be opened: there would be nothing
// to see on it.
func endWhenAllFail(ctx context.Context, end context.CancelCauseFunc, opening <-chan error, all int) {
	var failures []error
	for range all {
		select {
		case err := <-opening:
			if err == nil {
				return
			}
			failures = append(failures, err)
		case <-ctx.Done():
			return
		}
	}
	end(errors.Join(failures...))
}

// seek has all sources read again from start. What was read before is forgotten, so that nothing
// is there twice and all of it is in order.
func (v *view) seek(ctx context.Context, start adapters.Start) error {
	problems := make([]error, len(v.live))
	var holding sync.WaitGroup
	for i, l := range v.live {
		holding.Go(func() { problems[i] = l.Hold(ctx) })
	}
	holding.Wait()
	err := errors.Join(append(problems, v.merge.Again(ctx), v.index.Clear(ctx))...)
	for _, l := range v.live {
		l.Resume(start)
	}
	return err
}

// options are what the screen is given.
func (v *view) options(p *program) tui.Options {
	options := tui.Options{
		Querier: v.index.Store, Title: v.title, Banner: v.banner, Rules: v.settings.rules,
		ReadOnly: "READ-ONLY", Fault: v.fault, Faults: v.faults, History: v.history,
		NoColor: p.flags.noColor || p.flags.colour == "never" || p.getenv("NO_COLOR") != "", ASCII: !tui.UTF8Locale(p.getenv), Theme: v.settings.theme(),
	}
	options.Service, options.Write = v.service, !v.settings.readOnly
	options.Warnings = v.warnings
	options.Words = p.brokers.Words()
	options.Groups, options.Watched = v.settings.file.Services, v.settings.memory.Watched()
	if !v.settings.readOnly {
		options.ReadOnly = ""
	}
	if v.session != nil { // the demonstration has no other contexts
		options.Session, options.Color, options.Contexts = v.session, v.settings.color(), p.contexts(v.settings.file)
		options.SwitchTo = func(name string, typed bool) (func(), error) { return v.switchTo(p, name, typed) }
	}
	options.TraceCommand, options.WriteFlow = v.traceCommand(p), v.writeFlow
	folder := cmp.Or(v.stateFolder, p.stateFolder())
	options.Filters = recent.Filters(folder)
	options.SaveFilter = func(name, filter string) error { return recent.SaveFilter(folder, name, filter) }
	options.NoMouse = p.flags.noMouse || v.settings.file.Mouse.Value == "off"
	options.NoLinks = v.settings.file.Links.Value == "off" || !tui.KnowsLinks(p.getenv("TERM"))
	options.Keys = v.settings.file.OwnKeys()
	options.Columns = v.settings.file.ChosenColumns()
	options.Start, options.Seek, options.Nearest = v.start, v.seek, spelling.Nearest
	for _, l := range v.live {
		link, _ := text.ParseTemplate(l.Config.Link, page.LinkNames) // none, or one that was good in the config
		options.Sources = append(options.Sources, tui.Source{Name: l.Config.Name, Broker: l.Config.Driver.Broker, Status: l.Status, Lag: live.Lag{Source: l}, Unroutable: live.Lag{Source: l}, Topology: live.Topology{Source: l}, Link: link, History: l.History, Held: l.Held, Commands: l.Commands})
	}
	options.Notify = v.notify
	return options
}

// notify is how a person is told of news, by the flag or the config; nil where nobody asked for it.
func (p *program) notify(v *view) (*alert.Sender, error) {
	way, from := p.flags.notify, "--notify"
	if way == "" {
		way, from = v.settings.file.Notify.Value, "notify, in the config,"
	}
	if way == "" {
		return nil, nil
	}
	sender, err := alert.NewSender(way, v.title)
	if err != nil {
		return nil, exit.Usage("%s %q: %w", from, way, err)
	}
	return sender, nil
}

// theme is the config's, or "" to ask the terminal.
func (s *settings) theme() string {
	if s.file.Theme.Value == "auto" {
		return ""
	}
	return s.file.Theme.Value
}

// history searches the brokers for an id and puts what it finds into the index.
func (v *view) history(ctx context.Context, id string, since time.Duration, progress chan<- tui.HistoryProgress) error {
	var all []*driver.Source
	for _, l := range v.live {
		if adapter := l.Opened(); adapter != nil {
			all = append(all, adapter)
		}
	}
	config := v.settings.besideScreen()
	config.Memory /= 8 // beside the index on the screen, which may be full
	search := tracing.SearchConfig{ID: id, From: adapters.Ago(since), Sources: searchSources(all), Store: config}
	if len(search.Sources) == 0 {
		return fmt.Errorf("no source has a history to search: %w", errors.ErrUnsupported)
	}
	search.Progress = func(s tracing.SearchProgress) {
		select {
		case progress <- tui.HistoryProgress{Read: s.Read, Total: s.Expected}:
		default: // the screen has not looked yet
		}
	}
	found, err := tracing.Search(ctx, search)
	if err != nil {
		return err
	}
	defer found.Close()
	adopted := 0
	for _, match := range found.Matches {
		n, err := v.index.Adopt(ctx, found, match.Key)
		if err != nil {
			return err
		}
		adopted += n
	}
	select {
	case progress <- tui.HistoryProgress{Found: int64(adopted)}:
	case <-ctx.Done():
	}
	return errors.Join(found.Problems...)
}

// logStatus writes what happens to the sources into the log.
func (v *view) logStatus(ctx context.Context, p *program) {
	before := make([]adapters.Status, len(v.live))
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		for i, l := range v.live {
			now := l.Status()
			for _, notice := range reading.Changes(l.Config.Name, before[i], now) {
				p.Log.Warn(notice)
			}
			before[i] = now
		}
	}
}
