package dialect

// Eventuate Tram: there is no flow id; a saga's id is one where there is a saga, and
// replies name the message they answer.
var eventuate = Dialect{
	Name:  "eventuate",
	Marks: [][]string{{"event-aggregate-type", "command_type", "reply_type", "reply_to_message_id", "commandreply_type"}},
	Headers: []Entry{
		{"command_saga_id", Flow, AsIs},
		{"commandreply_saga_id", Flow, AsIs},
		{"reply_to_message_id", Cause, AsIs},
		{"id", OwnID, AsIs},
		{"event-type", EventType, AsIs},
		{"command_type", EventType, AsIs},
		{"reply_type", EventType, AsIs},
		{"event-aggregate-id", Entity, AsIs},
		{"date", Occurred, AsIs},
	},
}
