package files

import (
	"fmt"
	"strconv"
	"strings"
)

// Numbers are numbers of letters within a plan, rising, from 0. As text they are ranges,
// "0-499,502", so that a journal line for a window of letters stays short.
type Numbers []int

// String is the text form.
func (n Numbers) String() string {
	var b strings.Builder
	for i := 0; i < len(n); {
		last := i
		for last+1 < len(n) && n[last+1] == n[last]+1 {
			last++
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(n[i]))
		if last > i {
			b.WriteByte('-')
			b.WriteString(strconv.Itoa(n[last]))
		}
		i = last + 1
	}
	return b.String()
}

// MarshalText writes the text form.
func (n Numbers) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// MostNumbers is above every number, for a text may be damaged. No plan has more letters.
const MostNumbers = 10_000_000

// UnmarshalText reads the text form.
func (n *Numbers) UnmarshalText(text []byte) error {
	*n = nil
	if len(text) == 0 {
		return nil
	}
	for part := range strings.SplitSeq(string(text), ",") {
		low, high, isRange := strings.Cut(part, "-")
		first, err := strconv.Atoi(low)
		last := first
		if err == nil && isRange {
			last, err = strconv.Atoi(high)
		}
		if err != nil || first < 0 || last < first || last >= MostNumbers || len(*n) > 0 && first <= (*n)[len(*n)-1] {
			return fmt.Errorf("%q is no list of numbers such as 0-499,502", text)
		}
		for number := first; number <= last; number++ {
			*n = append(*n, number)
		}
	}
	return nil
}
