package envelope

// Watermill: its CQRS component puts the type in name.
var watermill = dialect{
	name:  "watermill",
	marks: [][]string{{"_watermill_*"}},
	headers: []entry{
		{"correlation_id", flow, asIs},
		{"_watermill_message_uuid", ownID, asIs},
		{"name", eventType, asIs},
	},
}
