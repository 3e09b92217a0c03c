package envelope

// DotNetCore.CAP counts hops like Rebus; the message name is the event.
var dotNetCoreCAP = dialect{
	name:  "cap",
	marks: [][]string{{"cap-msg-id", "cap-msg-name", "cap-corr-id"}},
	headers: []entry{
		{"cap-corr-id", flow, asIs},
		{"cap-msg-id", ownID, asIs},
		{"cap-msg-name", eventType, asIs},
		{"cap-msg-type", eventType, asIs},
		{"cap-senttime", occurred, asIs},
	},
	properties: []entry{{"correlation-id", nothing, asIs}},
}
