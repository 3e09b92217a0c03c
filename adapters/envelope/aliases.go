package envelope

// Common names: what producers without a dialect call things, compared folded. They are
// looked for among the headers, then among the members of the body, then one level below
// a member that holds metadata; those that name a flow beyond doubt, a business object, its
// tenant or an event also one level below a member that holds the payload.

// alias is one common name, best first within a role.
type alias struct {
	name string
	role role
	form form
	firm bool // so clear a name that looking on for a better one is not worth it
	deep bool // also looked for in payload and data
}

var aliases = []alias{
	{"correlationid", flow, asIs, true, true},
	{"correlation", flow, asIs, true, false},
	{"xcorrelationid", flow, asIs, true, true},
	{"conversationid", flow, asIs, true, false},
	{"flowid", flow, asIs, true, true},
	{"sagaid", flow, asIs, true, true},
	{"processid", flow, asIs, true, false},
	{"workflowid", flow, asIs, true, false},
	{"xrequestid", flow, asIs, false, false},
	{"requestid", flow, asIs, false, false},

	{"causationid", cause, asIs, true, true},
	{"causedby", cause, asIs, true, false},
	{"parentid", cause, asIs, true, false},
	{"parentmessageid", cause, asIs, true, false},
	{"parenteventid", cause, asIs, true, false},
	{"inreplyto", cause, asIs, true, false},
	{"relatedto", cause, asIs, true, false},
	{"initiatorid", cause, asIs, true, false},

	{"messageid", ownID, asIs, true, false},
	{"eventid", ownID, asIs, true, true},
	{"msgid", ownID, asIs, true, false},
	{"id", ownID, asIs, false, false},
	{"uuid", ownID, asIs, false, false},
	{"idempotencykey", ownID, asIs, false, false},
	{"deduplicationid", ownID, asIs, false, false},

	{"eventtype", eventType, asIs, true, false},
	{"messagetype", eventType, messageURN, true, false},
	{"type", eventType, asIs, true, false},
	{"eventname", eventType, asIs, true, false},
	{"event", eventType, identifier, false, false},
	{"kind", eventType, identifier, false, false},
	{"name", eventType, nameOfEvent, false, false}, // last, for most things with a name are no events
	{"typeid", eventType, asIs, true, false},       // __TypeId__

	{"schemaversion", version, asIs, true, false},
	{"eventversion", version, asIs, true, false},
	{"version", version, asIs, true, false},
	{"revision", version, asIs, true, false},
	{"dataschema", version, asIs, true, false},
	{"datacontentversion", version, asIs, true, false},

	{"time", occurred, asIs, true, false},
	{"timestamp", occurred, asIs, true, true},
	{"occurredat", occurred, asIs, true, true},
	{"occurredon", occurred, asIs, true, true},
	{"createdat", occurred, asIs, true, false},
	{"sentat", occurred, asIs, true, false},
	{"eventtime", occurred, asIs, true, true},

	{"source", service, asIs, true, false},
	{"service", service, asIs, true, false},
	{"producer", service, asIs, true, false},
	{"appid", service, asIs, true, false},
	{"origin", service, asIs, true, false},
	{"sender", service, asIs, true, false},

	{"orderid", entity, asIs, true, true},
	{"order", entity, asIs, false, true},
	{"order.orderid", entity, asIs, true, true},
	{"order.id", entity, asIs, true, true},
	{"aggregateid", entity, asIs, true, true},
	{"entityid", entity, asIs, true, true},
	{"subject", entity, asIs, false, true},

	{"tenantid", tenant, asIs, true, true},
	{"tenant", tenant, asIs, true, true},
	{"tenant.id", tenant, asIs, true, true},
	{"xtenantid", tenant, asIs, true, true},
	{"xtenant", tenant, asIs, true, true},
	{"tenantkey", tenant, asIs, true, true},
	{"tenantcode", tenant, asIs, true, true},
	{"xscopeorgid", tenant, asIs, true, true},
	{"organizationid", tenant, asIs, true, true},
	{"organisationid", tenant, asIs, true, true},
	{"orgid", tenant, asIs, true, true},
	{"xorgid", tenant, asIs, true, true},
	{"xorganizationid", tenant, asIs, true, true},
	{"org", tenant, asIs, true, true},

	{"traceparent", trace, traceParent, true, false},
	{"diagnosticid", trace, traceParent, true, false},
	{"mtactivityid", trace, traceParent, true, false},
	{"b3", trace, b3, true, false},
	{"xb3traceid", trace, b3, true, false},
}

// depth is where in a body a member is.
type depth uint8

const (
	atTop    depth = iota
	inMeta         // below a member that holds metadata
	inDeep         // below a member that holds the payload
	inObject       // below a member that is a business object or a description of the source
	notThere       // the member is not looked into
)

// parents are the members of a body that are looked into, by folded name. A scope is
// put before the names of the members below, so that only entries with that scope match.
var parents = map[string]struct {
	depth depth
	scope string
}{
	"metadata": {inMeta, ""}, "meta": {inMeta, ""}, "headers": {inMeta, ""}, "envelope": {inMeta, ""}, "header": {inMeta, ""},
	"payload": {inDeep, ""}, "data": {inDeep, ""}, "message": {inDeep, ""}, "context": {inDeep, ""}, "event": {inDeep, ""},
	"before": {inObject, ""}, "after": {inObject, ""},
	"order": {inObject, "order."}, "tenant": {inObject, "tenant."},
	"source": {inObject, "source."}, "transaction": {inObject, "transaction."},
}

// nested are the parents that are also looked into below a payload: what Debezium
// nests when it writes schemas, and an order within an order event.
var nested = map[string]bool{"before": true, "after": true, "order": true, "tenant": true, "source": true, "transaction": true}
