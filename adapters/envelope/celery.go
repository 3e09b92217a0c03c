package envelope

// Celery (protocol 2): the root task is the flow. The AMQP correlation id is the task's
// own id.
var celery = dialect{
	name:  "celery",
	marks: [][]string{{"task"}, {"root_id"}},
	headers: []entry{
		{"root_id", flow, asIs},
		{"parent_id", cause, asIs},
		{"id", ownID, asIs},
		{"task", eventType, asIs},
		{"origin", service, asIs},
	},
	properties: []entry{{"correlation-id", nothing, asIs}},
}
