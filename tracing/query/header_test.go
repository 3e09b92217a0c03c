package query

import (
	"testing"

	"eventscope/adapters"
)

func TestAHeaderThatIsThereTwiceMatchesByAnyOfItsValues(t *testing.T) {
	m := adapters.Message{Value: []byte(`{"n":2}`)}
	for _, h := range [][2]string{{"dup", "1"}, {"DUP", "2"}, {"dup", "30 s"}, {"one", "7"}} {
		m.Headers = append(m.Headers, adapters.Header{Name: h[0], Value: []byte(h[1])})
	}
	for text, want := range map[string]bool{
		`header("dup") == "1"`: true, `header("dup") == "2"`: true, `header("dup") == "30 s"`: true, `header("dup") == "3"`: false, `"2" == header("Dup")`: true,
		`header("dup") != "2"`: false, `header("dup") != "3"`: true, `!(header("dup") == "2")`: false, `header("dup") == 2`: true, `header("dup") > 1`: true, `header("dup") > 2`: false,
		`header("dup") in ["2", "x"]`: true, `header("dup") in ["x"]`: false, `header("dup") == json("n")`: true,
		`header("dup") contains "0 "`: true, `header("dup") startsWith "30"`: true, `header("dup") endsWith "s"`: true, `header("dup") contains "x"`: false,
		`header("dup") ~ "^[0-9]+ s$"`: true, `header("dup") matches "^2$"`: true, `header("dup") !~ "^2$"`: false, `header("dup") !~ "^4$"`: true, `not (header("dup") contains "3")`: false,
		`header("one") == "7"`: true, `header("one") ~ "^7$"`: true, `header("one") + 1 == 8`: true, `header("none") == "7"`: false, `header("none") contains "7"`: false, `header("none") ~ ".*"`: false,
		`header("dup") contains "30" && header("one") == "7"`: true, `has("dup")`: true, `len(header("dup")) == 1`: true, `header("dup") contains header("one")`: false,
	} {
		filter, err := Compile(text, Letters)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := filter.Match(&Subject{Message: &m}); got != want || err != nil {
			t.Errorf("%s is %v, %v", text, got, err)
		}
	}
	if _, err := Compile(`header("dup") ~ "("`, Letters); err == nil {
		t.Error("a regular expression that is none compiles")
	}
}
