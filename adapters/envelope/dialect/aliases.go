package dialect

// Common names: what producers without a dialect call things, compared folded. They are
// looked for among the headers, then among the members of the body, then one level below
// a member that holds metadata; those that name a flow beyond doubt, a business object, its
// tenant or an event also one level below a member that holds the payload.

// Alias is one common name, best first within a role.
type Alias struct {
	Name string
	Role Role
	Form Form
	Firm bool // so clear a name that looking on for a better one is not worth it
	Deep bool // also looked for in payload and data
}

// Common are the common names.
var Common = []Alias{
	{"correlationid", Flow, AsIs, true, true},
	{"correlation", Flow, AsIs, true, false},
	{"xcorrelationid", Flow, AsIs, true, true},
	{"conversationid", Flow, AsIs, true, false},
	{"flowid", Flow, AsIs, true, true},
	{"sagaid", Flow, AsIs, true, true},
	{"processid", Flow, AsIs, true, false},
	{"workflowid", Flow, AsIs, true, false},
	{"xrequestid", Flow, AsIs, false, false},
	{"requestid", Flow, AsIs, false, false},

	{"causationid", Cause, AsIs, true, true},
	{"causedby", Cause, AsIs, true, false},
	{"parentid", Cause, AsIs, true, false},
	{"parentmessageid", Cause, AsIs, true, false},
	{"parenteventid", Cause, AsIs, true, false},
	{"inreplyto", Cause, AsIs, true, false},
	{"relatedto", Cause, AsIs, true, false},
	{"initiatorid", Cause, AsIs, true, false},

	{"messageid", OwnID, AsIs, true, false},
	{"eventid", OwnID, AsIs, true, true},
	{"msgid", OwnID, AsIs, true, false},
	{"id", OwnID, AsIs, false, false},
	{"uuid", OwnID, AsIs, false, false},
	{"idempotencykey", OwnID, AsIs, false, false},
	{"deduplicationid", OwnID, AsIs, false, false},

	{"eventtype", EventType, AsIs, true, false},
	{"messagetype", EventType, MessageURN, true, false},
	{"type", EventType, AsIs, true, false},
	{"eventname", EventType, AsIs, true, false},
	{"event", EventType, Identifier, false, false},
	{"kind", EventType, Identifier, false, false},
	{"name", EventType, NameOfEvent, false, false}, // last, for most things with a name are no events
	{"typeid", EventType, AsIs, true, false},       // __TypeId__

	{"schemaversion", Version, AsIs, true, false},
	{"eventversion", Version, AsIs, true, false},
	{"version", Version, AsIs, true, false},
	{"revision", Version, AsIs, true, false},
	{"dataschema", Version, AsIs, true, false},
	{"datacontentversion", Version, AsIs, true, false},

	{"time", Occurred, AsIs, true, false},
	{"timestamp", Occurred, AsIs, true, true},
	{"occurredat", Occurred, AsIs, true, true},
	{"occurredon", Occurred, AsIs, true, true},
	{"createdat", Occurred, AsIs, true, false},
	{"sentat", Occurred, AsIs, true, false},
	{"eventtime", Occurred, AsIs, true, true},

	{"source", Service, AsIs, true, false},
	{"service", Service, AsIs, true, false},
	{"producer", Service, AsIs, true, false},
	{"appid", Service, AsIs, true, false},
	{"origin", Service, AsIs, true, false},
	{"sender", Service, AsIs, true, false},

	{"orderid", Entity, AsIs, true, true},
	{"order", Entity, AsIs, false, true},
	{"order.orderid", Entity, AsIs, true, true},
	{"order.id", Entity, AsIs, true, true},
	{"aggregateid", Entity, AsIs, true, true},
	{"entityid", Entity, AsIs, true, true},
	{"subject", Entity, AsIs, false, true},

	{"tenantid", Tenant, AsIs, true, true},
	{"tenant", Tenant, AsIs, true, true},
	{"tenant.id", Tenant, AsIs, true, true},
	{"xtenantid", Tenant, AsIs, true, true},
	{"xtenant", Tenant, AsIs, true, true},
	{"tenantkey", Tenant, AsIs, true, true},
	{"tenantcode", Tenant, AsIs, true, true},
	{"xscopeorgid", Tenant, AsIs, true, true},
	{"organizationid", Tenant, AsIs, true, true},
	{"organisationid", Tenant, AsIs, true, true},
	{"orgid", Tenant, AsIs, true, true},
	{"xorgid", Tenant, AsIs, true, true},
	{"xorganizationid", Tenant, AsIs, true, true},
	{"org", Tenant, AsIs, true, true},

	{"traceparent", Trace, TraceParent, true, false},
	{"diagnosticid", Trace, TraceParent, true, false},
	{"mtactivityid", Trace, TraceParent, true, false},
	{"awstraceheader", Trace, XRay, true, false},
	{"xamzntraceid", Trace, XRay, true, false},
	{"b3", Trace, B3, true, false},
	{"xb3traceid", Trace, B3, true, false},
}
