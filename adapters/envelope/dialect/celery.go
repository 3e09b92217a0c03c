package dialect

// Celery (protocol 2): the root task is the flow. The AMQP correlation id is the task's
// own id.
var celery = Dialect{
	Name:  "celery",
	Marks: [][]string{{"task"}, {"root_id"}},
	Headers: []Entry{
		{"root_id", Flow, AsIs},
		{"parent_id", Cause, AsIs},
		{"id", OwnID, AsIs},
		{"task", EventType, AsIs},
		{"origin", Service, AsIs},
	},
	Properties: []Entry{{"correlation-id", Nothing, AsIs}},
}
