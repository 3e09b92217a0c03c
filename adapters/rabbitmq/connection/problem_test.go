package connection

import (
	"errors"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

func TestRefusalsInWords(t *testing.T) {
	const secret = "correct-horse-battery"
	c := New(Config{Address: "broker:5672", VirtualHost: "shop", User: "ann", Password: secret})
	server := func(code int, reason string) *amqp.Error {
		return &amqp.Error{Code: code, Reason: reason, Server: true}
	}
	for name, test := range map[string]struct {
		err  error
		want string
		kind error
	}{
		"password": {
			c.connectProblem(amqp.ErrCredentials, nil, []byte("\x01\x00\x00")),
			`cannot connect to rabbitmq broker:5672: it refused user "ann" with this password; check user and password`, adapters.ErrNotAuthenticated,
		},
		"no password": {
			New(Config{Address: "broker:5672", User: "ann"}).connectProblem(amqp.ErrCredentials, nil, []byte("\x01\x00\x00")),
			`cannot connect to rabbitmq broker:5672: it refused user "ann" without a password; check user and password`, adapters.ErrNotAuthenticated,
		},
		"password, told": {
			c.connectProblem(server(403, "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN."), nil, nil),
			`cannot connect to rabbitmq broker:5672: it refused user "ann" with this password; check user and password`, adapters.ErrNotAuthenticated,
		},
		"mechanism": {
			c.connectProblem(amqp.ErrSASL, nil, nil),
			"cannot connect to rabbitmq broker:5672: the broker does not offer the mechanism PLAIN; use EXTERNAL with a client certificate, or enable PLAIN on the broker", adapters.ErrNotAuthenticated,
		},
		"virtual host": {
			c.connectProblem(server(530, "NOT_ALLOWED - vhost shop not found"), nil, nil),
			`cannot connect to rabbitmq broker:5672: it has no virtual host "shop"; check the path of the URL; / itself is written %2F`, adapters.ErrUnknownDestination,
		},
		"virtual host forbidden": {
			c.connectProblem(server(530, "NOT_ALLOWED - access to vhost 'shop' refused for user 'ann'"), nil, nil),
			"cannot connect to rabbitmq broker:5672: access to vhost 'shop' refused for user 'ann'; grant the user access with rabbitmqctl set_permissions", adapters.ErrNotAuthorized,
		},
		"limit": {
			c.connectProblem(server(530, "NOT_ALLOWED - access to vhost 'shop' refused for user 'ann': connection limit (1) is reached"), nil, nil),
			"cannot connect to rabbitmq broker:5672: access to vhost 'shop' refused for user 'ann': connection limit (1) is reached; close other connections or raise the limit", adapters.ErrNotConnected,
		},
		"lost": {
			c.lossProblem(&amqp.Error{Code: 501, Reason: "read tcp 127.0.0.1:1->127.0.0.1:2: read: connection reset by peer"}),
			"cannot read rabbitmq broker:5672: the broker closed the connection; check the broker; it is tried again until it answers", adapters.ErrNotConnected,
		},
		"hung": {
			c.lossProblem(&amqp.Error{Code: 501, Reason: "read tcp 127.0.0.1:1->127.0.0.1:2: i/o timeout"}),
			"cannot read rabbitmq broker:5672: no sign of life for 3s; check the broker; it is tried again until it answers", adapters.ErrNotConnected,
		},
		"stopped": {
			c.lossProblem(server(320, "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'")),
			"cannot read rabbitmq broker:5672: broker forced connection closure with reason 'shutdown'; check the broker; it is tried again until it answers", adapters.ErrNotConnected,
		},
		"exchange": {
			c.operationProblem(`tap exchange "orders"`, server(403, "ACCESS_REFUSED - read access to exchange 'orders' in vhost 'shop' refused for user 'ann'")),
			`cannot tap exchange "orders": read access to exchange 'orders' in vhost 'shop' refused for user 'ann'; grant the user the read permission on it (rabbitmqctl set_permissions)`, adapters.ErrNotAuthorized,
		},
		"topic permission": {
			c.operationProblem(`tap exchange "orders"`, server(403, "ACCESS_REFUSED - read access to topic 'order.#' in exchange 'orders' in vhost 'shop' refused for user 'ann'")),
			`cannot tap exchange "orders": read access to topic 'order.#' in exchange 'orders' in vhost 'shop' refused for user 'ann'; grant the user the topic permission to read that key (rabbitmqctl set_topic_permissions)`, adapters.ErrNotAuthorized,
		},
		"topic permission to write": {
			c.operationProblem("publish", server(403, "ACCESS_REFUSED - write access to topic 'order.placed' in exchange 'orders' in vhost 'shop' refused for user 'ann'")),
			`cannot publish: write access to topic 'order.placed' in exchange 'orders' in vhost 'shop' refused for user 'ann'; grant the user the topic permission to write that key (rabbitmqctl set_topic_permissions)`, adapters.ErrNotAuthorized,
		},
		"write": {
			c.operationProblem("publish", server(403, "ACCESS_REFUSED - write access to exchange 'amq.default' in vhost 'shop' refused for user 'ann'")),
			`cannot publish: write access to exchange 'amq.default' in vhost 'shop' refused for user 'ann'; grant the user the write permission on it (rabbitmqctl set_permissions)`, adapters.ErrNotAuthorized,
		},
		"own queues": {
			c.operationProblem("tap", server(403, "ACCESS_REFUSED - read access to queue 'amq.gen-1' in vhost 'shop' refused for user 'ann'")),
			`cannot tap: read access to queue 'amq.gen-1' in vhost 'shop' refused for user 'ann'; let the user configure, write and read queues of the name ^amq\.gen.* (rabbitmqctl set_permissions), which are its own`, adapters.ErrNotAuthorized,
		},
		"access to the virtual host": {
			c.operationProblem("tap", server(403, "ACCESS_REFUSED - access to vhost 'shop' refused for user 'ann'")),
			`cannot tap: access to vhost 'shop' refused for user 'ann'; grant the user access with rabbitmqctl set_permissions`, adapters.ErrNotAuthorized,
		},
		"without the kind of access": {
			c.operationProblem("tap", server(403, "ACCESS_REFUSED - access to exchange 'orders' in vhost 'shop' refused for user 'ann'")),
			`cannot tap: access to exchange 'orders' in vhost 'shop' refused for user 'ann'; grant the user the read permission on it (rabbitmqctl set_permissions)`, adapters.ErrNotAuthorized,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if test.err.Error() != test.want || !errors.Is(test.err, test.kind) {
				t.Errorf("got  %v\nwant %v (%v)", test.err, test.want, test.kind)
			}
			if strings.Contains(test.err.Error(), secret) {
				t.Error("the password shows")
			}
		})
	}
}
