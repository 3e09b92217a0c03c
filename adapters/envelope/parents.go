package envelope

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
	"payload": {inDeep, ""}, "data": {inDeep, ""}, "message": {inDeep, ""}, "context": {inDeep, ""}, "event": {inDeep, ""}, "detail": {inDeep, ""},
	"before": {inObject, ""}, "after": {inObject, ""},
	"order": {inObject, "order."}, "tenant": {inObject, "tenant."},
	"source": {inObject, "source."}, "transaction": {inObject, "transaction."},
}

// nested are the parents that are also looked into below a payload: what Debezium
// nests when it writes schemas, and an order within an order event.
var nested = map[string]bool{"before": true, "after": true, "order": true, "tenant": true, "source": true, "transaction": true}
