package dialect

// DotNetCore.CAP counts hops like Rebus; the message name is the event.
var dotNetCoreCAP = Dialect{
	Name:  "cap",
	Marks: [][]string{{"cap-msg-id", "cap-msg-name", "cap-corr-id"}},
	Headers: []Entry{
		{"cap-corr-id", Flow, AsIs},
		{"cap-msg-id", OwnID, AsIs},
		{"cap-msg-name", EventType, AsIs},
		{"cap-msg-type", EventType, AsIs},
		{"cap-senttime", Occurred, AsIs},
	},
	Properties: []Entry{{"correlation-id", Nothing, AsIs}},
}
