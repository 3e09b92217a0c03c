package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	// The client of the API that all registries have, of the author of the client for Kafka.
	// It reads answers without a bound and follows to any host, which transport.go mends.
	"github.com/twmb/franz-go/pkg/sr"
	"golang.org/x/time/rate"

	"eventscope/adapters"
	"eventscope/adapters/payload"
	"eventscope/adapters/payload/mask"
	"eventscope/adapters/registry/files"
	"eventscope/adapters/schemas"
)

const (
	// maxAtOnce and perSecond bound what a registry is asked.
	maxAtOnce = 4
	perSecond = 20
	// maxPending is how many ids may wait for their answers.
	maxPending = 1024
	// maxKept is how much schemas may take, in bytes, and maxEntries how many answers there are.
	maxKept    = 32 << 20
	maxEntries = 16384
	// graphBytes is how much a compiled schema takes for each byte of its text.
	graphBytes = 10
)

// Registry remembers what one registry said, and knows what files say.
type Registry struct {
	name    string
	client  *sr.Client
	limiter *rate.Limiter
	free    chan struct{} // a place for each question that may be asked now
	http    *http.Client
	later   *later
	login   *logins
	late    atomic.Bool // the latest question took longer than messages wait
	bases   []string
	files   *files.Files
	masks   *mask.Rules

	ctx    context.Context
	cancel context.CancelFunc
	asking sync.WaitGroup

	mu      sync.RWMutex
	entries map[schemas.Ref]*entry
	pending int
	kept    int
	outage  outage
	// strangers are what destinations asked for in vain.
	strangers strangers

	unread unread
}

// entry is what is known of an id.
type entry struct {
	ref     schemas.Ref
	done    chan struct{} // closed when it was answered
	located chan struct{} // closed when it is known, too, of which subject it is a version, if it is ever
	schema  *schemas.Schema
	err     error
	until   time.Time // when an error is no longer believed; zero is for ever
	misses  int
	// destination is whose message asked first.
	destination string
}

// answered reports whether there is an answer; what it was does not change any more.
func (e *entry) answered() bool {
	select {
	case <-e.done:
		return true
	default:
		return false
	}
}

// found is the schema, or nil while it is not known.
func (e *entry) found() *schemas.Schema {
	if !e.answered() {
		return nil
	}
	return e.schema
}

// holds reports whether an answer is there and is believed now.
func (e *entry) holds(now time.Time) bool {
	return e.answered() && (e.until.IsZero() || now.Before(e.until))
}

// mayCome reports whether there is no schema yet, and whether there may be one later.
func (e *entry) mayCome() bool {
	return !e.answered() || e.schema == nil && !errors.Is(e.err, errors.ErrUnsupported)
}

// Open prepares to ask a registry, and asks nothing yet. It fails with [adapters.ErrUsage].
func Open(c Config) (*Registry, error) {
	bases, hosts, err := c.bases()
	if err != nil {
		return nil, err
	}
	later := &later{}
	login := &logins{user: c.User, password: c.Password, token: c.Token, cluster: c.Cluster, pool: c.IdentityPool}
	ctx, cancel := context.WithCancel(context.Background())
	if c.OAuth != nil {
		if login.tokens, err = newTokens(ctx, c.OAuth, newClient(nil, c.OAuth.TLS, later, nil)); err != nil {
			cancel()
			return nil, err
		}
	}
	web := newClient(hosts, c.TLS, later, login)
	options := []sr.ClientOpt{sr.URLs(bases...), sr.HTTPClient(web), sr.UserAgent("eventscope")}
	if c.Context != "" {
		options = append(options, sr.DefaultSchemaContext(c.Context))
	}
	var client *sr.Client
	if len(bases) > 0 {
		if client, err = sr.NewClient(options...); err != nil {
			cancel()
			return nil, usage(err.Error())
		}
	}
	r := &Registry{
		name: strings.Join(hosts, ","), client: client, http: web, later: later, login: login, limiter: rate.NewLimiter(perSecond, perSecond),
		free: make(chan struct{}, maxAtOnce), bases: bases, files: c.Files, masks: c.Masks, strangers: strangers{of: map[string]*stranger{}}, entries: map[schemas.Ref]*entry{},
	}
	r.ctx, r.cancel = ctx, cancel
	return r, nil
}

// Close ends all questions.
func (r *Registry) Close() {
	r.mu.Lock() // no question begins behind this
	r.cancel()
	r.mu.Unlock()
	r.asking.Wait()
	if r.login.tokens != nil {
		r.login.tokens.close()
	}
	r.http.CloseIdleConnections()
}

