package rabbitmq

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"eventscope/adapters"
)

// figure is a number that the management API may leave out, or write as null or as an
// empty text.
type figure struct {
	n     float64
	known bool
}

// UnmarshalJSON implements [json.Unmarshaler].
func (f *figure) UnmarshalJSON(text []byte) error {
	n, err := strconv.ParseFloat(string(text), 64)
	*f = figure{n, err == nil}
	return nil
}

// count is the figure as a whole number, or -1.
func (f figure) count() int64 {
	if !f.known {
		return -1
	}
	return int64(f.n)
}

func (f figure) rate() adapters.Rate { return adapters.Rate{PerSecond: f.n, Known: f.known} }

// plus adds what is known.
func (f figure) plus(g figure) figure { return figure{f.n + g.n, f.known || g.known} }

// pace is how often something happens each second: lately, and over the last minute.
type pace struct {
	Now    figure `json:"rate"`
	Minute figure `json:"avg_rate"`
}

func (p pace) plus(q pace) pace { return pace{p.Now.plus(q.Now), p.Minute.plus(q.Minute)} }

// queueFigures is what the management API counts of one queue.
type queueFigures struct {
	Name      string          `json:"name"`
	Type      string          `json:"type"`
	Exclusive bool            `json:"exclusive"`
	Ready     figure          `json:"messages_ready"`
	Unacked   figure          `json:"messages_unacknowledged"`
	Consumers figure          `json:"consumers"`
	Capacity  figure          `json:"consumer_capacity"`
	Head      figure          `json:"head_message_timestamp"` // seconds, by the publisher's clock
	Stats     json.RawMessage `json:"message_stats"`          // see paces
	Lengths   json.RawMessage `json:"messages_details"`       // see stood
}

// stood says that there were messages in the queue for half a minute or longer. The broker
// has counted two or three times within the last minute: it forgets the oldest where nothing
// changes.
func (q *queueFigures) stood() bool {
	const looks = 2
	var lengths struct {
		Samples []struct {
			Messages figure `json:"sample"`
		} `json:"samples"`
	}
	if json.Unmarshal(q.Lengths, &lengths) != nil || len(lengths.Samples) < looks {
		return false
	}
	for _, s := range lengths.Samples {
		if s.Messages.n == 0 {
			return false
		}
	}
	return true
}

// queuePaces are the rates of a queue.
type queuePaces struct {
	Publish      pace `json:"publish_details"`
	Delivered    pace `json:"deliver_get_details"` // all that was delivered, also again
	DeliverNoAck pace `json:"deliver_no_ack_details"`
	GetNoAck     pace `json:"get_no_ack_details"`
	Ack          pace `json:"ack_details"`
	Redeliver    pace `json:"redeliver_details"`
}

// done is what was acknowledged, or needed no acknowledgement.
func (p *queuePaces) done() pace { return p.Ack.plus(p.DeliverNoAck).plus(p.GetNoAck) }

// paces are unknown before there was traffic.
func (q *queueFigures) paces() (p queuePaces) {
	if json.Unmarshal(q.Stats, &p) != nil {
		return queuePaces{} // an empty list, where there is nothing
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

// figuresPage is a part of all queues.
type figuresPage struct {
	Items []queueFigures `json:"items"`
	Pages int            `json:"page_count"`
	All   int            `json:"filtered_count"` // queues there are
}

func (m *management) figuresPage(ctx context.Context, page int) (answer figuresPage, err error) {
	const size = 500 // the most that the broker gives
	path := "queues/" + url.PathEscape(m.config.VirtualHost) + "?page=" + strconv.Itoa(page) + "&page_size=" + strconv.Itoa(size) + "&" + figuresQuery
	return answer, m.read(ctx, "read the lag of the queues", path, &answer)
}

func (m *management) figures(ctx context.Context, name string) (*queueFigures, error) {
	answer := &queueFigures{}
	path := "queues/" + url.PathEscape(m.config.VirtualHost) + "/" + url.PathEscape(name) + "?" + figuresQuery
	err := m.read(ctx, "read the lag of queue "+quoted(name), path, answer)
	if errors.Is(err, adapters.ErrUnknownDestination) {
		err = adapters.UnknownDestination(adapters.RabbitMQ, m.config.Address, adapters.Queue, name)
	}
	return answer, err
}

// queueConsumer is one consumer of a queue, or reader of a stream.
type queueConsumer struct {
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
	Port       figure `json:"peer_port"`
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

// consumers are those of all queues.
func (m *management) consumers(ctx context.Context) (map[string][]queueConsumer, error) {
	var list []queueConsumer
	err := m.read(ctx, "list the consumers", "consumers/"+url.PathEscape(m.config.VirtualHost), &list)
	byQueue := make(map[string][]queueConsumer)
	for _, c := range list {
		byQueue[c.Queue.Name] = append(byQueue[c.Queue.Name], c)
	}
	return byQueue, err
}
