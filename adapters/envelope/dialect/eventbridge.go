package dialect

// EventBridge wraps what happened in an event whose detail is the payload; a flow, if there is one,
// is in there.
var eventBridge = Dialect{
	Name:      "eventbridge",
	BodyMarks: [][]string{{"detailtype"}, {"detail"}, {"source"}},
	Body: []Entry{
		{"id", OwnID, AsIs},
		{"detailtype", EventType, AsIs},
		{"source", Service, AsIs},
		{"time", Occurred, AsIs},
		{"version", Nothing, AsIs}, // of the envelope
	},
}
