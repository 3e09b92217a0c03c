package tui_test

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui/tuitest"
)

// TestAGapSaysHowMuchPassedUnseen: nothing that anybody counted, one message, or many.
func TestAGapSaysHowMuchPassedUnseen(t *testing.T) {
	for missed, says := range map[int64]string{
		-1: "was away 5 s; messages in between are not shown", 1: "was away 5 s; 1 message in between is not shown", 2: "was away 5 s; 2 messages in between are not shown",
		12_345: "was away 5 s; 12,345 messages in between are not shown",
	} {
		story(t, func(t *testing.T, s *tuitest.System) {
			screen := tuitest.Open(t, s.Options(), 120, 24).Misses("was away")
			s.Kafka.Set(func(status *adapters.Status) {
				status.Gaps = []adapters.Gap{{From: time.Now().Add(-5 * time.Second), To: time.Now(), Missed: missed}}
			})
			screen.Wait(time.Second).Sees("kafka: " + says).Wait(2 * time.Minute).Misses("was away")
		})
	}
}

// TestHowManyFactsAreHiddenIsSaid where the value stands below them, and none where all are shown.
func TestHowManyFactsAreHiddenIsSaid(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, odd(s, `{"a":1}`))
		screen := tuitest.Open(t, s.Options(), 80, 80).Press("v").Wait(time.Second).Misses("more fact").Sees("is         json, 7 B")
		hidden := regexp.MustCompile(`─ (\d+) more (facts?), tab ─`)
		before := 0
		for height := 79; height > 14; height-- {
			now, noun := 0, ""
			if found := hidden.FindStringSubmatch(screen.Resize(80, height).Text()); found != nil {
				now, _ = strconv.Atoi(found[1])
				noun = found[2]
			}
			if now < before || now > before+1 || now == 1 && noun != "fact" || now > 1 && noun != "facts" {
				t.Fatalf("%d were hidden, and %d lines are\n%s", before, height, screen.Text())
			}
			before = now
		}
		if before < 5 {
			t.Fatalf("%d are hidden on a low screen", before)
		}
	})
}

// TestProblemsThatHaveNoRoomAreCounted, and all of them are told where they have.
func TestProblemsThatHaveNoRoomAreCounted(t *testing.T) {
	for n, says := range []string{"", "", "", "1 more problem, :sources tells all", "2 more problems, :sources tells all"} {
		story(t, func(t *testing.T, s *tuitest.System) {
			s.Kafka.Set(func(status *adapters.Status) {
				for i := range n {
					status.Problems = append(status.Problems, fmt.Sprintf("cannot read topic t%d", i))
				}
			})
			screen := tuitest.Open(t, s.Options(), 100, 24).Wait(time.Second)
			for i := range min(n, 2) {
				screen.Sees(fmt.Sprintf("! kafka: cannot read topic t%d", i))
			}
			if says == "" {
				screen.Misses("more problem", "+0")
			} else {
				screen.Sees(says).Misses("topic t2")
			}
			screen.Resize(100, 12)
			if n > 1 {
				screen.Sees(fmt.Sprintf("+%d :sources", n-1), "topic t0").Misses("topic t1")
			} else {
				screen.Misses(":sources")
			}
			screen.Resize(100, 40).Command("sources")
			for i := range n {
				screen.Sees(fmt.Sprintf("cannot read topic t%d", i))
			}
		})
	}
}
