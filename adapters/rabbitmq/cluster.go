package rabbitmq

import (
	"context"
	"net/url"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Cluster implements deadletter.Queues: the name of the cluster, which its nodes tell
// every client, and the virtual host.
func (a *Adapter) Cluster(context.Context) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.cluster, nil
}

// clusterOf is what a connection tells; "" from brokers that have no name.
func (c *Config) clusterOf(connection *amqp.Connection) string {
	name, _ := connection.Properties["cluster_name"].(string)
	if name == "" {
		return ""
	}
	return "rabbitmq:" + name + "/" + url.PathEscape(c.VirtualHost)
}
