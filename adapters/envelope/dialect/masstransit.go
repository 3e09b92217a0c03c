package dialect

// MassTransit: ids in the body's envelope, or in headers when the body is raw JSON.
// The correlation id is that of a business object or saga, and the initiator is the
// correlation id of the message that was consumed, not its id; still the best cause
// there is.
var massTransit = Dialect{
	Name:        "masstransit",
	ContentType: "application/vnd.masstransit",
	Marks:       [][]string{{"mt-messagetype", "mt-initiatorid", "mt-source-address", "mt-activity-id", "mt-reason", "mt-fault-*", "mt-originalmessageid"}},
	BodyMarks:   [][]string{{"messagetype"}, {"conversationid"}, {"message"}, {"destinationaddress", "sourceaddress"}},
	Headers: []Entry{
		{"conversationid", Flow, AsIs},
		{"mt-initiatorid", Cause, AsIs},
		{"messageid", OwnID, AsIs},
		{"mt-messagetype", EventType, MessageURN},
		{"mt-source-address", Service, LastSegment},
		{"correlationid", Entity, Spare},
		{"requestid", Nothing, AsIs},
	},
	Properties: []Entry{{"correlation-id", Nothing, AsIs}},
	Body: []Entry{
		{"conversationid", Flow, AsIs},
		{"initiatorid", Cause, AsIs},
		{"messageid", OwnID, AsIs},
		{"messagetype", EventType, MessageURN},
		{"sourceaddress", Service, LastSegment},
		{"senttime", Occurred, AsIs},
		{"correlationid", Entity, Spare},
		{"requestid", Nothing, AsIs},
	},
}
