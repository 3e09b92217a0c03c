package replay

import (
	"context"
	"errors"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/replay/replaytest"
)

// reading is a broker that reads the names of targets in a way of its own.
type reading struct {
	*replaytest.Broker
	as  deadletter.Target
	err error
}

func (r reading) Target(context.Context, string) (deadletter.Target, error) { return r.as, r.err }

// TestANameIsReadAlikeByAllSources of its broker, or has to be written out. What other brokers make
// of it is nothing to it.
func TestANameIsReadAlikeByAllSources(t *testing.T) {
	away := errors.New("the broker is away")
	queue := func(as deadletter.Target, err error) Source {
		return Source{Name: "r", Broker: "rabbitmq", DeadLetters: reading{replaytest.New(adapters.Queue), as, err}}
	}
	log := Source{Name: "k", Broker: "kafka", DeadLetters: reading{replaytest.New(adapters.Topic), "another", nil}}
	for name, c := range map[string]struct {
		sources []Source
		want    deadletter.Target
		err     error
		says    string
	}{
		"one":               {[]Source{queue("shop:", nil), log}, "shop:", nil, ""},
		"alike":             {[]Source{log, queue(":shop", nil), queue(":shop", nil)}, ":shop", nil, ""},
		"otherwise":         {[]Source{queue(":shop", nil), log, queue("shop:", nil)}, "", adapters.ErrUsage, `cannot read the name "shop": to one source it is :shop, to another shop:; write one of these`},
		"one does not know": {[]Source{queue(":shop", nil), queue("", away)}, "", away, "the broker is away"},
	} {
		t.Run(name, func(t *testing.T) {
			service, err := NewService(Config{Folder: t.TempDir(), Sources: c.sources})
			if err != nil {
				t.Fatal(err)
			}
			got, err := service.Target(t.Context(), "rabbitmq", "shop")
			if !errors.Is(err, c.err) || err == nil && got != c.want || err != nil && err.Error() != c.says {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// nameless is a broker that fails to say which one it is, or cannot.
type nameless struct {
	*replaytest.Broker
	err error
}

func (n nameless) Cluster(context.Context) (string, error) { return "", n.err }

// TestASourceThatDoesNotSayWhichItIsHasNoLetters, since nobody could tell what was done about them;
// one that has no name for itself is known by where it is.
func TestASourceThatDoesNotSayWhichItIsHasNoLetters(t *testing.T) {
	for _, c := range []struct {
		err  error
		dlqs int
	}{{adapters.ErrNotConnected, 1}, {errors.ErrUnsupported, 2}} {
		well, other := sourceOf(replaytest.New(adapters.Topic, "a")), elsewhere(replaytest.New(adapters.Topic, "b"))
		other.Cluster, other.Address, other.DeadLetters = "", "kafka://there", nameless{replaytest.New(adapters.Topic, "b"), c.err}
		service, err := NewService(Config{Folder: t.TempDir(), Sources: []Source{well, other}})
		if err != nil {
			t.Fatal(err)
		}
		dlqs, err := service.DLQs(t.Context())
		if told := (*adapters.SourceError)(nil); len(dlqs) != c.dlqs || c.dlqs == 1 && (!errors.As(err, &told) || told.Source != "elsewhere" || !errors.Is(err, c.err)) {
			t.Errorf("%v: %d destinations, %v", c.err, len(dlqs), err)
		}
		if c.dlqs == 2 && (err != nil || dlqs[1].Source.Cluster != "kafka://there") {
			t.Errorf("it is known as %q, %v", dlqs[1].Source.Cluster, err)
		}
	}
}

// TestAPlanIsAboutItsOwnDestinationAlone: another of the source, or one of its name elsewhere, is not.
func TestAPlanIsAboutItsOwnDestinationAlone(t *testing.T) {
	plan := &Plan{Parts: []Part{{Source: "one", DLQ: "dlq"}, {Source: "two", DLQ: "other"}}}
	for about, want := range map[[2]string]bool{{"one", "dlq"}: true, {"two", "other"}: true, {"one", "other"}: false, {"two", "dlq"}: false, {"", "dlq"}: false} {
		for _, source := range []Source{{Cluster: about[0]}, {Cluster: "id", Address: about[0]}} {
			if got := plan.About(&DLQ{source, deadletter.Queue{Name: about[1]}}); got != want {
				t.Errorf("about %s of %q: %v", about[1], about[0], got)
			}
		}
	}
}
