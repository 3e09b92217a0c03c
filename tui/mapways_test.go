package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tui/theme"
	"eventscope/tui/tuitest"
)

// waysOfAllKinds are events, and what brokers tell, such that there is a way of each kind on the map.
func waysOfAllKinds(t *testing.T, s *tuitest.System, width, height int) *tuitest.Screen {
	t.Helper()
	put(t, s, s.Order(1, time.Now(), 1)...)
	put(t, s, tuitest.Event{Source: s.RabbitMQ, To: "parcels", At: time.Now(), Type: "ParcelSent", Service: "shipping", Flow: "ord-1001", ID: "p", Cause: "e-1-1"})
	group := &tuitest.Group{Name: "auditors", Topic: "orders", Members: []consumer.Member{{ID: "a", Logs: 1}}, Partitions: []tuitest.Partition{{Committed: 90, End: 91}}}
	options := tuitest.NewConsumers(s.Kafka, group).Over(s.Options())
	options.Sources[0].Topology = &tuitest.Told{There: []adapters.Destination{{Name: "orders", Kind: adapters.Topic, Partitions: 1}}}
	options.Sources[1].Topology = &tuitest.Told{
		There: []adapters.Destination{{Name: "parcels", Kind: adapters.Exchange}, {Name: "sorted", Kind: adapters.Exchange}, {Name: "north", Kind: adapters.Queue}, {Name: "morgue", Kind: adapters.Queue}},
		Ways: []adapters.Binding{
			bound(exchange("parcels"), exchange("sorted"), "#"), bound(exchange("sorted"), queue("north"), "north.*"),
			{From: queue("north"), To: queue("morgue"), Way: adapters.Dead},
		},
	}
	return tuitest.Open(t, options, width, height).Press("5", "v").Wait(5 * time.Second)
}

// onTheWay puts the cursor on the first row that has the words.
func onTheWay(t *testing.T, screen *tuitest.Screen, words string) *tuitest.Screen {
	t.Helper()
	screen.Press("g")
	for range 40 {
		if strings.Contains(screen.Selected(), words) {
			return screen
		}
		screen.Press("j")
	}
	t.Fatalf("no row has %q:\n%s", words, screen.Text())
	return screen
}

// TestEachWayOfTheMapIsASentence, with its key and from whom it is known.
func TestEachWayOfTheMapIsASentence(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := waysOfAllKinds(t, s, 170, 40).Sees("2 services, 5 destinations, 1 other group")
		for row, says := range map[string][]string{
			"group auditors":       {"orders: topic of kafka, 1 partition, 1 event since ", "auditors reads orders", "auditors BEHIND, 1 to read", "as the broker says"},
			"order       ▶ orders": {"orders: topic of kafka, 1 partition, 1 event since ", "order writes orders: OrderPlaced; 1 time; as observed", "shipping reads orders"},
			"shipping    ▶ par":    {"parcels: exchange of rabbitmq, 1 event since ", "shipping writes parcels: ParcelSent; 1 time; as observed", "parcels leads to sorted by binding: #", "as the broker says"},
			"sorted      ▶ north":  {"sorted leads to north by binding: north.*", "as the broker says"},
			"☠ morgue":             {"north: queue of rabbitmq", "what dies in north goes to morgue", "as the broker says"},
		} {
			onTheWay(t, screen, row).Sees(says...)
		}
		screen.Looks(theme.Bad, "☠ morgue").Misses("1 events", "1 times", "1 partitions")
		screen.Press("v").Wait(time.Second).Sees("Reads", "Service", "Writes to", "v tree").Misses("Written by", "Goes to")
		onTheWay(t, screen, "auditors").Sees("auditors: group", "auditors reads orders")
		onTheWay(t, screen, "OrderPlaced").Sees("order: service", "order writes orders: OrderPlaced")
	})
}

// TestTheMapIsFilteredByWhatStandsOnIt: names on both sides, keys, types, groups and states.
func TestTheMapIsFilteredByWhatStandsOnIt(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := waysOfAllKinds(t, s, 170, 40)
		for words, c := range map[string]struct{ sees, misses string }{
			"parcelsent": {"parcels", "morgue"}, "north.*": {"sorted", "OrderPlaced"}, "auditors": {"orders", "parcels"}, "behind": {"auditors", "parcels"}, "MORGUE": {"☠ morgue", "OrderPlaced"}, "orders topic": {"OrderPlaced", "sorted"},
		} {
			screen.Filter(words).Sees("/"+words, c.sees).Misses(c.misses).Press("esc").Wait(time.Second).Sees("OrderPlaced", "☠ morgue").Misses("/" + words)
			screen.Press("esc", "esc")
		}
		screen.Filter("no such thing").Sees("Nothing on the map has these words. / changes them; esc clears them.").Misses("⏎ stream", "y copy", "w save").Press("enter", "y", "w", "j", "G").Wait(time.Second).Misses("copied", "saved", "› Stream")
		screen.Press("esc").Wait(time.Second).Sees("OrderPlaced", "⏎ stream")
	})
}

// TestARowOfTheMapNamesItsPlace where the first of its rows is above the screen.
func TestARowOfTheMapNamesItsPlace(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		options := s.Options()
		told := &tuitest.Told{There: []adapters.Destination{{Name: "hub", Kind: adapters.Exchange}}}
		for i := range 60 {
			name := fmt.Sprintf("queue-%02d", i)
			told.There = append(told.There, adapters.Destination{Name: name, Kind: adapters.Queue})
			told.Ways = append(told.Ways, bound(exchange("hub"), queue(name), fmt.Sprintf("key-%02d", i)))
		}
		options.Sources[1].Topology = told
		screen := tuitest.Open(t, options, 140, 24).Press("5", "v").Wait(5 * time.Second).Filter("hub")
		rows := func() (list []string) {
			for line := range strings.SplitSeq(screen.Text(), "\n") {
				if strings.Contains(line, "key-") && !strings.Contains(line, "leads to") {
					list = append(list, line)
				}
			}
			return list
		}
		for range 3 {
			list := rows()
			if len(list) < 5 || !strings.Contains(list[0], " hub ") || strings.Contains(list[1], " hub ") || !strings.Contains(list[0], "exchange") {
				t.Fatalf("the first rows are\n%s", strings.Join(list[:min(len(list), 3)], "\n"))
			}
			screen.Press("ctrl+d", "ctrl+d")
		}
	})
}

// TestWhatANarrowMapLeavesOut: types and keys first, then the kind, then how much fails and how
// fast it comes; a place and where it leads stay.
func TestWhatANarrowMapLeavesOut(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := onTheWay(t, waysOfAllKinds(t, s, 170, 40), "ParcelSent")
		heads := []string{"Types and keys", "Kind", "Failed", "/s"}
		was := []bool{true, true, true, true}
		for width := 170; width >= 40; width -= 2 {
			screen.Resize(width, 40).Wait(100 * time.Millisecond)
			screen.Selects("parcels", "sorted")
			line := screen.Line("Destination")
			for i, head := range heads {
				has := strings.Contains(line, head)
				if has && !was[i] || i > 0 && has == false && strings.Contains(line, heads[i-1]) {
					t.Fatalf("at %d %q is back, or left too early:\n%s", width, head, line)
				}
				was[i] = has
			}
		}
		if was[0] || was[1] {
			t.Fatal("nothing has left at 40")
		}
	})
}
