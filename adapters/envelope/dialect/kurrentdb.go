package dialect

// KurrentDB (EventStoreDB) keeps both ids in an event's metadata, which relays copy to
// headers or to a metadata object in the body.
var kurrentDB = Dialect{
	Name:         "kurrentdb",
	BodyAnywhere: true,
	Marks:        [][]string{{"$correlationid", "$causationid"}},
	BodyMarks:    [][]string{{"$correlationid", "$causationid"}},
	Headers: []Entry{
		{"$correlationid", Flow, AsIs},
		{"$causationid", Cause, AsIs},
	},
	Body: []Entry{
		{"$correlationid", Flow, AsIs},
		{"$causationid", Cause, AsIs},
	},
}
