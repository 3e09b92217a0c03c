package kafka

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/kafka/recordbatch"
)

const (
	// fetchWait is how long a broker holds back an answer while it has nothing to send.
	fetchWait = 500 * time.Millisecond
	// emptyPause is what a fetcher waits after an answer that had nothing.
	emptyPause = 10 * time.Millisecond
)

// errSilent is why a log was not read to its end: the broker says that it goes on, and
// sends nothing of it.
var errSilent = errors.New("the broker sends nothing more")

// unending is the end of a log that is followed.
const unending = math.MaxInt64

// cursor is the place up to which one log was asked for. It belongs to one fetcher,
// or to the supervisor while its leader is not known.
type cursor struct {
	log  adapters.Log
	id   [16]byte // of the topic
	next int64    // the offset to ask for
	end  int64    // where to stop, or unending

	silence  time.Duration // for how long the broker has had nothing for any log that was asked for
	unserved time.Time     // since when no broker serves it, or zero
}

// part is what one answer has of one log.
type part struct {
	log      adapters.Log
	from     int64 // what was asked for
	end      int64 // leave out what is at or behind it
	response *kmsg.FetchResponseTopicPartition
}

// answer is what one broker sent for one request.
type answer struct {
	parts    []part
	finished int // logs of which nothing more will come
}

// returnedCursor is a cursor that its fetcher cannot serve, and why.
type returnedCursor struct {
	*cursor
	err error
	at  time.Time // when it came back
}

// fetcher asks one broker, again and again, for the logs it leads. It is one
// goroutine; arrivals is how the supervisor hands it cursors.
type fetcher struct {
	broker   *kgo.Broker
	config   *Config
	maxBytes int32 // of one answer

	answers  chan<- answer           // to the reader; blocks while the intake is full
	returned chan<- []returnedCursor // to the supervisor
	heard    func(part)              // told of each log of each answer
	unread   func(*cursor, error)    // told of a log that cannot be read to its end

	mu       sync.Mutex
	arrivals []*cursor
	wake     chan struct{} // room for one
}

// give hands cursors over.
func (f *fetcher) give(cursors []*cursor) {
	f.mu.Lock()
	f.arrivals = append(f.arrivals, cursors...)
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *fetcher) newCursors() []*cursor {
	f.mu.Lock()
	defer f.mu.Unlock()
	cursors := f.arrivals
	f.arrivals = nil
	return cursors
}

// run fetches until ctx ends.
func (f *fetcher) run(ctx context.Context) {
	var cursors []*cursor
	for ctx.Err() == nil {
		cursors = f.finish(ctx, append(cursors, f.newCursors()...))
		if len(cursors) == 0 {
			select {
			case <-f.wake:
			case <-ctx.Done():
			}
			continue
		}
		asked := time.Now()
		response, err := f.request(cursors).RequestWith(ctx, f.broker)
		if err == nil {
			err = kerr.ErrorForCode(response.ErrorCode)
		}
		if err != nil {
			cursors = f.returnAll(ctx, cursors, err)
			continue
		}
		var empty bool
		waited := time.Since(asked)
		if cursors, empty = f.handle(ctx, cursors, response); empty {
			f.breathe(ctx)
			cursors = f.count(ctx, cursors, waited+emptyPause)
		}
	}
}

// breathe keeps from asking in a tight loop a broker that does not hold back answers
// without news, as one does that throttles.
func (f *fetcher) breathe(ctx context.Context) {
	pause := time.NewTimer(emptyPause)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
	}
}

// count adds to the silence of cursors and gives up those of which it has lasted too
// long. An answer without news proves nothing: storage can be slow, and a broker can be
// told to hold back. Only the batches themselves, which say what follows them, prove that
// a log was read to its end.
func (f *fetcher) count(ctx context.Context, cursors []*cursor, silence time.Duration) []*cursor {
	for _, c := range cursors {
		if c.silence += silence; c.end != unending && c.next < c.end && c.silence >= f.config.patience {
			f.unread(c, errSilent)
			c.next = c.end
		}
	}
	return f.finish(ctx, cursors)
}

