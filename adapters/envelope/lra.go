package envelope

// MicroProfile Long Running Actions: the header is the URL of the saga.
var longRunningAction = dialect{
	name:    "lra",
	marks:   [][]string{{"long-running-action"}},
	headers: []entry{{"long-running-action", flow, asIs}},
}
