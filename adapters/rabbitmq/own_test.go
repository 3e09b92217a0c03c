package rabbitmq

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// ownBroker is a broker that belongs to these tests, which may kill it. It also has a
// listener for TLS, one above its port, and knows the mechanism EXTERNAL.
type ownBroker struct {
	*testBroker
	version, script, folder string
	port                    int
	certificates            string
}

// ownTests kill a broker, stop it, or change what holds for all of it.
var ownTests = map[string]func(t *testing.T, b *ownBroker){
	"ConformanceWhenTheBrokerDies":      conformanceWhenTheBrokerDies,
	"BrokerHangs":                       brokerHangs,
	"BrokerComesBackWithoutTheExchange": brokerComesBackWithoutTheExchange,
	"Firehose":                          firehoseOfAll,
	"BrokerDiesUnderARedriveOfClassic":  func(t *testing.T, b *ownBroker) { diesUnderARedrive(t, b, amqp.QueueTypeClassic) },
	"BrokerDiesUnderARedriveOfQuorum":   func(t *testing.T, b *ownBroker) { diesUnderARedrive(t, b, amqp.QueueTypeQuorum) },
	"ARedriveWaitsForALeader":           redriveWaitsForALeader,
	"TheBrokersReasonIsTold":            brokersReasonIsTold,
	"TLSAndExternal":                    tlsAndExternal,
}

// TestOnOwnBrokers runs each of them on a broker of these tests' own of each version, one after
// the other, since they share it, and beside all other tests.
func TestOnOwnBrokers(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"3", "4"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			if os.Getenv("EVENTSCOPE_BROKER_SCRIPTS") == "" {
				t.Skip("EVENTSCOPE_BROKER_SCRIPTS does not name the folder of the script that starts a broker")
			}
			b, err := startOwn(t, version)
			if err != nil {
				t.Skipf("RabbitMQ %s cannot be started here: %v", version, err)
			}
			for name, test := range ownTests {
				t.Run(name, func(t *testing.T) {
					b.start(t)
					test(t, b)
				})
			}
		})
	}
}

// startOwn starts a broker that ends with the test.
func startOwn(t *testing.T, version string) (b *ownBroker, err error) {
	b = &ownBroker{version: version, script: filepath.Join(os.Getenv("EVENTSCOPE_BROKER_SCRIPTS"), "rabbitmq"), port: freePorts()}
	if b.folder, err = os.MkdirTemp("", "eventscope-rabbitmq"); err != nil { // which the broker's own user must be able to enter
		return nil, err
	}
	t.Cleanup(func() {
		_, _ = b.command("kill", b.folder)
		_ = os.RemoveAll(b.folder)
	})
	if err := os.Chmod(b.folder, 0o755); err != nil {
		return nil, err
	}
	if b.testBroker, err = brokerAt("own "+version, fmt.Sprintf("amqp://guest:guest@127.0.0.1:%d/", b.port)); err != nil {
		return nil, err
	}
	if err := b.prepareTLS(); err != nil {
		return nil, err
	}
	if out, err := b.command("start", version, b.folder, strconv.Itoa(b.port)); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	return b, nil
}

// portsGiven counts the ports that were given, from somewhere.
var portsGiven atomic.Int32

func init() { portsGiven.Store(mathrand.Int32N(150)) }

// freePorts finds a port that is free together with those that the script derives, all
// below those that the system gives to outgoing connections (32768 and up on Linux):
// one of these could take a port while the broker is down. They are below those of other packages'
// tests, which run beside these, and each is given once.
func freePorts() int {
	for range 150 {
		port := 10000 + int(portsGiven.Add(1))%150*10
		free := true
		for _, above := range []int{0, 1, 5000, 6000, 10000, 20000} {
			listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+above))
			if err != nil {
				free = false
				break
			}
			_ = listener.Close()
		}
		if free {
			return port
		}
	}
	return 0 // on which no broker starts
}

func (o *ownBroker) command(arguments ...string) (string, error) {
	out, err := exec.Command(o.script, arguments...).CombinedOutput()
	return string(out), err
}

