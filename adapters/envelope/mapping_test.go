package envelope

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"eventscope/adapters"
)

func TestMappings(t *testing.T) {
	rules, err := Compile([]Mapping{
		{Destination: "ord?rs", Flow: "/payload/order~1id/0", Type: "header X-Kind", Entity: "key"},
		{Destination: "~o.*", Flow: "header never", ID: "/payload/n", Time: "/at"},
		{Destination: "papers", Time: "/order/@at", Service: "/order/from"},
		{Destination: "sh*", Flow: "property app-id", Service: "property routing-key"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []goldenCase{
		{"body, header and key", kafka("ord-1", `{"at":"2026-01-31T09:30:00Z","payload":{"order/id":["f-1","f-2"],"n":7}}`, "X-Kind", "T", "correlation_id", "no", "event_id", "no", "event_type", "no"),
			facts{"", "f-1", "", "7", "T", "", "", "ord-1", "", "2026-01-31T09:30:00Z", "mapping ord?rs: /payload/order~1id/0", "mapping ~o.*: /payload/n", "mapping ord?rs: header X-Kind", "mapping ord?rs: key", ""}},
		{"what a mapping does not find is read as ever", kafka("", `{"payload":{"order_id":"o"}}`, "correlation_id", "f"),
			facts{"", "f", "", "", "orders", "", "", "o", "", "", "header correlation_id", "", "destination name", "body payload.order_id", ""}},
		{"XML", kafkaAt("papers", `<?xml version="1.0"?><order at="2026-01-31T09:30:00Z"><from>shop</from><order_id>no</order_id></order>`),
			facts{"", "", "", "", "papers", "", "shop", "", "", "2026-01-31T09:30:00Z", "", "", "destination name", "", ""}},
		{"XML that breaks off", kafkaAt("papers", `<order at="2026-01-31T09:30:00Z"><from>shop`),
			facts{"", "", "", "", "papers", "", "", "", "", "", "", "", "destination name", "", ""}},
		{"properties", rabbit(adapters.Properties{AppID: "f-1", RoutingKey: "r", CorrelationID: "no"}, ""),
			facts{"", "f-1", "", "", "r", "", "r", "", "", "", "mapping sh*: property app-id", "", "routing key", "", ""}},
		{"a broken body", kafka("", `{"payload":{"order/id":[`, "correlation_id", "f"),
			facts{"", "f", "", "", "orders", "", "", "", "", "", "header correlation_id", "", "destination name", "", "malformed "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, read(t, &c.m, rules)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// kafkaAt is a message of a topic.
func kafkaAt(topic, value string) adapters.Message {
	m := kafka("", value)
	m.Position.Destination = topic
	return m
}

func TestMappingErrors(t *testing.T) {
	for _, c := range []struct {
		mapping Mapping
		says    string
	}{
		{Mapping{Flow: "key"}, "destination"},
		{Mapping{Destination: "~("}, "missing closing"},
		{Mapping{Destination: "a", Flow: "headr x"}, `flow: "headr x" is not a place`},
		{Mapping{Destination: "a", ID: "header "}, "id:"},
		{Mapping{Destination: "a", Type: "property correlationid"}, "there are correlation-id"},
		{Mapping{Destination: "a", Time: "/a~2"}, "~0"},
	} {
		_, err := Compile([]Mapping{{Destination: "fine", Flow: "key"}, c.mapping})
		if err == nil || !errors.Is(err, adapters.ErrUsage) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "mapping 2") {
			t.Errorf("%+v: %v", c.mapping, err)
		}
	}
}
