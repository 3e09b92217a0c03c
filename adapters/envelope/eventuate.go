package envelope

// Eventuate Tram: there is no flow id; a saga's id is one where there is a saga, and
// replies name the message they answer.
var eventuate = dialect{
	name:  "eventuate",
	marks: [][]string{{"event-aggregate-type", "command_type", "reply_type", "reply_to_message_id", "commandreply_type"}},
	headers: []entry{
		{"command_saga_id", flow, asIs},
		{"commandreply_saga_id", flow, asIs},
		{"reply_to_message_id", cause, asIs},
		{"id", ownID, asIs},
		{"event-type", eventType, asIs},
		{"command_type", eventType, asIs},
		{"reply_type", eventType, asIs},
		{"event-aggregate-id", entity, asIs},
		{"date", occurred, asIs},
	},
}