// Schema waits for a schema, and for where the registry has it. An error is an [*adapters.Problem],
// or that of ctx.
func (r *Registry) Schema(ctx context.Context, ref schemas.Ref) (*schemas.Schema, error) {
	e := r.entry("", ref, time.Now())
	select {
	case <-e.located:
		return e.schema, e.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Registry implements [schemas.Finder]: the host of the registry.
func (r *Registry) Registry() string { return r.name }

// Assigned implements [schemas.Assigner]: what files say.
func (r *Registry) Assigned(destination string, part schemas.Part) *schemas.Assigned {
	return r.files.Assigned(destination, part)
}

// Mask is what must not be shown of the messages of a destination, or nil.
func (r *Registry) Mask(destination string) *mask.Mask { return r.masks.Of(destination) }

// local is a schema that needs no question, or why there is none; neither where the registry
// is to be asked.
func (r *Registry) local(ref schemas.Ref) (*schemas.Schema, error) {
	if ref.By == schemas.ByFingerprint {
		if known := r.files.Fingerprinted(ref.ID); known != nil {
			return known, nil
		}
	}
	if ref.By == schemas.ByGlueVersion || ref.By == schemas.ByAzureID {
		if known := r.files.Named(ref.GUID); known != nil {
			return known, nil
		}
		return nil, payload.ErrNoRegistry // that is asked
	}
	if len(r.bases) == 0 || ref.By == schemas.ByFile {
		return nil, payload.ErrNoRegistry
	}
	return nil, nil
}

// Find implements [schemas.Finder]. It asks for a schema the first time.
func (r *Registry) Find(destination string, ref schemas.Ref) (*schemas.Schema, error) {
	if known, err := r.local(ref); known != nil || err != nil {
		return known, err
	}
	e := r.entry(destination, ref, time.Now())
	if !e.answered() {
		return nil, schemas.ErrPending
	}
	return e.schema, e.err
}

// entry is what is known of a schema, or a new question. One that was not asked for, since nobody
// is asked now, is kept until somebody is.
func (r *Registry) entry(destination string, ref schemas.Ref, now time.Time) *entry {
	r.mu.RLock()
	old := r.entries[ref]
	r.mu.RUnlock()
	if old != nil && old.holds(now) { // as nearly always
		return old
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	old = r.entries[ref]
	if old != nil && (old.until.IsZero() || now.Before(old.until)) {
		return old
	}
	made := &entry{ref: ref, done: make(chan struct{}), located: make(chan struct{})}
	if old != nil {
		made.misses = old.misses
	}
	why := r.outage.on(now)
	switch {
	case r.pending >= maxPending:
		why = fmt.Errorf("%w: %d schemas are asked for at once", adapters.ErrBusy, r.pending)
	case why == nil && old == nil:
		why = r.strangers.refuse(destination)
	}
	if why != nil || r.ctx.Err() != nil {
		made.err = errors.Join(why, r.ctx.Err())
		close(made.done)
		close(made.located)
		if until := r.outage.until; now.Before(until) { // so that each of many messages finds it
			made.until = until
			r.entries[ref] = made
			r.makeRoom()
		}
		return made
	}
	made.destination = destination
	r.entries[ref] = made
	r.pending++
	r.strangers.asked(destination)
	r.asking.Go(func() { r.ask(ref, made) })
	return made
}

// makeRoom forgets answers while there are too many, those first that were no schemas: they can
// be asked for again.
func (r *Registry) makeRoom() {
	for _, schemas := range []bool{false, true} {
		for id, old := range r.entries {
			if r.kept <= maxKept && len(r.entries) < maxEntries {
				return
			}
			if old.answered() && (old.schema != nil) == schemas {
				r.kept -= sizeOf(old.schema)
				delete(r.entries, id)
			}
		}
	}
}

// sizeOf is what a schema takes in memory, about, with the graph that was made of it.
func sizeOf(s *schemas.Schema) int {
	if s == nil {
		return 0
	}
	n := len(s.Text)
	for _, text := range s.References {
		n += len(text)
	}
	if s.Reader != nil {
		n *= graphBytes
	}
	return n
}

// ask answers one entry.
func (r *Registry) ask(ref schemas.Ref, e *entry) {
	schema, err := r.inTurn(ref)
	verdict, told := r.judge(ref, err)
	r.tell(e, schema, verdict, told)
	r.locate(schema, e.destination)
	close(e.located)
}

// tell answers whoever waits for an entry.
func (r *Registry) tell(e *entry, schema *schemas.Schema, verdict verdict, told error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	switch e.schema, e.err = schema, told; verdict {
	case answered, refused:
		r.outage.end()
	case unknown:
		r.outage.end()
		e.until = now.Add(doubled(firstMiss, e.misses, longestMiss))
		e.misses++
	case failing:
		r.outage.fail(told, now, r.later.take())
		e.until = r.outage.until
	case notAsked:
		if e.until = r.outage.until; e.until.IsZero() { // which is over
			e.until = now
		}
	}
	r.kept += sizeOf(schema)
	if verdict != notAsked && verdict != failing {
		r.late.Store(false)
	}
	r.pending--
	r.strangers.answered(e.destination, verdict == unknown && e.misses == 1)
	r.makeRoom()
	close(e.done)
}

// inTurn asks when it is its turn.
func (r *Registry) inTurn(ref schemas.Ref) (*schemas.Schema, error) {
	ctx := r.ctx
	select {
	case r.free <- struct{}{}:
		defer func() { <-r.free }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := r.limiter.Wait(ctx); err != nil {
		return nil, err
	}
	r.mu.Lock()
	why := r.outage.on(time.Now())
	r.mu.Unlock()
	if why != nil { // since it was asked for
		return nil, &inOutage{why}
	}
	return r.fetch(ctx, ref)
}