// finish takes out the cursors that came with nothing left to read.
func (f *fetcher) finish(ctx context.Context, cursors []*cursor) []*cursor {
	var out answer
	remaining := f.retire(cursors, &out)
	if out.finished > 0 {
		f.send(ctx, out)
	}
	return remaining
}

func (f *fetcher) send(ctx context.Context, out answer) {
	select {
	case f.answers <- out:
	case <-ctx.Done():
	}
}

// returnAll gives every cursor back because the broker does not answer.
func (f *fetcher) returnAll(ctx context.Context, cursors []*cursor, err error) []*cursor {
	returned := make([]returnedCursor, len(cursors))
	for i, c := range cursors {
		returned[i] = returnedCursor{cursor: c, err: err}
	}
	f.sendBack(ctx, returned)
	return nil
}

func (f *fetcher) sendBack(ctx context.Context, returned []returnedCursor) {
	if len(returned) == 0 {
		return
	}
	select {
	case f.returned <- returned:
	case <-ctx.Done():
	}
}

// request asks for all cursors, in their order: a broker fills its answer from the
// front, so handle puts those that got something to the back.
func (f *fetcher) request(cursors []*cursor) *kmsg.FetchRequest {
	request := newFetchRequest(f.maxBytes, f.config.Committed)
	request.MaxWaitMillis, request.MinBytes = int32(fetchWait.Milliseconds()), 1
	for _, c := range cursors {
		addLog(request, c.log, c.id, c.next, min(greatestPartition, f.maxBytes/4))
	}
	return request
}

// handle takes the answer apart: data goes to the reader, cursors the broker cannot
// serve go back, the others are returned in the order of the next request. It is empty if
// it had nothing of any log.
func (f *fetcher) handle(ctx context.Context, cursors []*cursor, response *kmsg.FetchResponse) (remaining []*cursor, empty bool) {
	found := f.match(cursors, response)
	var out answer
	var hungry, fed []*cursor
	var returned []returnedCursor
	for _, c := range cursors {
		p := found[c]
		if p == nil {
			returned = append(returned, returnedCursor{cursor: c, err: kerr.UnknownTopicOrPartition})
			continue
		}
		if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
			returned = append(returned, returnedCursor{cursor: c, err: err})
			continue
		}
		c.unserved = time.Time{}
		piece := part{log: c.log, from: c.next, end: c.end, response: p}
		f.heard(piece)
		if next := recordbatch.NextOffset(p.RecordBatches, c.next); next > c.next {
			c.next = next
			out.parts = append(out.parts, piece)
			fed = append(fed, c)
		} else {
			hungry = append(hungry, c)
		}
	}
	remaining = append(hungry, fed...)
	if len(fed) > 0 {
		for _, c := range remaining {
			c.silence = 0
		}
	}
	remaining = f.retire(remaining, &out)
	if len(out.parts) > 0 || out.finished > 0 {
		f.send(ctx, out)
	}
	f.sendBack(ctx, returned)
	return remaining, len(fed) == 0
}

// match finds the answer for each cursor. Brokers name topics by id since Kafka 3.1.
func (f *fetcher) match(cursors []*cursor, response *kmsg.FetchResponse) map[*cursor]*kmsg.FetchResponseTopicPartition {
	type place struct {
		name      string
		id        [16]byte
		partition int32
	}
	answers := make(map[place]*kmsg.FetchResponseTopicPartition, len(cursors))
	for i := range response.Topics {
		t := &response.Topics[i]
		for j := range t.Partitions {
			p := &t.Partitions[j]
			answers[place{t.Topic, t.TopicID, p.Partition}] = p
		}
	}
	found := make(map[*cursor]*kmsg.FetchResponseTopicPartition, len(cursors))
	for _, c := range cursors {
		p := answers[place{"", c.id, c.log.Partition}]
		if p == nil {
			p = answers[place{c.log.Destination, [16]byte{}, c.log.Partition}]
		}
		if p != nil {
			found[c] = p
		}
	}
	return found
}

// retire takes out the cursors that are at their end.
func (f *fetcher) retire(cursors []*cursor, out *answer) []*cursor {
	remaining := cursors[:0]
	for _, c := range cursors {
		if c.next >= c.end {
			out.finished++
			continue
		}
		remaining = append(remaining, c)
	}
	return remaining
}
