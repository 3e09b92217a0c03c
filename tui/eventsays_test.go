package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui/theme"
	"eventscope/tui/tuitest"
)

// TestThePropertiesOfAMessageAreNamed, those that it has and no other.
func TestThePropertiesOfAMessageAreNamed(t *testing.T) {
	all := adapters.Properties{Exchange: "shop", RoutingKey: "order.placed", Queue: "orders", ContentType: "application/json", ContentEncoding: "utf-8", CorrelationID: "corr-7",
		ReplyTo: "answers", Expiration: "60000", MessageID: "msg-7", Type: "placed", UserID: "ann", AppID: "web"}
	story(t, func(t *testing.T, s *tuitest.System) {
		event := odd(s, `{"a":1}`)
		event.Source, event.Properties = s.RabbitMQ, &all
		put(t, s, event)
		event.ID, event.Properties = "odd-2", &adapters.Properties{RoutingKey: "order.placed"}
		put(t, s, event)
		screen := tuitest.Open(t, s.Options(), 160, 50).Press("g", "v").Wait(time.Second).Sees("Properties", "exchange   shop", "routing    order.placed", "queue      orders", "content    application/json", "encoding   utf-8",
			"correlat.  corr-7", "reply to   answers", "expires    60000", "message id msg-7", "type       placed", "user       ann", "app        web").Looks(theme.Title, "Properties")
		screen.Press("esc").Press("j", "v").Wait(time.Second).Sees("Properties", "routing    order.placed").Misses("exchange  ", "queue  ", "content  ", "encoding", "reply to", "expires", "message id", "user  ", "app   ")
	})
}

// TestADeathSaysWhenItWasFirstAndLast, and from whom that is known.
func TestADeathSaysWhenItWasFirstAndLast(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		event := odd(s, `{"a":1}`)
		event.Headers = header("dlq-original-topic", "orders", "dlq-reason", "timeout", "dlq-exception", "TimeoutException", "dlq-message", "no answer within 5 s", "dlq-consumer-group", "billing", "dlq-attempts", "3",
			"dlq-first-failed-at", "1999-12-31T23:00:00Z", "dlq-failed-at", "1999-12-31T23:30:00Z")
		put(t, s, event)
		screen := tuitest.Open(t, s.Options(), 160, 50).Press("v").Wait(time.Second).Sees("Death", "origin     orders", "reason     timeout", "☠").Looks(theme.Bad, "timeout")
		screen.Press("tab").Sees("tab pane")
		plain := odd(s, `{"a":1}`)
		plain.ID, plain.Flow = "plain", "plain"
		put(t, s, plain)
		screen.Press("esc").Press("G").Wait(time.Second).Press("v").Wait(time.Second).Misses("Death", "origin", "☠", "D dead letter")
	})
}

// TestTheItemsOfAListAreNumbered, from 0, and a folded one says how much is in it.
func TestTheItemsOfAListAreNumbered(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, odd(s, `{"items":["pear","plum",["deep"],{}, []],"none":null,"yes":true,"n":-1.50e3}`))
		screen := tuitest.Open(t, s.Options(), 120, 30).Press("v").Wait(time.Second).Sees("line 1 of 11")
		for _, line := range []string{"{4}", `items  [5]`, `0  "pear"`, `1  "plum"`, "2  [1]", `0  "deep"`, "3  {0}", "4  [0]", "none  null", "yes  true", "n  -1.50e3"} {
			screen.Selects(line).Press("j")
		}
		screen.Looks(theme.Link, "-1.50e3").Looks(theme.Warn, "true").Looks(theme.Dim, "null").Looks(theme.Strong, "items")
		screen.Press("g", "j", "enter").Selects("▸", "items  [5]").Sees("line 2 of 5").Misses("pear").Press("enter").Sees("line 2 of 11")
		screen.Press("o").Sees(" of 5").Misses("pear").Press("o").Sees(" of 11", "pear")
	})
}

// TestFindingGoesToTheValue, whichever of facts and value had the focus, and back through both ends.
func TestFindingGoesToTheValue(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, odd(s, `{"a":1,"needle":2,"b":3,"another needle":4}`))
		screen := tuitest.Open(t, s.Options(), 120, 30).Press("v").Wait(time.Second).Press("tab").Selects("position").Filter("needle").Selects("needle").Sees("line 3 of 5", "/needle").Press("j").Selects("b  3")
		screen.Press("tab", "n").Selects("another needle").Press("n").Selects("needle  2").Press("N").Selects("another needle").Press("esc").Misses("/needle").Press("n").Sees("nothing to find yet: / and some words")
	})
}

// TestAWideValueIsScrolledSideways, from its first cell on and back to it, and each view begins there.
func TestAWideValueIsScrolledSideways(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		value := `{"wide":"` + strings.Repeat("0123456789", 20) + `the end"}`
		put(t, s, odd(s, value))
		screen := tuitest.Open(t, s.Options(), 80, 30).Press("v").Wait(time.Second).Press("h").Misses("from cell").Press("j").Misses("the end")
		for n := range 11 {
			screen.Press("l").Sees(fmt.Sprintf("from cell %d", 16*(n+1)+1))
		}
		screen.Sees("the end").Press("h").Sees("from cell 161").Press("v").Sees("raw line 1").Misses("from cell").Press("l").Sees("from cell 17").Press("v").Misses("from cell").Sees("hex line 1", "7b 22 77 69")
		screen.Press("G").Sees("of 14").Press("g").Sees("hex line 1 of 14")
	})
}

// TestNoCharacterIsBrokenWhereALineEnds, whatever its width, and an end of line is not shown.
func TestNoCharacterIsBrokenWhereALineEnds(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, odd(s, "first\r\nsecond "+strings.Repeat("é€", 300)))
		screen := tuitest.Open(t, s.Options(), 120, 30).Press("enter").Wait(time.Second).Press("enter").Wait(time.Second).Sees("first", "second é€é")
		for width := 120; width > 60; width-- {
			screen.Resize(width, 30).Sees("é€").Misses(`\x`, `\r`)
		}
	})
}

// TestEachKindOfValueHasItsColour in the tree.
func TestEachKindOfValueHasItsColour(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, odd(s, `{"amount":4711,"paid":true,"note":null,"name":"Ann"}`))
		screen := tuitest.Open(t, s.Options(), 120, 30).Press("enter").Wait(time.Second).Press("enter").Wait(time.Second)
		screen.Looks(theme.Link, "4711").Looks(theme.Warn, "true").Looks(theme.Dim, "null").Looks(theme.Plain, "Ann")
	})
}
