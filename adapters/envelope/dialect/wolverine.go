package dialect

// Wolverine: what it calls the conversation id is the id of the message that caused
// this one. On RabbitMQ the ids travel as properties.
var wolverine = Dialect{
	Name:  "wolverine",
	Marks: [][]string{{"message-type"}, {"attempts", "conversation-id"}},
	Headers: []Entry{
		{"correlation-id", Flow, AsIs},
		{"conversation-id", Cause, AsIs},
		{"causation-id", Cause, AsIs},
		{"id", OwnID, AsIs},
		{"message-type", EventType, AsIs},
		{"source", Service, AsIs},
		{"sent-at", Occurred, AsIs},
		{"parent-id", Nothing, AsIs}, // of a trace span
	},
	Properties: []Entry{{"correlation-id", Flow, AsIs}},
}
