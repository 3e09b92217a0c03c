package management

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/wording"
)

// Figure is a number that the management API may leave out, or write as null or as an
// empty text.
type Figure struct {
	N     float64
	Known bool
}

// UnmarshalJSON implements [json.Unmarshaler].
func (f *Figure) UnmarshalJSON(text []byte) error {
	n, err := strconv.ParseFloat(string(text), 64)
	*f = Figure{n, err == nil}
	return nil
}

// Count is the figure as a whole number, or -1.
func (f Figure) Count() int64 {
	if !f.Known {
		return -1
	}
	return int64(f.N)
}

// Rate is the figure as so much each second.
func (f Figure) Rate() adapters.Rate { return adapters.Rate{PerSecond: f.N, Known: f.Known} }

// plus adds what is known.
func (f Figure) plus(g Figure) Figure { return Figure{f.N + g.N, f.Known || g.Known} }

// Pace is how often something happens each second: lately, and over the last minute.
type Pace struct {
	Now    Figure `json:"rate"`
	Minute Figure `json:"avg_rate"`
}

func (p Pace) plus(q Pace) Pace { return Pace{p.Now.plus(q.Now), p.Minute.plus(q.Minute)} }

// Figures is what the management API counts of one queue.
type Figures struct {
	Name      string          `json:"name"`
	Type      string          `json:"type"`
	Exclusive bool            `json:"exclusive"`
	Ready     Figure          `json:"messages_ready"`
	Unacked   Figure          `json:"messages_unacknowledged"`
	Consumers Figure          `json:"consumers"`
	Capacity  Figure          `json:"consumer_capacity"`
	Head      Figure          `json:"head_message_timestamp"` // seconds, by the publisher's clock
	Stats     json.RawMessage `json:"message_stats"`          // see Paces
	Lengths   json.RawMessage `json:"messages_details"`       // see Stood
}

func (f *Figures) called() string { return f.Name }

// Stood reports whether there were messages in the queue for half a minute or longer. The broker
// has counted two or three times within the last minute: it forgets the oldest where nothing
// changes.
func (f *Figures) Stood() bool {
	const peeks = 2
	var lengths struct {
		Samples []struct {
			Messages Figure `json:"sample"`
		} `json:"samples"`
	}
	if json.Unmarshal(f.Lengths, &lengths) != nil || len(lengths.Samples) < peeks {
		return false
	}
	for _, s := range lengths.Samples {
		if s.Messages.N == 0 {
			return false
		}
	}
	return true
}

// Paces are the rates of a queue.
type Paces struct {
	Publish      Pace `json:"publish_details"`
	Delivered    Pace `json:"deliver_get_details"` // all that was delivered, also again
	DeliverNoAck Pace `json:"deliver_no_ack_details"`
	GetNoAck     Pace `json:"get_no_ack_details"`
	Ack          Pace `json:"ack_details"`
	Redeliver    Pace `json:"redeliver_details"`
}

// Done is what was acknowledged, or needed no acknowledgement.
func (p *Paces) Done() Pace { return p.Ack.plus(p.DeliverNoAck).plus(p.GetNoAck) }

// Paces are unknown before there was traffic.
func (f *Figures) Paces() (p Paces) {
	if json.Unmarshal(f.Stats, &p) != nil {
		return Paces{} // an empty list, where there is nothing
	}
	return p
}

// figuresQuery asks for rates and lengths over a minute, and for nothing else that costs the broker.
var figuresQuery = "msg_rates_age=60&msg_rates_incr=5&lengths_age=60&lengths_incr=30&columns=" + strings.Join([]string{
	"name,type,exclusive,messages_ready,messages_unacknowledged,consumers,consumer_capacity,head_message_timestamp,messages_details.samples",
	bothPaces("publish"), bothPaces("deliver_get"), bothPaces("deliver_no_ack"), bothPaces("get_no_ack"), bothPaces("ack"), bothPaces("redeliver"),
}, ",")

func bothPaces(of string) string {
	return "message_stats." + of + "_details.rate,message_stats." + of + "_details.avg_rate"
}

// FiguresPage is a part of all queues.
type FiguresPage struct {
	Items []Figures
	Pages int
	All   int // queues there are
}

// FiguresPage reads one page of the figures of all queues, from 1 on.
func (c *Client) FiguresPage(ctx context.Context, page int) (got FiguresPage, err error) {
	const (
		size      = 500  // the most that the broker gives
		mostPages = 1000 // more than any broker has
	)
	path := c.ofHost("queues") + "?page=" + strconv.Itoa(page) + "&page_size=" + strconv.Itoa(size) + "&" + figuresQuery
	_, err = c.ask(ctx, "read the lag of the queues", path, func(a *answer) error {
		got = FiguresPage{}
		return a.object(map[string]func() error{
			"items":          func() (err error) { got.Items, err = list[Figures](a); return err },
			"page_count":     func() error { return a.value(&got.Pages) },
			"filtered_count": func() error { return a.value(&got.All) },
		})
	})
	got.Pages = min(got.Pages, mostPages)
	return got, err
}

// Figures reads those of one queue. Its error is [adapters.ErrUnknownDestination] if there is none.
func (c *Client) Figures(ctx context.Context, name string) (*Figures, error) {
	answer := &Figures{}
	return answer, c.get(ctx, "read the lag of queue "+wording.Quoted(name), name, "?"+figuresQuery, answer)
}

// Consumer is one consumer of a queue, or reader of a stream.
type Consumer struct {
	Tag     string      `json:"consumer_tag"`
	Queue   queueName   `json:"queue"`
	Channel channelName `json:"channel_details"`
}

type queueName struct {
	Name string `json:"name"`
}

// channelName says where a consumer is.
type channelName struct {
	Connection string `json:"connection_name"`
	Host       string `json:"peer_host"`
	Port       Figure `json:"peer_port"`
}

// UnmarshalJSON implements [json.Unmarshaler]. What the broker does not know any more is an
// empty list.
func (c *channelName) UnmarshalJSON(text []byte) error {
	type plain channelName
	if json.Unmarshal(text, (*plain)(c)) != nil {
		*c = channelName{}
	}
	return nil
}

// Consumers are those of all queues.
func (c *Client) Consumers(ctx context.Context) (map[string][]Consumer, error) {
	list, err := listOf[Consumer](ctx, c, "list the consumers", c.ofHost("consumers")+
		"?columns=consumer_tag,queue.name,channel_details.connection_name,channel_details.peer_host,channel_details.peer_port")
	byQueue := make(map[string][]Consumer)
	for _, consumer := range list {
		byQueue[consumer.Queue.Name] = append(byQueue[consumer.Queue.Name], consumer)
	}
	return byQueue, err
}
