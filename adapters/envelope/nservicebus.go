package envelope

// NServiceBus: the conversation is the flow, and RelatedTo the message that was being
// handled. Its correlation id matches replies and says nothing about the flow.
var nServiceBus = dialect{
	name:  "nservicebus",
	marks: [][]string{{"nservicebus.*"}},
	headers: []entry{
		{"nservicebus.conversationid", flow, asIs},
		{"nservicebus.relatedto", cause, asIs},
		{"nservicebus.messageid", ownID, asIs},
		{"nservicebus.enclosedmessagetypes", eventType, assemblyList},
		{"nservicebus.originatingendpoint", service, asIs},
		{"nservicebus.timesent", occurred, asIs},
		{"nservicebus.correlationid", nothing, asIs},
	},
	properties: []entry{{"correlation-id", nothing, asIs}},
}
