package driver

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// Existing is the destinations of one kind, such as queues.
type Existing struct {
	Named []string // those that a config names
	All   []string // those that there are
}

// OfOneKind is [Driver.Existing] of a broker whose config names destinations of one kind.
func OfOneKind(named func(*Config) []string, all func(context.Context, Config) ([]string, error)) func(context.Context, Config) ([]Existing, error) {
	return func(ctx context.Context, c Config) ([]Existing, error) {
		names, err := all(ctx, c)
		return []Existing{{Named: named(&c), All: names}}, err
	}
}

// Driver is a kind of broker, as the program knows it before it opens one. Whatever else is
// particular to a broker is known in its own folder alone, so that a broker is one folder,
// and one line in the program's list of drivers.
type Driver struct {
	// Broker is its name in output, and that of a source which has no name.
	Broker adapters.Broker

	Words

	// Schemes are those of its URLs; at least one. If one is encrypted, URLs may name the files of
	// [TLS].
	Schemes []Scheme

	// Example is a URL of it, to be shown beside one that is wrong.
	Example string

	// OneHost, if not empty, says that a URL has just one host, and what to write in place
	// of several: a clause.
	OneHost string

	// NoLogin, if not empty, says that a URL names no user, and where credentials come from: a clause.
	NoLogin string

	// Pasted reads what people copy in place of a URL, as the broker itself writes addresses, and
	// returns it as a URL; ok is false for all else. It may be nil.
	Pasted func(text string) (url string, ok bool)

	// Mechanisms are the ways to log in that the parameter sasl chooses from; there is no such
	// parameter where there are none. The first is the usual one.
	Mechanisms []Mechanism

	// Cost is what a peek does to letters of queues, where looking is not free, and Naming says
	// how a URL names one into which one may peek all the same: what goes on after "name one".
	Cost   deadletter.Cost
	Naming string

	// Namespace says that the path of a URL is part of which broker is meant, as a virtual
	// host is, rather than of what is read there.
	Namespace bool

	// ReadPath checks what stands behind the hosts of a URL, without the slash before it and
	// with its escapes, and returns it as it is printed, with escapes. Its error is a clause
	// that repeats nothing of the path, in which a password could stand by mistake.
	ReadPath func(path string) (string, error)

	// Parameters are those of its URLs beside the ones that all brokers have.
	Parameters []Parameter

	// Named are the destinations that a config names by their whole names.
	Named func(*Config) []string

	// Existing is, for each kind of destination that a config names, what there is of it; nil where
	// the broker does not tell.
	Existing func(context.Context, Config) ([]Existing, error)

	// Target is the one destination that a config names, for copies to be sent there. Its
	// error is a clause that says how one is named.
	Target func(*Config) (deadletter.Target, error)

	// TargetOf is where a letter of a queue goes again that died at an origin: to the failed
	// destination alone if it would be dead-lettered from there as before, else to where it was
	// published at first. It asks nobody, and cannot fail.
	TargetOf deadletter.TargetOf

	// Open connects and logs in.
	Open func(context.Context, Config) (*Source, error)
}

// Words are how people speak of a kind of broker.
type Words struct {
	Product string // its name: "Kafka"
	// Read and ReadMany are what a source reads, one and several: "topic", "topics".
	Read, ReadMany string
	// Target is what may be named for copies to be sent to: "a topic".
	Target string
	// Seen is the kind of destination at which messages are seen, where the broker does not
	// tell what a name is of.
	Seen adapters.DestinationKind
}

// Scheme is how a URL begins.
type Scheme struct {
	Name string
	// Port is that of a host for which none is given. Where it is empty the host is the name of a
	// place and no address: it has no port, and may be left out where something else names the place.
	Port string
	TLS  bool // the connection is encrypted
}

// Mechanism is a way to log in.
type Mechanism struct {
	Name string // in lower case

	// Token says that the password is a bearer token, which needs no user.
	Token bool
	// Keyless says that there is no password, such as where a certificate says who it is.
	Keyless bool
	// Proves says that the password itself is never sent.
	Proves bool
}

// Parameter is a name that may stand behind the question mark of a URL.
type Parameter struct {
	Name string

	// Value stands for the value where the parameter is explained: "EXCHANGE:KEY".
	Value string

	// Says is what it does: one sentence without its full stop.
	Says string

	// Several may be given at once.
	Several bool

	// Check finds what is wrong with a value, which is never empty; nil takes any. Its error
	// is a clause that does not repeat the value.
	Check func(value string) error

	// API says that the value is the address of an HTTP API beside the broker, which may have
	// a user and a password of its own. A parameter of this name with _password_file behind it
	// then exists too.
	API *API
}

// API is how addresses of one HTTP API are completed.
type API struct {
	Port, TLSPort string // where none is given, of http and https
	Suffix        string // of the path, which people copy and which is left out
}

// Switch is the Check of a parameter that is true or false.
func Switch(value string) error {
	if value != "true" && value != "false" {
		return errors.New("it is a switch, true or false")
	}
	return nil
}

// Config says which broker is opened, as whom, and what of it is read.
type Config struct {
	// Name tells this source from the others of the process; empty is that of the broker.
	Name string

	// Hosts are host:port, at least one; where the scheme has no port, a name or nothing.
	Hosts []string

	Login
	Mechanism string // of [Driver.Mechanisms], or empty for the usual one

	// TLS, if not nil, encrypts the connection and checks the broker's certificate.
	TLS *TLS

	// Path is what stood behind the hosts, as [Driver.ReadPath] returned it.
	Path string

	// Values are the parameters of [Driver.Parameters], as they were given, checked.
	Values map[string][]string

	// APIs are the HTTP APIs beside the broker, by parameter.
	APIs map[string]HTTPEndpoint

	// Purpose is what it is opened for.
	Purpose Purpose

	// Write allows what changes the broker.
	Write bool

	// Memory is the budget of the whole process in bytes, and Sources how many sources share
	// it. Where Memory is 0 a driver chooses for itself.
	Memory  int64
	Sources int

	// StateFolder is a folder of this user's own in which an adapter may remember what other
	// processes need to know, or empty. It need not be there yet.
	StateFolder string
}

// Login is who logs in.
type Login struct {
	User, Password string

	// PasswordFile is the file that holds Password, if one was named.
	PasswordFile string
	// PasswordFrom says where Password was found: "URL", "config", the name of a variable,
	// "file PATH", or "" when there is none.
	PasswordFrom string
}

// HTTPEndpoint is an HTTP API beside a broker, and who logs in there; an empty User is the broker's.
type HTTPEndpoint struct {
	URL string // http or https, without user
	Login
}

// Purpose says what a broker is opened for.
type Purpose uint8

const (
	// ToRead: everything that can be read of it.
	ToRead Purpose = iota
	// ToInspect: its dead letters, or how far consumers are behind. Nothing is tapped, and who
	// asks for dead-letter destinations is given what is named, whatever it is called.
	ToInspect
	// ToSend: copies of messages are sent there. What is named is not read.
	ToSend
)

// Value is the value of a parameter, or "".
func (c *Config) Value(name string) string {
	if values := c.Values[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// Add gives a parameter one more value.
func (c *Config) Add(name, value string) {
	if c.Values == nil {
		c.Values = map[string][]string{}
	}
	c.Values[name] = append(c.Values[name], value)
}

// On reports whether a switch is true.
func (c *Config) On(name string) bool { return c.Value(name) == "true" }

// Escape writes the bytes of reserved, percent signs, spaces and control characters as %xx, as
// they stand in a URL.
func Escape(text, reserved string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c == 0x7f || c == '%' || strings.IndexByte(reserved, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
