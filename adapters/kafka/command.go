package kafka

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/kafka/cluster"
)

// What stands for the password, or the secret of an OAuth client, in a command: a variable of the reader's
// own shell.
const (
	passwordOf = `sasl.password="$KAFKA_PASSWORD"`
	secretOf   = `sasl.oauthbearer.client.secret="$KAFKA_PASSWORD"`
)

// Commands are those that read the record at a position again: kcat, and the tool that comes with
// Kafka, which has no parameters for a login.
func (a *Adapter) Commands(p adapters.Position) []driver.Command {
	if p.Partition < 0 {
		return nil
	}
	hosts, partition, offset := strings.Join(a.config.Brokers, ","), strconv.Itoa(int(p.Partition)), strconv.FormatInt(p.Offset, 10)
	login := a.config.kcatLogin()
	kcat := driver.ShellWords("kcat", "-C", "-b", hosts) + login + " " +
		driver.ShellWords("-t", p.Destination, "-p", partition, "-o", offset, "-c", "1", "-f", `%T %k\n%h\n%s\n`)
	all := []driver.Command{{Tool: "kcat", Line: kcat}}
	if login == "" {
		all = append(all, driver.Command{Tool: "kafka-console-consumer", Line: driver.ShellWords("kafka-console-consumer.sh", "--bootstrap-server", hosts,
			"--topic", p.Destination, "--partition", partition, "--offset", offset, "--max-messages", "1")})
	}
	return all
}

// kcatLogin is how kcat connects as this source does.
func (c *Config) kcatLogin() string {
	var b strings.Builder
	set := func(name, value string) {
		if value != "" {
			b.WriteString(" -X " + driver.ShellWords(name+"="+value))
		}
	}
	protocol := map[[2]bool]string{{true, false}: "ssl", {false, true}: "sasl_plaintext", {true, true}: "sasl_ssl"}[[2]bool{c.TLS != nil, c.SASL != nil}]
	set("security.protocol", protocol)
	if c.TLS != nil {
		set("ssl.ca.location", c.TLS.CA)
		set("ssl.certificate.location", c.TLS.Certificate)
		set("ssl.key.location", c.TLS.Key)
	}
	if c.SASL != nil {
		set("sasl.mechanisms", c.SASL.Mechanism)
		if c.SASL.Tokens != nil {
			set("sasl.oauthbearer.method", "oidc")
			set("sasl.oauthbearer.client.id", c.SASL.User)
			set("sasl.oauthbearer.token.endpoint.url", c.SASL.Tokens.URL)
			set("sasl.oauthbearer.scope", c.SASL.Tokens.Scope)
			set("sasl.oauthbearer.extensions", extensionsOf(c.SASL))
			fmt.Fprintf(&b, " -X %s", secretOf)
			return b.String()
		}
		set("sasl.username", c.SASL.User)
		if c.SASL.User != "" {
			fmt.Fprintf(&b, " -X %s", passwordOf)
		}
	}
	return b.String()
}

// extensionsOf are what goes beside a token, as librdkafka has them.
func extensionsOf(s *cluster.SASL) string {
	all := make([]string, 0, len(s.Extensions))
	for _, name := range slices.Sorted(maps.Keys(s.Extensions)) {
		all = append(all, name+"="+s.Extensions[name])
	}
	return strings.Join(all, ",")
}
