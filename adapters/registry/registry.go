package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	// The client of the API that all registries have, of the author of the client for Kafka.
	// It reads answers without a bound and follows to any host, which transport.go mends.
	"github.com/twmb/franz-go/pkg/sr"
	"golang.org/x/time/rate"

	"eventscope/adapters"
	"eventscope/adapters/payload/avro"
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

// Schema is what an id stands for. It never changes.
type Schema struct {
	// ID is the id in the registry that was asked, and in its context.
	ID uint32
	// Format is AVRO, PROTOBUF or JSON.
	Format string
	// Text is the schema, and References are those that it refers to, each before those
	// that refer to it.
	Text       string
	References []string
	// Avro reads values of the schema; nil for other formats.
	Avro *avro.Schema
}

// Registry remembers what one registry said.
type Registry struct {
	name    string
	client  *sr.Client
	limiter *rate.Limiter
	free    chan struct{} // a place for each question that may be asked now
	http    *http.Client
	later   *later

	ctx    context.Context
	cancel context.CancelFunc
	asking sync.WaitGroup

	mu      sync.Mutex
	entries map[uint32]*entry
	pending int
	kept    int
	outage  outage
}

// entry is what is known of an id.
type entry struct {
	done   chan struct{} // closed when it was answered
	schema *Schema
	err    error
	until  time.Time // when an error is no longer believed; zero is for ever
	misses int
}

// Open prepares to ask a registry, and asks nothing yet. It fails with [adapters.ErrUsage].
func Open(c Config) (*Registry, error) {
	bases, hosts, err := c.bases()
	if err != nil {
		return nil, err
	}
	later := &later{}
	web := newClient(hosts, c.TLS, later)
	options := []sr.ClientOpt{sr.URLs(bases...), sr.HTTPClient(web), sr.UserAgent("eventscope")}
	switch {
	case c.User != "":
		options = append(options, sr.BasicAuth(c.User, c.Password))
	case c.Token != "":
		options = append(options, sr.BearerToken(c.Token))
	}
	if c.Context != "" {
		options = append(options, sr.DefaultSchemaContext(c.Context))
	}
	client, err := sr.NewClient(options...)
	if err != nil {
		return nil, usage(err.Error())
	}
	r := &Registry{
		name: strings.Join(hosts, ","), client: client, http: web, later: later, limiter: rate.NewLimiter(perSecond, perSecond),
		free: make(chan struct{}, maxAtOnce), entries: map[uint32]*entry{},
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r, nil
}

// Name is the host of the registry.
func (r *Registry) Name() string { return r.name }

// Close ends all questions.
func (r *Registry) Close() {
	r.mu.Lock() // no question begins behind this
	r.cancel()
	r.mu.Unlock()
	r.asking.Wait()
	r.http.CloseIdleConnections()
}

// Schema waits for a schema. An error is an [*adapters.Problem], or that of ctx.
func (r *Registry) Schema(ctx context.Context, id uint32) (*Schema, error) {
	e := r.entry(id)
	select {
	case <-e.done:
		return e.schema, e.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Known tells a schema without waiting. It fails with [ErrPending] while the answer is on
// its way, for which it asks the first time.
func (r *Registry) Known(id uint32) (*Schema, error) {
	e := r.entry(id)
	select {
	case <-e.done:
		return e.schema, e.err
	default:
		return nil, ErrPending
	}
}

// entry is what is known of an id, or a new question.
func (r *Registry) entry(id uint32) *entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	old := r.entries[id]
	if old != nil && (old.until.IsZero() || now.Before(old.until)) {
		return old
	}
	made := &entry{done: make(chan struct{})}
	if old != nil {
		made.misses = old.misses
	}
	why := r.outage.on(now)
	if r.pending >= maxPending {
		why = fmt.Errorf("%w: %d schemas are asked for at once", adapters.ErrBusy, r.pending)
	}
	if why != nil || r.ctx.Err() != nil {
		made.err = errors.Join(why, r.ctx.Err())
		close(made.done)
		return made
	}
	r.entries[id] = made
	r.pending++
	r.asking.Go(func() { r.ask(id, made) })
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
			select {
			case <-old.done:
				if (old.schema != nil) == schemas {
					r.kept -= old.schema.size()
					delete(r.entries, id)
				}
			default:
			}
		}
	}
}

// size is what it takes in memory, about, with the graph that was made of it.
func (s *Schema) size() int {
	if s == nil {
		return 0
	}
	n := len(s.Text)
	for _, text := range s.References {
		n += len(text)
	}
	if s.Avro != nil {
		n *= graphBytes
	}
	return n
}

// ask answers one entry.
func (r *Registry) ask(id uint32, e *entry) {
	schema, err := r.inTurn(id)
	verdict, told := r.judge(id, err)
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
	r.kept += schema.size()
	r.pending--
	r.makeRoom()
	close(e.done)
}

// inTurn asks when it is its turn.
func (r *Registry) inTurn(id uint32) (*Schema, error) {
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
	return r.fetch(ctx, id)
}
