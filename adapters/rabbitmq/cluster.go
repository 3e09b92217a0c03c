package rabbitmq

import (
	"context"
)

// Cluster implements deadletter.Queues: the name of the cluster, which its nodes tell
// every client, and the virtual host.
func (a *Adapter) Cluster(context.Context) (string, error) {
	return a.broker.Cluster(), nil
}
