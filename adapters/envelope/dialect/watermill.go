package dialect

// Watermill: its CQRS component puts the type in name.
var watermill = Dialect{
	Name:  "watermill",
	Marks: [][]string{{"_watermill_*"}},
	Headers: []Entry{
		{"correlation_id", Flow, AsIs},
		{"_watermill_message_uuid", OwnID, AsIs},
		{"name", EventType, AsIs},
	},
}
