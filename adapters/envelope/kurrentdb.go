package envelope

// KurrentDB (EventStoreDB) keeps both ids in an event's metadata, which relays copy to
// headers or to a metadata object in the body.
var kurrentDB = dialect{
	name:         "kurrentdb",
	bodyAnywhere: true,
	marks:        [][]string{{"$correlationid", "$causationid"}},
	bodyMarks:    [][]string{{"$correlationid", "$causationid"}},
	headers: []entry{
		{"$correlationid", flow, asIs},
		{"$causationid", cause, asIs},
	},
	body: []entry{
		{"$correlationid", flow, asIs},
		{"$causationid", cause, asIs},
	},
}
