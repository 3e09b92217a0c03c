package envelope

// Spring: only types are its own; kafka_correlationId matches replies and is no flow.
// __TypeId__ is read at its place among the sources of a type, see aliases.go.
var spring = dialect{
	name:  "spring",
	marks: [][]string{{"__typeid__", "spring_json_header_types", "kafka_correlationid", "kafka_replytopic"}},
	headers: []entry{
		{"kafka_correlationid", nothing, asIs},
	},
}
