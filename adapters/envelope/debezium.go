package envelope

// Debezium change events: the database transaction groups changes, and the type is what
// was done. The outbox router writes plain headers, which the common names find.
var debezium = dialect{
	name:         "debezium",
	bodyAnywhere: true,
	bodyMarks:    [][]string{{"op"}, {"source"}, {"before", "after"}},
	body: []entry{
		{"transaction.id", flow, asIs},
		{"op", eventType, debeziumOp},
		{"source.name", service, asIs},
		{"source.tsms", occurred, asIs},
		{"tsms", occurred, asIs},
		{"source", nothing, asIs},
	},
}

// debeziumOps are the operation codes of its envelope.
var debeziumOps = map[byte]string{'c': "create", 'u': "update", 'd': "delete", 'r': "read", 't': "truncate", 'm': "message"}
