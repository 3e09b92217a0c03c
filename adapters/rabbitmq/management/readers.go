package management

import "context"

// Reader is what the plugin rabbitmq_stream_management counts of such a reader. Its
// offset is of no use: 3.10 tells that of the last chunk.
type Reader struct {
	Queue        queueName        `json:"queue"`
	Connection   streamConnection `json:"connection_details"`
	Subscription int              `json:"subscription_id"`
	Lag          Figure           `json:"offset_lag"`
	Properties   readerProperties `json:"properties"`
}

type readerProperties struct {
	Name string `json:"name"`
}

type streamConnection struct {
	Name string `json:"name"`
}

// StreamReaders are those that speak the stream protocol. It tells the HTTP status too, or 0 if
// there was no answer: the plugin need not run.
func (c *Client) StreamReaders(ctx context.Context) (found []Reader, status int, err error) {
	status, err = c.ask(ctx, "list the readers of streams", c.ofHost("stream/consumers"), func(a *answer) (err error) {
		found, err = list[Reader](a)
		return err
	})
	return found, status, err
}
