package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"eventscope/adapters/driver"
)

// certified is a config with a client certificate that is good between two times.
func certified(t *testing.T, from, to time.Time) *Access {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"}, NotBefore: from, NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	c := &Access{Brokers: []string{"kafka.example.org:9093"}, TLS: &driver.TLS{}}
	for _, file := range []struct {
		name, kind string
		der        []byte
		path       *string
	}{{"client.pem", "CERTIFICATE", der, &c.TLS.Certificate}, {"client.key", "EC PRIVATE KEY", secret, &c.TLS.Key}} {
		*file.path = filepath.Join(t.TempDir(), file.name)
		if err := os.WriteFile(*file.path, pem.EncodeToMemory(&pem.Block{Type: file.kind, Bytes: file.der}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// TestOwnCertificateIsNamed blames a certificate whose time is over or has not come, and
// otherwise says whom it names.
func TestOwnCertificateIsNamed(t *testing.T) {
	refusal := fmt.Errorf("unable to dial: remote error: tls: unknown certificate")
	day := func(year int) time.Time { return time.Date(year, 3, 4, 0, 0, 0, 0, time.UTC) }
	for want, c := range map[string]*Access{
		"the client certificate ended on 2021-03-04":   certified(t, day(2020), day(2021)),
		"the client certificate begins on 2999-03-04":  certified(t, day(2999), day(3000)),
		"refused the TLS connection (tls: unknown cer": certified(t, day(2020), day(2999)),
	} {
		if got := c.Problem(refusal).Error(); !strings.Contains(got, want) {
			t.Errorf("%s, want %q", got, want)
		}
		if got := c.NotAllowed("orders").Error(); !strings.Contains(got, `user "CN=client" has no permission`) {
			t.Error(got)
		}
	}
}

// TestHostOfABrokerIsNamed tells the address that the operator named from one that a broker
// gives itself.
func TestHostOfABrokerIsNamed(t *testing.T) {
	c := &Access{Brokers: []string{"kafka.example.org:9092"}}
	missing := func(host string) error {
		return fmt.Errorf("unable to dial: %w", &net.DNSError{Name: host, Err: "no such host"})
	}
	if got := c.Problem(missing("kafka.example.org")).Error(); !strings.Contains(got, "no such host: kafka.example.org; check the address") {
		t.Error(got)
	}
	want := "a broker calls itself kafka-0.internal, and there is no such host"
	if got := c.Problem(missing("kafka-0.internal")).Error(); !strings.Contains(got, want) {
		t.Errorf("%s, want %q", got, want)
	}
}
