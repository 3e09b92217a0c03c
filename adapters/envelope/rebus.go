package envelope

// Rebus: every message of a flow has the correlation id of its first.
var rebus = dialect{
	name:  "rebus",
	marks: [][]string{{"rbs2-*"}},
	headers: []entry{
		{"rbs2-corr-id", flow, asIs},
		{"rbs2-in-reply-to", cause, asIs},
		{"rbs2-msg-id", ownID, asIs},
		{"rbs2-msg-type", eventType, assemblyList},
		{"rbs2-sender-address", service, asIs},
		{"rbs2-senttime", occurred, asIs},
	},
	properties: []entry{{"correlation-id", nothing, asIs}},
}
