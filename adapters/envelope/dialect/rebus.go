package dialect

// Rebus: every message of a flow has the correlation id of its first.
var rebus = Dialect{
	Name:  "rebus",
	Marks: [][]string{{"rbs2-*"}},
	Headers: []Entry{
		{"rbs2-corr-id", Flow, AsIs},
		{"rbs2-in-reply-to", Cause, AsIs},
		{"rbs2-msg-id", OwnID, AsIs},
		{"rbs2-msg-type", EventType, AssemblyList},
		{"rbs2-sender-address", Service, AsIs},
		{"rbs2-senttime", Occurred, AsIs},
	},
	Properties: []Entry{{"correlation-id", Nothing, AsIs}},
}
