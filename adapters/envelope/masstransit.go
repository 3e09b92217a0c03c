package envelope

// MassTransit: ids in the body's envelope, or in headers when the body is raw JSON.
// The correlation id is that of a business object or saga, and the initiator is the
// correlation id of the message that was consumed, not its id; still the best cause
// there is.
var massTransit = dialect{
	name:        "masstransit",
	contentType: "application/vnd.masstransit",
	marks:       [][]string{{"mt-messagetype", "mt-initiatorid", "mt-source-address", "mt-activity-id", "mt-reason", "mt-fault-*", "mt-originalmessageid"}},
	bodyMarks:   [][]string{{"messagetype"}, {"conversationid"}, {"message"}, {"destinationaddress", "sourceaddress"}},
	headers: []entry{
		{"conversationid", flow, asIs},
		{"mt-initiatorid", cause, asIs},
		{"messageid", ownID, asIs},
		{"mt-messagetype", eventType, messageURN},
		{"mt-source-address", service, lastSegment},
		{"correlationid", entity, spare},
		{"requestid", nothing, asIs},
	},
	properties: []entry{{"correlation-id", nothing, asIs}},
	body: []entry{
		{"conversationid", flow, asIs},
		{"initiatorid", cause, asIs},
		{"messageid", ownID, asIs},
		{"messagetype", eventType, messageURN},
		{"sourceaddress", service, lastSegment},
		{"senttime", occurred, asIs},
		{"correlationid", entity, spare},
		{"requestid", nothing, asIs},
	},
}
