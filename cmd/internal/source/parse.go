package source

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/cmd/internal/spelling"
)

// Drivers are the kinds of brokers that URLs may name, in the order in which they are listed.
type Drivers []*driver.Driver

// Parse reads a URL. An error is an [adapters.Problem] of kind [adapters.ErrUsage]
// that names the part at fault and shows an example, and never holds a password.
func (d Drivers) Parse(text string) (Source, error) {
	s, err := d.parse(text)
	if err == nil {
		return s, nil
	}
	examples := d.Examples("")
	if s.Driver != nil {
		examples = s.Driver.Example
	}
	return Source{}, &adapters.Problem{
		Doing: fmt.Sprintf("read the source %q", Redact(text)), Cause: err.Error(),
		Remedy: "write it like " + examples, Kind: adapters.ErrUsage,
	}
}

func (d Drivers) parse(text string) (s Source, err error) {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return s, errors.New("it holds a control character")
	}
	text, _ = d.Pasted(text)
	name, rest, found := strings.Cut(text, "://")
	if !found {
		return s, fmt.Errorf("it is not a URL, for it has no scheme such as %s://", d[0].Schemes[0].Name)
	}
	var scheme driver.Scheme
	if s.Driver, scheme, found = d.find(name); !found {
		if guess := spelling.Nearest(name, d.schemes()); guess != "" {
			return s, fmt.Errorf("there is no scheme %q, did you mean %s://?", Redact(name), guess)
		}
		return s, errors.New("its scheme is none of " + oneOf(d.schemes(), " and "))
	}
	if scheme.TLS {
		s.TLS = &driver.TLS{}
	}
	authority, rest := cutAuthority(rest)
	if err := s.readAuthority(authority, rest, scheme.Port); err != nil {
		return s, err
	}
	path, query, _ := strings.Cut(rest, "?")
	if strings.ContainsRune(path, '=') { // which may be a password, and a path is shown
		return s, errors.New("a = stands before the question mark: parameters come behind one, as in …?name=…; in a name it is written %3D")
	}
	if s.Path, err = s.Driver.ReadPath(strings.TrimPrefix(path, "/")); err == nil {
		err = d.readParameters(&s, query)
	}
	return s, err
}

// Pasted is what people have copied in place of a URL as one, and says whether it was.
func (d Drivers) Pasted(text string) (url string, was bool) {
	for _, kind := range d {
		if kind.Pasted == nil {
			continue
		}
		if url, ok := kind.Pasted(text); ok {
			return url, true
		}
	}
	return text, false
}

// find is the driver that has a scheme.
func (d Drivers) find(name string) (*driver.Driver, driver.Scheme, bool) {
	for _, kind := range d {
		for _, scheme := range kind.Schemes {
			if strings.EqualFold(scheme.Name, name) {
				return kind, scheme, true
			}
		}
	}
	return nil, driver.Scheme{}, false
}

// schemes are the names of all.
func (d Drivers) schemes() (names []string) {
	for _, kind := range d {
		for _, scheme := range kind.Schemes {
			names = append(names, scheme.Name)
		}
	}
	return names
}

// Words are how people speak of each.
func (d Drivers) Words() map[adapters.Broker]driver.Words {
	words := map[adapters.Broker]driver.Words{}
	for _, kind := range d {
		words[kind.Broker] = kind.Words
	}
	return words
}

// Targets are what may be named for copies to be sent to: "a topic (Kafka), or …".
func (d Drivers) Targets() string {
	var all []string
	for _, kind := range d {
		all = append(all, kind.Words.Target+" ("+kind.Product+")")
	}
	return strings.Join(all, "; ")
}

// Products are the names of the brokers for people: "Kafka and RabbitMQ".
func (d Drivers) Products() string {
	var names []string
	for _, kind := range d {
		names = append(names, kind.Product)
	}
	return oneOf(names, " and ")
}

