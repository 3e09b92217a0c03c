package payload

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// told is what Differ says of two values, as lines.
func told(t rapid.TB, a, b string) (lines []string, same int) {
	t.Helper()
	same, ok := Differ([]byte(a), []byte(b), func(path func() string, was, is []byte) {
		lines = append(lines, fmt.Sprintf("%s: %s | %s", path(), was, is))
	}, func(a, b []byte) bool { return string(a) == `"always"` })
	if !ok {
		t.Fatalf("%s and %s are not compared", a, b)
	}
	return lines, same
}

func TestWhatDiffersBetweenTwoValues(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want []string
		same int
	}{
		{`{"a":1,"b":{"c":"x"}}`, `{"b":{"c":"x"},"a":1}`, nil, 2},
		{`{"a":{"b":[1,2]}}`, `{"a":{"b":[1,3,4]}}`, []string{"a.b.1: 2 | 3", "a.b.2:  | 4"}, 1},
		{`{"a":"x\u0041"}`, `{"a":"xA"}`, nil, 1},
		{`{"a":1.0}`, `{"a":1}`, []string{"a: 1.0 | 1"}, 0},
		{`{"a":"1"}`, `{"a":1}`, []string{`a: "1" | 1`}, 0},
		{`{"a":{}}`, `{"a":{"b":null}}`, []string{"a: {} | ", "a.b:  | null"}, 0},
		{`{"a":{}}`, `{"a":[]}`, []string{"a: {} | []"}, 0},
		{`{"a":{ }}`, `{"a":{}}`, nil, 1},
		{`{"a":1,"a":2}`, `{"a":2}`, []string{"a: 1 | 2", "a: 2 | "}, 0},
		{`{"a\u002eb":1}`, `{"c":1}`, []string{"a.b: 1 | ", "c:  | 1"}, 0},
		{`{"a":"always"}`, `{"a":"always"}`, []string{`a: "always" | "always"`}, 0},
		{`"x"`, `{"a":[true]}`, []string{`: "x" | `, "a.0:  | true"}, 0},
	} {
		lines, same := told(t, c.a, c.b)
		if !slices.Equal(lines, c.want) || same != c.same {
			t.Errorf("%s and %s: %q and %d the same, want %q and %d", c.a, c.b, lines, same, c.want, c.same)
		}
	}
	for _, c := range [][2]string{{"", "1"}, {"{", "{}"}} {
		if _, ok := Differ([]byte(c[0]), []byte(c[1]), nil, nil); ok {
			t.Errorf("%q is taken for JSON", c)
		}
	}
}

// drawnJSON draws a value of few names, so that two have some in common.
func drawnJSON(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		kind := rapid.IntRange(0, 5).Draw(t, "kind")
		if depth == 0 {
			kind %= 4
		}
		switch kind {
		case 0:
			return rapid.IntRange(0, 2).Draw(t, "number")
		case 1:
			return rapid.SampledFrom([]string{"", "a", "\"", "é"}).Draw(t, "text")
		case 2:
			return rapid.Bool().Draw(t, "bool")
		case 3:
			return nil
		case 4:
			return rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "c.d", ""}), drawnJSON(depth-1), 0, 4).Draw(t, "object")
		}
		return rapid.SliceOfN(drawnJSON(depth-1), 0, 4).Draw(t, "array")
	})
}

// leafCount is how many scalars and empty containers a value has.
func leafCount(v any) (n int) {
	switch v := v.(type) {
	case map[string]any:
		for _, member := range v {
			n += leafCount(member)
		}
	case []any:
		for _, element := range v {
			n += leafCount(element)
		}
	default:
		return 1
	}
	return max(n, 1)
}

// Each scalar of either value is told once, a value has no difference to itself, and the other way
// round the same is told.
func TestEachScalarIsToldOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		was, is := drawnJSON(3).Draw(t, "a"), drawnJSON(3).Draw(t, "b")
		encode := func(v any) string {
			data, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			return string(data)
		}
		a, b := encode(was), encode(is)
		inA, inB := 0, 0
		same, ok := Differ([]byte(a), []byte(b), func(_ func() string, x, y []byte) {
			if x != nil {
				inA++
			}
			if y != nil {
				inB++
			}
			if x == nil && y == nil {
				t.Fatal("something that is in neither is told")
			}
		}, func([]byte, []byte) bool { return false })
		if !ok || same+inA != leafCount(was) || same+inB != leafCount(is) {
			t.Fatalf("%s has %d scalars, of which %d are told; %s has %d, %d; %d are the same", a, leafCount(was), inA, b, leafCount(is), inB, same)
		}
		forth, n := told(t, a, b)
		back, m := told(t, b, a)
		for i, line := range back {
			path, values, _ := strings.Cut(line, ": ")
			x, y, _ := strings.Cut(values, " | ")
			back[i] = path + ": " + y + " | " + x
		}
		slices.Sort(forth)
		slices.Sort(back)
		if n != m || !slices.Equal(forth, back) {
			t.Fatalf("%s and %s: %q, the other way round %q", a, b, forth, back)
		}
		if lines, all := told(t, a, a); len(lines) > 0 || all != leafCount(was) {
			t.Fatalf("%s differs from itself: %q", a, lines)
		}
	})
}

// Values that are deep or large are compared in one pass, and paths are bounded.
func TestDeepAndLargeValuesAreCompared(t *testing.T) {
	deep := func(end string) string {
		return strings.Repeat(`{"a":1,"name":`, 9_000) + end + strings.Repeat("}", 9_000)
	}
	lines, same := told(t, deep("1"), deep("2"))
	if len(lines) != 1 || same != 9_000 || len(lines[0]) > mostPath+100 || !strings.HasPrefix(lines[0], "….name.name") {
		t.Errorf("%d the same, %.100q", same, lines)
	}
	wide := func(n int) string {
		return `{"list":[` + strings.Repeat(`{"sku":"a","n":1},`, n) + `0]}`
	}
	if lines, same := told(t, wide(100_000), wide(100_000)); len(lines) > 0 || same != 200_001 {
		t.Errorf("%d lines, %d the same", len(lines), same)
	}
	list := func(n int) []byte { return []byte("[" + strings.Repeat("0,", n-2) + "0]") }
	none := func(func() string, []byte, []byte) {}
	never := func([]byte, []byte) bool { return false }
	for _, c := range []struct {
		a, b     int
		compared bool
	}{{mostDiffered, mostDiffered, true}, {mostDiffered + 1, 2, false}, {2, mostDiffered + 1, false}} {
		if _, ok := Differ(list(c.a), list(c.b), none, never); ok != c.compared {
			t.Errorf("values of %d and %d nodes are compared: %v", c.a, c.b, ok)
		}
	}
}
