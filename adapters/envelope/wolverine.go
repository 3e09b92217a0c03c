package envelope

// Wolverine: what it calls the conversation id is the id of the message that caused
// this one. On RabbitMQ the ids travel as properties.
var wolverine = dialect{
	name:  "wolverine",
	marks: [][]string{{"message-type"}, {"attempts", "conversation-id"}},
	headers: []entry{
		{"correlation-id", flow, asIs},
		{"conversation-id", cause, asIs},
		{"causation-id", cause, asIs},
		{"id", ownID, asIs},
		{"message-type", eventType, asIs},
		{"source", service, asIs},
		{"sent-at", occurred, asIs},
		{"parent-id", nothing, asIs}, // of a trace span
	},
	properties: []entry{{"correlation-id", flow, asIs}},
}
