package help

// Examples are command lines of each command, by its name below the program's.
var Examples = map[string]string{
	"dlq list": "  eventscope dlq list kafka://localhost:9092\n" +
		"  eventscope dlq list kafka://localhost:9092/orders.dlq --filter 'type == \"OrderPlaced\"'\n" +
		"  eventscope dlq list 'amqp://localhost/?queue=inventory.dlq&management=http://localhost:15672'",
	"dlq groups": "  eventscope dlq groups kafka://localhost:9092",
	"dlq show":   "  eventscope dlq show orders.dlq/0@17 kafka://localhost:9092 | jq .dead_letter",
	"dlq plan":   "  eventscope dlq plan kafka://localhost:9092/orders.dlq",
	"dlq replay": "  eventscope dlq plan kafka://localhost:9092/orders.dlq\n" +
		"  eventscope dlq replay kafka://localhost:9092/orders.dlq --write --confirm 17 --canary 1 --rate 100/s",
	"dlq discard": "  eventscope dlq discard kafka://localhost:9092/orders.dlq --filter 'type == \"Ping\"' --write --confirm 3 --reason 'test traffic'",
	"dlq restore": "  eventscope dlq restore orders.dlq/0@17 kafka://localhost:9092 --write --confirm 1",
	"flows": "  eventscope flows kafka://localhost:9092 --exit\n" +
		"  eventscope flows kafka://localhost:9092 --from -1h --exit --status failed,stuck\n" +
		"  eventscope flows kafka://localhost:9092 --exit --filter 'status == \"failed\" && \"payment\" in services'",
	"lag": "  eventscope lag kafka://localhost:9092\n" +
		"  eventscope lag kafka://localhost:9092 --group billing --watch 2s\n" +
		"  eventscope lag kafka://localhost:9092/orders --group billing --fail-above 1000 -o json",
	"eventscope": "  eventscope demo\n" +
		"  eventscope kafka://localhost:9092/orders,payments\n" +
		"  eventscope kafka://ann@broker:9093 'amqp://bob@rabbit/shop?tap=orders:#'\n" +
		"  eventscope trace ord-1009 kafka://localhost:9092",
	"schemas": "  eventscope schemas 'kafka://localhost:9092/orders?registry=http://localhost:8081'\n" +
		"  eventscope schemas kafka://localhost:9092 --from -24h --exit -o json\n" +
		"  eventscope schemas 'kafka://localhost:9092?registry=http://localhost:8081' --fail-on old,breaking",
	"schemas show": "  eventscope schemas show OrderPlaced 'kafka://localhost:9092/orders?registry=http://localhost:8081'",
	"schemas diff": "  eventscope schemas diff orders-value@2 orders-value@3 'kafka://localhost:9092?registry=http://localhost:8081'\n" +
		"  eventscope schemas diff 7 12 'kafka://localhost:9092?registry=http://localhost:8081' --fail-on breaking",
	"tail": "  eventscope tail kafka://localhost:9092/orders\n" +
		"  eventscope tail kafka://localhost:9092 --from -10m --exit -o json\n" +
		"  eventscope tail kafka://localhost:9092 --filter 'type == \"PaymentFailed\"'",
	"topology": "  eventscope topology kafka://localhost:9092\n" +
		"  eventscope topology kafka://localhost:9092 'amqp://bob@rabbit/shop?management=http://rabbit:15672' -o mermaid\n" +
		"  eventscope topology kafka://localhost:9092 --from -24h --exit -o json",
	"trace": "  eventscope trace ord-1009 kafka://localhost:9092\n" +
		"  eventscope trace ord-1009 kafka://localhost:9092 --since 24h -o json\n" +
		"  eventscope trace ord-1009 kafka://localhost:9092 --follow --for 1m",
}
