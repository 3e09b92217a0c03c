package dialect

// Debezium is that of its change events: the database transaction groups changes, and the type is what
// was done to which table. The outbox router writes plain headers, which the common names find.
var Debezium = &Dialect{
	Name:         "debezium",
	BodyAnywhere: true,
	BodyMarks:    [][]string{{"op"}, {"source"}, {"before", "after"}},
	Body: []Entry{
		{"transaction.id", Flow, AsIs},
		{"op", EventType, DebeziumOp},
		{"source.name", Service, AsIs},
		{"source.tsms", Occurred, AsIs},
		{"tsms", Occurred, AsIs},
		{"source", Nothing, AsIs},
		{"source.table", Nothing, TableOfOp},
		{"source.collection", Nothing, TableOfOp},
	},
}

// DebeziumOps are the operation codes of its envelope.
var DebeziumOps = map[byte]string{'c': "create", 'u': "update", 'd': "delete", 'r': "read", 't': "truncate", 'm': "message"}
