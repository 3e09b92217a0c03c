package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui"
	"eventscope/tui/tuitest"
)

// refused makes a source as it is when its broker is not there.
func refused(status *adapters.Status) {
	status.Connection, status.Since = adapters.Lost, time.Now()
	status.Err = &adapters.Problem{Doing: "connect to kafka 127.0.0.1:9092", Cause: "connection \x1b[31mrefused", Remedy: "check the address", Kind: adapters.ErrNotConnected}
}

func TestSourcesInTrouble(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 100, 24)
		s.Kafka.Set(refused)
		s.RabbitMQ.Set(func(status *adapters.Status) {
			status.Dropped = 12
			status.Gaps = []adapters.Gap{{From: time.Now().Add(-8 * time.Second), To: time.Now(), Missed: -1}}
		})
		screen.Wait(8500*time.Millisecond).Sees("kafka ✗ lost 8s", `connection \x1b[31mrefused; check the address`, "was away 8 s", "messages in between are not shown", "12 dropped")
		s.Kafka.Set(func(status *adapters.Status) {
			status.Connection, status.Err, status.BehindBy = adapters.CatchingUp, nil, 1_200_000
		})
		screen.Wait(time.Second).Sees("behind 1.2M").Misses("refused")
	})
}

// A source that cannot be read is told of before topics that can be read in part, at any
// size, and the rest is one command away.
func TestTheGravestProblemComesFirst(t *testing.T) {
	for _, size := range [][2]int{{120, 40}, {100, 20}, {80, 24}, {40, 8}} {
		story(t, func(t *testing.T, s *tuitest.System) {
			s.Kafka.Set(func(status *adapters.Status) {
				status.Problems = []string{"cannot read topic a: no permission", "cannot read topic b: no permission"}
			})
			s.RabbitMQ.Set(refused)
			screen := tuitest.Open(t, s.Options(), size[0], size[1]).Sees("rabbitmq: ").Misses("the log")
			if size[1] < 14 {
				screen.Sees("+2 :sources", "rabbitmq ✗ lost")
			} else {
				screen.Sees("check the", "topic a", "1 more problem, :sources tells all").Misses("topic b")
			}
			screen.Press(":").Type("sources").Press("enter").Sees("Sources", "rabbitmq ✗ lost")
			for range 12 {
				screen.Press("j")
			}
			if screen.Sees("topic b"); size[1] > 14 {
				screen.Sees("│ ", "└──")
			}
			screen.Press("x").Misses("topic b", "└──")
		})
	}
}

// Where all fits, nothing speaks of more.
func TestTwoProblemsAreTwoLines(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		s.Kafka.Set(func(status *adapters.Status) { status.Problems = []string{"no permission on a", "no permission on b"} })
		tuitest.Open(t, s.Options(), 80, 24).Sees("no permission on a", "no permission on b").Misses("more problem")
	})
}

// A sentence without room ends with a mark.
func TestALongProblemIsCutWithAMark(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		s.Kafka.Set(func(status *adapters.Status) {
			status.Problems = []string{strings.Repeat("a long tale ", 40) + "and its end"}
		})
		screen := tuitest.Open(t, s.Options(), 80, 24).Sees("…").Misses("and its end")
		screen.Press(":").Type("sources").Press("enter").Sees("and its end")
	})
}

// With more sources than the header has room for, those in trouble are named and the
// others counted; nothing lies over anything else.
func TestTheHeaderNamesWhatIsInTrouble(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		options := s.Options()
		for i := range 9 {
			options.Sources = append(options.Sources, tui.Source{Name: fmt.Sprintf("a-source-with-a-long-name-%d", i), Broker: "kafka", Status: s.Kafka.Status})
		}
		options.Sources = append(options.Sources, tui.Source{Name: "the-last", Broker: "rabbitmq", Status: s.RabbitMQ.Status})
		s.RabbitMQ.Set(func(status *adapters.Status) { status.Connection = adapters.Failed })
		for _, width := range []int{60, 80, 120} {
			header := tuitest.Open(t, options, width, 24).Line("the-last ✗ failed")
			if !strings.HasPrefix(header, " rabbitmq ✗ failed   the-last ✗ failed") || !strings.Contains(header, " more") || !strings.HasSuffix(header, "READ-ONLY") {
				t.Errorf("at %d: %q", width, header)
			}
		}
	})
}

func TestASourceLostAndBack(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 3)...)
		screen := tuitest.Open(t, s.Options(), 80, 24).Sees("kafka ● 4 topics", "ord-1001")
		lost := time.Now()
		s.Kafka.Set(refused)
		screen.Wait(5500*time.Millisecond).Sees("kafka ✗ lost 5s", "refused", "ord-1001") // what was seen stays
		s.Kafka.Set(func(status *adapters.Status) {
			status.Connection, status.Err = adapters.Live, nil
			status.Gaps = []adapters.Gap{{From: lost, To: lost.Add(5 * time.Second), Missed: 3}}
		})
		put(t, s, s.Order(2, time.Now(), 3)...)
		screen.Wait(time.Second).Sees("kafka ● 4 topics", "was away 5 s; 3 messages in between are not shown", "ord-1002").Misses("refused")
		screen.Wait(2 * time.Minute).Misses("was away")
	})
}
