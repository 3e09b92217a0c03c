package tracing

import (
	"context"
	"time"

	"eventscope/tracing/versions"
)

// Versions implements Querier. What has left the index is counted all the same.
func (s *Store) Versions(ctx context.Context) (seen []versions.Seen, err error) {
	err = s.ask(ctx, func(x *index) {
		seen = x.census.Seen(time.Now())
		for i := range seen {
			source := x.sources[seen[i].Number]
			seen[i].Source, seen[i].Broker, seen[i].Schemas = source.Name, source.Broker, source.Schemas
		}
	})
	return seen, err
}
