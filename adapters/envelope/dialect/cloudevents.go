package dialect

// CloudEvents: attributes as headers (the Kafka and AMQP bindings; ce- leaks in from
// HTTP bridges), or as members of a JSON body.
var (
	cloudEvents = Dialect{
		Name:    "cloudevents",
		Marks:   [][]string{prefixed("id", "type", "specversion")},
		Headers: cloudEventHeaders(),
	}
	cloudEventsBody = Dialect{
		Name:        "cloudevents",
		ContentType: "application/cloudevents",
		BodyMarks:   [][]string{{"specversion"}, {"type"}, {"source"}},
		Body:        cloudEventAttributes,
	}
	// Dapr wraps payloads in a CloudEvent; its traceid is a whole traceparent.
	dapr = Dialect{
		Name:      "dapr",
		BodyMarks: [][]string{{"specversion"}, {"pubsubname"}},
		Body:      append([]Entry{{"traceid", Trace, TraceParent}}, cloudEventAttributes...),
	}
)

// cloudEventAttributes are in the order of the specification, then the correlation,
// distributed tracing and partitioning extensions, then those that Axon adds.
var cloudEventAttributes = []Entry{
	{"id", OwnID, AsIs},
	{"source", Service, AsIs},
	{"type", EventType, AsIs},
	{"time", Occurred, AsIs},
	{"subject", Entity, AsIs},
	{"dataschema", Version, AsIs},
	{"correlationid", Flow, AsIs},
	{"causationid", Cause, AsIs},
	{"traceparent", Trace, TraceParent},
	{"tenantid", Tenant, AsIs},
	{"tenant", Tenant, AsIs},
	{"axonmessageaggregateid", Entity, AsIs},
	{"axonmessagerevision", Version, AsIs},
	{"partitionkey", Entity, AsIs},
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

func cloudEventHeaders() []Entry {
	var headers []Entry
	for _, attribute := range cloudEventAttributes {
		for _, prefix := range cloudEventPrefixes {
			headers = append(headers, Entry{prefix + attribute.Name, attribute.Role, attribute.Form})
		}
	}
	return headers
}
