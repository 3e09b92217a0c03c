package dialect

// NServiceBus: the conversation is the flow, and RelatedTo the message that was being
// handled. Its correlation id matches replies and says nothing about the flow.
var nServiceBus = Dialect{
	Name:  "nservicebus",
	Marks: [][]string{{"nservicebus.*"}},
	Headers: []Entry{
		{"nservicebus.conversationid", Flow, AsIs},
		{"nservicebus.relatedto", Cause, AsIs},
		{"nservicebus.messageid", OwnID, AsIs},
		{"nservicebus.enclosedmessagetypes", EventType, AssemblyList},
		{"nservicebus.originatingendpoint", Service, AsIs},
		{"nservicebus.timesent", Occurred, AsIs},
		{"nservicebus.correlationid", Nothing, AsIs},
	},
	Properties: []Entry{{"correlation-id", Nothing, AsIs}},
}
