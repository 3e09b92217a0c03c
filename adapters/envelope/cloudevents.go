package envelope

// CloudEvents: attributes as headers (the Kafka and AMQP bindings; ce- leaks in from
// HTTP bridges), or as members of a JSON body.
var (
	cloudEvents = dialect{
		name:    "cloudevents",
		marks:   [][]string{prefixed("id", "type", "specversion")},
		headers: cloudEventHeaders(),
	}
	cloudEventsBody = dialect{
		name:        "cloudevents",
		contentType: "application/cloudevents",
		bodyMarks:   [][]string{{"specversion"}, {"type"}, {"source"}},
		body:        cloudEventAttributes,
	}
	// Dapr wraps payloads in a CloudEvent; its traceid is a whole traceparent.
	dapr = dialect{
		name:      "dapr",
		bodyMarks: [][]string{{"specversion"}, {"pubsubname"}},
		body:      append([]entry{{"traceid", trace, traceParent}}, cloudEventAttributes...),
	}
)

// cloudEventAttributes are in the order of the specification, then the correlation,
// distributed tracing and partitioning extensions, then those that Axon adds.
var cloudEventAttributes = []entry{
	{"id", ownID, asIs},
	{"source", service, asIs},
	{"type", eventType, asIs},
	{"time", occurred, asIs},
	{"subject", entity, asIs},
	{"dataschema", version, asIs},
	{"correlationid", flow, asIs},
	{"causationid", cause, asIs},
	{"traceparent", trace, traceParent},
	{"tenantid", tenant, asIs},
	{"tenant", tenant, asIs},
	{"axonmessageaggregateid", entity, asIs},
	{"axonmessagerevision", version, asIs},
	{"partitionkey", entity, asIs},
}

var cloudEventPrefixes = []string{"ce_", "ce-", "cloudevents_", "cloudevents:"}

func prefixed(attributes ...string) []string {
	var names []string
	for _, prefix := range cloudEventPrefixes {
		for _, attribute := range attributes {
			names = append(names, prefix+attribute)
		}
	}
	return names
}

func cloudEventHeaders() []entry {
	var headers []entry
	for _, attribute := range cloudEventAttributes {
		for _, prefix := range cloudEventPrefixes {
			headers = append(headers, entry{prefix + attribute.name, attribute.role, attribute.form})
		}
	}
	return headers
}
