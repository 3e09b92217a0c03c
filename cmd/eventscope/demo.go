package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/kafka"
	"eventscope/adapters/rabbitmq"
	"eventscope/cmd/internal/demo"
	"eventscope/cmd/internal/embedded"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/reading"
	"eventscope/cmd/internal/source"
)

// demo runs the demonstration system and looks at it.
type demonstration struct {
	*program
	kafka, rabbitMQ string
	prefix          string
	headless        bool
	limit           time.Duration
	seed            uint64
}

// demoSettle is longer than any of the system's flows takes, and short enough that what is
// usual is known within seconds.
const demoSettle = 4 * time.Second

// demoBanner is on the first screen, in one line of a narrow terminal.
const demoBanner = "enter: one order's flow   2: all flows   :fault breaks something   ?: help"

func (p *program) demoCommand() *cobra.Command {
	d := &demonstration{program: p}
	cmd := &cobra.Command{
		Use: "demo", Short: "Run the built-in demo shop (no broker needed)", Args: cobra.NoArgs,
		Long: "demo runs a small order system, real producers and consumers with orders, payments, stock and shipping, on a broker inside this process, " +
			"and opens the screen on it. With --kafka or --rabbitmq it runs on real brokers, where it makes and writes topics, exchanges and queues; " +
			"it refuses when some of these names hold messages of somebody else, and takes others with --prefix.",
		Example: "  eventscope demo\n  eventscope demo --headless --for 20s\n  eventscope demo --kafka localhost:9092 --rabbitmq amqp://guest@localhost:5672/",
		RunE:    p.command(d.run),
	}
	cmd.Flags().StringVar(&d.kafka, "kafka", "", "Kafka broker to use instead of the built-in one, host:port")
	cmd.Flags().StringVar(&d.rabbitMQ, "rabbitmq", "", "RabbitMQ broker to use for inventory and shipping, an AMQP URL")
	cmd.Flags().StringVar(&d.prefix, "prefix", "", "prefix of topics, exchanges, queues and groups, such as demo.")
	cmd.Flags().BoolVar(&d.headless, "headless", false, "no screen; print a summary at the end")
	cmd.Flags().DurationVar(&d.limit, "for", 0, "stop after this time, such as 20s")
	cmd.Flags().Uint64Var(&d.seed, "seed", 1, "seed of orders and faults; the same seed gives the same run")
	p.screenFlags(cmd)
	p.outputFlags(cmd)
	return cmd
}

func (d *demonstration) run(ctx context.Context, _ []string) error {
	if d.flags.context != "" {
		return exit.Usage("--context %s: the demonstration has brokers of its own; leave it out", d.flags.context)
	}
	if d.limit < 0 {
		return exit.Usage("--for %v: a time is positive, such as 20s", d.limit)
	}
	if !d.headless {
		if err := d.checkTerminal(); err != nil {
			return err
		}
	}
	settings, err := d.loadWithoutSources()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if d.limit > 0 {
		var expire context.CancelFunc
		ctx, expire = context.WithTimeoutCause(ctx, d.limit, exit.ErrTime)
		defer expire()
	}
	settings.paths, settings.rules = nil, nil // those are about other systems
	settings.settle = demoSettle
	system, stop, err := d.system(settings)
	if err != nil {
		return err
	}
	defer stop() // last, for the system settles what it has in hand
	var running sync.WaitGroup
	running.Go(func() {
		if err := system.Run(ctx); err != nil {
			cancel(err)
		}
	})
	err = d.look(ctx, system, settings)
	cancel(nil)
	running.Wait()
	if errors.Is(err, exit.ErrTime) {
		return nil
	}
	return err
}

