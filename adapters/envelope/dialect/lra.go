package dialect

// MicroProfile Long Running Actions: the header is the URL of the saga.
var longRunningAction = Dialect{
	Name:    "lra",
	Marks:   [][]string{{"long-running-action"}},
	Headers: []Entry{{"long-running-action", Flow, AsIs}},
}
