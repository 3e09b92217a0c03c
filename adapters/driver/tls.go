package driver

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"eventscope/adapters"
)

// TLS names the files of transport security, in PEM. There is no way to leave out the check
// of the broker's certificate.
type TLS struct {
	CA               string // trusted authorities; empty is the system's
	Certificate, Key string // of a client, both or none
	ServerName       string // expected in the broker's certificate, if not the host
}

// Settings reads the files. Without a ServerName the certificate must be that of host, which
// may be empty where whoever dials fills it in. Its errors are of kind [adapters.ErrUsage].
func (t *TLS) Settings(host string) (*tls.Config, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if t.ServerName != "" {
		settings.ServerName = t.ServerName
	}
	if t.CA != "" {
		settings.RootCAs = x509.NewCertPool()
		if err := t.trust(settings.RootCAs); err != nil {
			return nil, err
		}
	}
	if t.Certificate != "" || t.Key != "" {
		pair, err := tls.LoadX509KeyPair(t.Certificate, t.Key)
		if err != nil {
			return nil, usage("read the client certificate", err, "check cert= and key=")
		}
		settings.Certificates = []tls.Certificate{pair}
	}
	return settings, nil
}

// Elsewhere is how https is spoken with another server than that which the files are for, of which it may
// be that it has the same authority: that is trusted beside the system's. The client certificate is not
// shown to it.
func (t *TLS) Elsewhere() (*tls.Config, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CA == "" {
		return settings, nil
	}
	var err error
	if settings.RootCAs, err = x509.SystemCertPool(); err != nil {
		settings.RootCAs = x509.NewCertPool() // there is none on this system
	}
	return settings, t.trust(settings.RootCAs)
}

// trust adds the authorities of the file.
func (t *TLS) trust(all *x509.CertPool) error {
	pem, err := os.ReadFile(t.CA)
	if err != nil {
		return usage("read the authority's certificate", err, "check the path in ca=")
	}
	if !all.AppendCertsFromPEM(pem) {
		return usage("read the authority's certificate", fmt.Errorf("%s holds no PEM certificate", t.CA), "name a file that does in ca=")
	}
	return nil
}

func usage(doing string, err error, remedy string) error {
	return &adapters.Problem{Doing: doing, Cause: err.Error(), Remedy: remedy, Kind: adapters.ErrUsage}
}