// system makes the system and says in settings what to look at. stop ends the broker
// inside this process, if there is one.
func (d *demonstration) system(settings *settings) (system *demo.System, stop func(), err error) {
	stop = func() {}
	config := demo.Config{Seed: d.seed, Prefix: d.prefix}
	taps, err := d.rabbitMQSource(&config)
	if err != nil {
		return nil, stop, err
	}
	topics := demo.New(config).Topics()
	if d.kafka != "" {
		parsed, err := d.brokers.Parse("kafka://" + strings.TrimPrefix(d.kafka, "kafka://"))
		if err != nil {
			return nil, stop, err
		}
		config.Kafka = parsed.Hosts
		d.Note("the demonstration writes to kafka %s: %s", strings.Join(parsed.Hosts, ","), strings.Join(topics, ", "))
	} else {
		const partitions = 3
		broker, err := embedded.Start(context.Background(), partitions, topics...)
		if err != nil {
			return nil, stop, err
		}
		config.Kafka, stop = []string{broker.Address()}, broker.Stop
		if config.Registry, err = demo.StartRegistry(); err != nil {
			stop()
			return nil, func() {}, err
		}
		stop = func() { config.Registry.Stop(); broker.Stop() }
	}
	system = demo.New(config)
	settings.sources = []source.Source{{Driver: &kafka.Driver, Config: driver.Config{Hosts: config.Kafka, Path: strings.Join(topics, ",")}}}
	if config.Registry != nil {
		settings.sources[0].Registry.URLs = []string{config.Registry.Address()}
	}
	if taps != nil {
		d.Note("the demonstration writes to rabbitmq %s: %s", taps.Hosts[0], exchangesOf(system))
		for _, tap := range system.Taps() {
			taps.Add("tap", tap.Exchange+":"+tap.Key)
		}
		settings.sources = append(settings.sources, *taps)
	}
	source.Number(settings.sources)
	settings.share()
	return system, stop, nil
}

// exchangesOf lists the exchanges that the system writes to.
func exchangesOf(system *demo.System) string {
	var names []string
	for _, tap := range system.Taps() {
		names = append(names, tap.Exchange)
	}
	return strings.Join(names, ", ")
}

// rabbitMQSource reads --rabbitmq, nil when there is none, and gives the demonstration its URL.
func (d *demonstration) rabbitMQSource(config *demo.Config) (*source.Source, error) {
	if d.rabbitMQ == "" {
		return nil, nil
	}
	parsed, err := d.brokers.Parse(d.rabbitMQ)
	if err == nil && parsed.Driver != &rabbitmq.Driver {
		err = exit.Usage("--rabbitmq takes an AMQP URL such as amqp://guest@localhost:5672/")
	}
	if err == nil && parsed.TLS != nil {
		err = exit.Usage("--rabbitmq: the demonstration system does not speak TLS; give an amqp:// URL")
	}
	if err == nil {
		err = parsed.FindPassword(d.getenv)
	}
	if err != nil {
		return nil, err
	}
	reading.Warn(d.Console, []source.Source{parsed})
	if parsed.User == "" || parsed.User == "guest" && parsed.Password == "" {
		parsed.User, parsed.Password = "guest", "guest" // as every broker comes
	}
	config.RabbitMQ = (&url.URL{
		Scheme: "amqp", User: url.UserPassword(parsed.User, parsed.Password), Host: parsed.Hosts[0],
	}).String() + "/" + parsed.Path
	return &parsed, nil
}

// look shows the system on the screen, or waits and prints a summary.
func (d *demonstration) look(ctx context.Context, system *demo.System, settings *settings) error {
	v := &view{settings: settings, start: adapters.At(time.Now()), title: "demo", banner: demoBanner, patient: true}
	if d.kafka == "" && d.rabbitMQ == "" { // all of it is gone afterwards, so anything may be tried
		settings.readOnly = false
		folder, err := os.MkdirTemp("", "eventscope-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		v.stateFolder = folder
	}
	if d.headless {
		return d.summarise(ctx, system, v)
	}
	v.fault = func(_ context.Context, words []string) (string, error) {
		if len(words) != 2 {
			return "", exit.Usage("a fault is a service and what goes wrong with it, such as payment slow")
		}
		if err := system.Fault(words[0], words[1]); err != nil {
			return "", err
		}
		return effect(words[0], words[1]), nil
	}
	for _, fault := range demo.Faults() {
		v.faults = append(v.faults, fault.Service+" "+string(fault.Kind))
	}
	return d.show(ctx, v)
}

// effect is what a fault does, in words.
func effect(service, kind string) string {
	for _, fault := range demo.Faults() {
		if fault.Service == service && string(fault.Kind) == kind {
			return fmt.Sprintf("%s: %s", service, fault.Effect)
		}
	}
	return service + ": " + kind
}