// start brings the broker up, if it is not, with the plugin for EXTERNAL.
func (o *ownBroker) start(t testing.TB) {
	t.Helper()
	if out, err := o.command("start", o.version, o.folder, strconv.Itoa(o.port)); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	plugins := filepath.Join(o.folder, "enabled_plugins")
	if err := os.WriteFile(plugins, []byte("[rabbitmq_management,rabbitmq_stream,rabbitmq_auth_mechanism_ssl].\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	o.ctl(t, "eval", `rabbit_plugins:ensure(os:getenv("RABBITMQ_ENABLED_PLUGINS_FILE")).`)
}

func (o *ownBroker) ctl(t testing.TB, arguments ...string) string {
	t.Helper()
	out, err := o.command(append([]string{"ctl", o.folder}, arguments...)...)
	if err != nil {
		t.Fatalf("rabbitmqctl %v: %v: %s", arguments, err, out)
	}
	return out
}

// sync has the broker write down which queues and exchanges there are: what was declared
// within the last seconds would else be gone after a SIGKILL, whatever is durable.
func (o *ownBroker) sync(t testing.TB) {
	t.Helper()
	o.ctl(t, "eval", "[dets:sync(T) || T <- dets:all()], case mnesia:system_info(is_running) of yes -> mnesia:sync_log(); _ -> ok end.")
}

// kill ends the broker by SIGKILL; start brings it back.
func (o *ownBroker) kill(t testing.TB) {
	t.Helper()
	if out, err := o.command("kill", o.folder); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// hang stops the broker's process without closing its connections.
func (o *ownBroker) hang(t testing.TB) (resume func()) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(o.folder, "beam.pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	return func() { _ = syscall.Kill(pid, syscall.SIGCONT) }
}

// seenFolder is the broker's folder as the broker itself sees it.
func (o *ownBroker) seenFolder() string {
	if o.version == "3" {
		return o.folder
	}
	return "/srv"
}

// prepareTLS makes an authority, a certificate for the broker, and one for the client
// "guest", and tells the broker of its own.
func (o *ownBroker) prepareTLS() error {
	o.certificates = filepath.Join(o.folder, "tls")
	for _, folder := range []string{o.certificates, filepath.Join(o.folder, "conf.d")} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	authority, err := newCertificate("test authority", nil)
	if err != nil {
		return err
	}
	for name, common := range map[string]string{"broker": "localhost", "client": "guest", "stranger": "nobody"} {
		c, err := newCertificate(common, authority)
		if err != nil {
			return err
		}
		if err := c.write(o.certificates, name); err != nil {
			return err
		}
	}
	if err := authority.write(o.certificates, "authority"); err != nil {
		return err
	}
	seen := o.seenFolder() + "/tls"
	settings := fmt.Sprintf(`listeners.ssl.1 = 127.0.0.1:%d
ssl_options.cacertfile = %s/authority.pem
ssl_options.certfile = %s/broker.pem
ssl_options.keyfile = %s/broker.key
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = false
ssl_cert_login_from = common_name
auth_mechanisms.1 = PLAIN
auth_mechanisms.2 = EXTERNAL
`, o.port+1, seen, seen, seen)
	return os.WriteFile(filepath.Join(o.folder, "conf.d", "tls.conf"), []byte(settings), 0o644)
}

// certificate is one with its key.
type certificate struct {
	der    []byte
	parsed *x509.Certificate
	key    *ecdsa.PrivateKey
}

func newCertificate(common string, signer *certificate) (*certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: common},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{common}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if signer == nil {
		template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
		signer = &certificate{parsed: template, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer.parsed, &key.PublicKey, signer.key)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	return &certificate{der: der, parsed: parsed, key: key}, err
}

func (c *certificate) write(folder, name string) error {
	key, err := x509.MarshalPKCS8PrivateKey(c.key)
	if err != nil {
		return err
	}
	var certificate, private bytes.Buffer
	_ = pem.Encode(&certificate, &pem.Block{Type: "CERTIFICATE", Bytes: c.der})
	_ = pem.Encode(&private, &pem.Block{Type: "PRIVATE KEY", Bytes: key})
	if err := os.WriteFile(filepath.Join(folder, name+".pem"), certificate.Bytes(), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, name+".key"), private.Bytes(), 0o644)
}

// awaitAnswer waits until the broker takes connections, as it does a while after it
// was resumed.
func (o *ownBroker) awaitAnswer(ctx context.Context) error {
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		connection, err := amqp.Dial(o.amqp)
		if err == nil {
			return connection.Close()
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return err
		}
	}
}
