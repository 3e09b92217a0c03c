package topologypage_test

import (
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui/theme"
	"eventscope/tui/tuitest"
)

// treeOf is the map as a tree: its names, as far as they are drawn.
func treeOf(s *tuitest.Alone) string {
	var names []string
	for line := range strings.Lines(s.Text()) {
		if name, kind, ok := strings.Cut(strings.TrimRight(line, " \n"), "  "); strings.HasPrefix(line, "▸") || strings.HasPrefix(line, "  ") && ok && !strings.Contains(line, ": ") {
			name, _, _ = strings.Cut(strings.TrimLeft(name+"  "+kind, "▸ "), "  ")
			names = append(names, name)
		}
	}
	return strings.Join(names[:min(len(names), 30)], "\n")
}

// stopped is a shop in which nobody reads payments any more.
func stopped(t *testing.T, tell func(s *shop)) {
	stops := reads("fraud", "payments", 3, 9)
	stops.Members = nil
	mapped(t, 3, func(s *shop) {
		for range 10 {
			s.Pass(3 * time.Second)
		}
		tell(s)
	}, stops)
}

// TestTheTreeBeginsWithTrouble, goes from there to the last readers, and then begins with the first writers;
// what is drawn already is referred to.
func TestTheTreeBeginsWithTrouble(t *testing.T) {
	stopped(t, func(s *shop) {
		s.Press("v", "v").Sees("From writers to readers", "▿ payments", "├─▿ fraud", "│ └─payments ↑", "└─▿ inventory", "▿ order ", "└─▿ orders", "└─▿ payment ", "└─payments ↑")
		if first := s.Row(1); !strings.Contains(first, "▿ payments") {
			t.Errorf("the tree begins with %q:\n%s", first, s.Text())
		}
		s.goTo("├─▿ fraud").Selects("✗ STOP").Sees("fraud reads payments; fraud STOP").Press("enter")
		if len(s.Went) != 1 || s.Went[0] != `stream service == "fraud"` {
			t.Errorf("it leads to %q", s.Went)
		}
	})
}

// TestTheTreeFolds away what hangs below a row, and says how much that is and whether it is in trouble. The
// cursor stays on its row, also while others come.
func TestTheTreeFolds(t *testing.T) {
	stopped(t, func(s *shop) {
		s.Press("v", "v", "g").Selects("▿ payments").Press("h").Selects("▹ payments +").Misses("├─▿ fraud", "▿ payments").Looks(theme.Bad, "payments")
		s.Press("h").Selects("▹ payments +").Press("l").Selects("▿ payments").Sees("├─▿ fraud")
		s.goTo("├─▿ fraud").Press("j").Selects("payments ↑").Press("h").Selects("├─▿ fraud").Press("h").Selects("├─▹ fraud +1").Press("h").Selects("▿ payments")
		s.goTo("└─▿ orders").Press("h").Selects("└─▹ orders +").Looks(theme.Strong, "orders")
		s.queue.There = []adapters.Destination{{Name: "a", Kind: adapters.Queue}, {Name: "z", Kind: adapters.Queue}}
		s.Pass(31 * time.Second).Pass(3 * time.Second).Sees(" a ").Selects("└─▹ orders +")
		s.Press("o").Selects("└─▿ orders").Sees("├─▿ fraud", "└─▿ payment ").Press("o").Selects("▹ order +").Misses("orders", "fraud").Sees("▹ payments +")
		s.Press("o").Sees("├─▿ fraud", "└─▿ orders")
	})
}

// TestAFilterOfTheTreeLeavesWhatItsRowsHangBelow, folded or not.
func TestAFilterOfTheTreeLeavesWhatItsRowsHangBelow(t *testing.T) {
	stopped(t, func(s *shop) {
		s.Press("v", "v", "g", "h").Selects("▹ payments +").Press("/").Write("shipmentprepared")
		if got, want := treeOf(s.Alone), "From writers to readers\n▿ payments\n└─▿ inventory\n└─▿ inventory\n└─▿ shipping\n└─shipping"; got != want {
			t.Errorf("%s\nwant\n%s\n%s", got, want, s.Text())
		}
		s.Press("G").Selects("shipping", "topic", "ShipmentPrepared").Press("h").Selects("└─▿ shipping").Press("esc").Selects("└─▿ shipping").Sees("▿ payments", "├─▿ fraud")
		s.Press("/").Write("nothing has this").Sees("Nothing on the map has these words").Press("h", "l", "o", "enter")
		if s.Went != nil {
			t.Errorf("nothing leads to %q", s.Went)
		}
	})
}

// TestADeepTreeShowsItsNames at any width.
func TestADeepTreeShowsItsNames(t *testing.T) {
	mapped(t, 3, func(s *shop) {
		for i := range 25 {
			from, to := adapters.Endpoint{Name: "q" + string(rune('a'+i)), Kind: adapters.Exchange}, adapters.Endpoint{Name: "q" + string(rune('b'+i)), Kind: adapters.Exchange}
			s.queue.There, s.queue.Ways = append(s.queue.There, adapters.Destination{Name: to.Name, Kind: to.Kind}), append(s.queue.Ways, adapters.Binding{From: from, To: to, Way: adapters.Bound, Key: "#"})
		}
		s.Press("v", "v").Resize(80, 45).Pass(31 * time.Second).Pass(3 * time.Second)
		for i := range 26 {
			s.Sees("q" + string(rune('a'+i)))
		}
		s.Press("G").Selects("└─qz")
	})
}