// Examples are a URL of each kind of broker, or, of an address, what it would be: "a or b".
func (d Drivers) Examples(address string) string {
	var examples []string
	for _, kind := range d {
		example := kind.Example
		if address != "" {
			if kind.Schemes[0].Port == "" {
				continue // its hosts are names of places, and no addresses
			}
			example = kind.Schemes[0].Name + "://" + address
		}
		examples = append(examples, example)
	}
	return oneOf(examples, " or ")
}

// oneOf lists names, with a word before the last.
func oneOf(names []string, word string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + word + names[last]
}

// readAuthority reads user:password@host:port,host:port.
func (s *Source) readAuthority(authority, rest, defaultPort string) error {
	hosts := authority
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		if s.Driver.NoLogin != "" {
			return errors.New("no user stands in such a URL: " + s.Driver.NoLogin)
		}
		hosts = authority[at+1:]
		login, err := readUser(authority[:at])
		if err != nil {
			return err
		}
		s.Login = login
	} else if path, _, _ := strings.Cut(rest, "?"); strings.ContainsRune(path, '@') {
		return errors.New("there is an @ behind the first slash; a / in a user name or password is written %2F")
	}
	if hosts == "" && defaultPort == "" {
		return nil
	}
	if hosts == "" {
		return errors.New("the host is missing")
	}
	for host := range strings.SplitSeq(hosts, ",") {
		address, err := hostPort(host, defaultPort)
		if err != nil {
			return err
		}
		s.Hosts = append(s.Hosts, address)
	}
	if s.Driver.OneHost != "" && len(s.Hosts) > 1 {
		return fmt.Errorf("a %s source has one host; %s", s.Driver.Product, s.Driver.OneHost)
	}
	return nil
}

// readUser reads user:password.
func readUser(text string) (login driver.Login, err error) {
	user, password, _ := strings.Cut(text, ":")
	if strings.ContainsAny(user, ";,=&|") { // of a user name every message repeats all
		return login, errors.New("a colon stands between user and password; in the user name itself, the characters ; , = & | are written %3B %2C %3D %26 %7C")
	}
	if login.User, err = url.PathUnescape(user); err != nil {
		return login, errors.New("in the user name, a % must be followed by two hexadecimal digits; a % itself is written %25")
	}
	if login.Password, err = url.PathUnescape(password); err != nil {
		return login, errors.New("in the password, a % must be followed by two hexadecimal digits; a % itself is written %25")
	}
	if user == "" {
		return login, errors.New("the user name before the @ is empty")
	}
	if password != "" {
		login.PasswordFrom = "URL"
	}
	return login, nil
}

func notOfPlace(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
}

// hostPort is host as host:port, or the name of a place where there is no default port. Its errors do not repeat host: what looks like one
// may be part of a password.
func hostPort(host, defaultPort string) (string, error) {
	name, port := host, defaultPort
	if strings.HasPrefix(host, "[") {
		end := strings.IndexByte(host, ']')
		if end < 0 || net.ParseIP(host[1:end]) == nil {
			return "", errors.New("an IPv6 address is written in brackets, as in [::1]:9092")
		}
		if name, host = host[1:end], host[end+1:]; host != "" && host[0] != ':' {
			return "", errors.New("only :port may follow an address in brackets")
		} else if host != "" {
			port = host[1:]
		}
	} else if before, after, found := strings.Cut(host, ":"); found {
		name, port = before, after
	}
	if defaultPort == "" {
		if port != "" || name == "" || strings.ContainsFunc(name, notOfPlace) {
			return "", errors.New("the host is a name of letters, digits and -, without a port")
		}
		return name, nil
	}
	if name == "" {
		return "", errors.New("a host is missing before a colon or a comma")
	}
	if strings.ContainsAny(name, " %\"<>\\^`{|}@#=&;?!$'()*+") {
		return "", errors.New("a host name holds a character that no host name has")
	}
	if _, ok := portNumber(port); !ok {
		return "", errors.New("the port is not a number from 1 to 65535")
	}
	return net.JoinHostPort(name, port), nil
}
