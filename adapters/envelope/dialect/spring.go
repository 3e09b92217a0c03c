package dialect

// Spring: only types are its own; kafka_correlationId matches replies and is no flow.
// __TypeId__ is read at its place among the sources of a type, see aliases.go.
var spring = Dialect{
	Name:  "spring",
	Marks: [][]string{{"__typeid__", "spring_json_header_types", "kafka_correlationid", "kafka_replytopic"}},
	Headers: []Entry{
		{"kafka_correlationid", Nothing, AsIs},
	},
}
