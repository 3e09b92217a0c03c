package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Cluster implements [deadletter.Queues]: the id that the cluster gave itself when it was
// made. It is asked once.
func (a *Adapter) Cluster(ctx context.Context) (string, error) {
	a.mu.Lock()
	known := a.cluster
	a.mu.Unlock()
	if known != "" {
		return known, nil
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	request := kmsg.NewPtrMetadataRequest()
	request.Topics = []kmsg.MetadataRequestTopic{} // of none
	response, err := request.RequestWith(ctx, a.client)
	if err != nil {
		return "", a.explain(ctx, err)
	}
	if response.ClusterID == nil || *response.ClusterID == "" {
		return "", nil // as brokers before 0.10.1
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cluster = "kafka:" + *response.ClusterID
	return a.cluster, nil
}
