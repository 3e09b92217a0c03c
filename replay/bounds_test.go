package replay

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"eventscope/adapters"
)

// TestAPlanThatIsTooLargeIsRefused rather than cut, and nothing is touched.
func TestAPlanThatIsTooLargeIsRefused(t *testing.T) {
	both(t, func(s *story) {
		letters := s.list()
		if plan, err := s.service.Plan(context.Background(), Replay, Chosen(letters), PlanOptions{Most: len(letters)}); err != nil || plan.Count() != len(letters) {
			s.Fatalf("as many as may be: %v, %v", plan, err)
		}
		_, err := s.service.Plan(context.Background(), Replay, Chosen(letters), PlanOptions{Most: len(letters) - 1})
		if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), fmt.Sprintf("more than %d", len(letters)-1)) || !strings.Contains(err.Error(), "--memory") {
			s.Errorf("one more: %v", err)
		}
		// What is not meant does not count.
		only := map[adapters.Position]bool{letters[0].Position: true}
		if plan, err := s.service.Plan(context.Background(), Replay, Chosen(letters), PlanOptions{Most: 1, Only: only}); err != nil || plan.Count() != 1 {
			s.Errorf("one that is chosen: %v, %v", plan, err)
		}
	}, "a", "b", "c")
}

// TestAListingListsNoMoreThanItMay, and says how many there are beyond.
func TestAListingListsNoMoreThanItMay(t *testing.T) {
	s := tell(t, adapters.Topic, "a", "b", "c", "d", "e")
	for most, want := range map[int][2]int{1: {1, 4}, 4: {4, 1}, 5: {5, 0}, 6: {5, 0}} {
		listing := s.service.Listing(context.Background(), nil, ListingOptions{Most: most})
		again := s.service.Listing(context.Background(), listing, ListingOptions{Most: most, Fresh: true})
		for _, got := range []*Listing{listing, again} {
			if listed, more := len(got.Letters()), got.DLQs[0].More; listed != want[0] || more != want[1] {
				t.Errorf("of 5 and %d at most, %d are listed and %d are beyond", most, listed, more)
			}
		}
	}
}

// TestGroupsOneByOne: groups of letters that are not kept are those of the same letters.
func TestGroupsOneByOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"a", "b", ""})
		var letters []Letter
		var grouping Grouping
		for range rapid.IntRange(0, 20).Draw(t, "letters") {
			l := Letter{DLQ: word.Draw(t, "dlq"), Type: word.Draw(t, "type"), Size: 3}
			l.DeadLetter.Reason = word.Draw(t, "reason")
			letters = append(letters, l)
			grouping.Add(&l)
		}
		if got, want := grouping.Groups(), groupsOf(letters); !reflect.DeepEqual(got, want) || grouping.Others() != 0 {
			t.Fatalf("%+v, want %+v", got, want)
		}
		count := 0
		for _, g := range groupsOf(letters) {
			count += g.Count
		}
		if count != len(letters) {
			t.Fatalf("%d of %d letters are in groups", count, len(letters))
		}
	})
	var grouping Grouping
	for i := range mostGroups + 7 {
		grouping.Add(&Letter{Type: fmt.Sprint(i)})
	}
	if len(grouping.Groups()) != mostGroups || grouping.Others() != 7 {
		t.Errorf("%d groups and %d others", len(grouping.Groups()), grouping.Others())
	}
}

// groupsOf are the groups of letters that are added one by one.
func groupsOf(letters []Letter) []Group {
	var grouping Grouping
	for i := range letters {
		grouping.Add(&letters[i])
	}
	return grouping.Groups()
}
