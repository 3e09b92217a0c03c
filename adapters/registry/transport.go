package registry

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	// maxAnswer is how long an answer may be, in bytes. Schemas are shorter.
	maxAnswer = 8 << 20
	// maxRedirects is how often an answer may send to another path.
	maxRedirects = 3
	// patience is how long one question may take.
	patience = 5 * time.Second
)

var errElsewhere = errors.New("it sends elsewhere, to a host that was not named")

// newClient makes an HTTP client that reads bounded answers, and that carries nothing to
// a host that was not named. It logs its questions in, if there is a login.
func newClient(hosts []string, secure *tls.Config, asks *later, login *logins) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig, transport.MaxIdleConnsPerHost = secure, 2
	return &http.Client{
		Transport: bounded{transport, asks, login}, Timeout: patience,
		CheckRedirect: func(next *http.Request, before []*http.Request) error {
			if !slices.Contains(hosts, next.URL.Host) || next.URL.Scheme != before[0].URL.Scheme || len(before) >= maxRedirects {
				return errElsewhere
			}
			return nil
		},
	}
}

// later is for how long the registry has asked to be left alone, in its last answer.
type later struct{ atomic.Int64 }

// take is that time, which is heeded once.
func (l *later) take() time.Duration { return time.Duration(l.Swap(0)) }

// heed reads what an answer asks for. A login that was refused will not be better soon.
func (l *later) heed(answer *http.Response) {
	if answer.StatusCode == http.StatusUnauthorized {
		l.Store(int64(longestPause))
	} else if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && seconds > 0 {
		l.Store(int64(min(time.Duration(min(seconds, 3600))*time.Second, longestPause)))
	}
}

// bounded ends answers that are too long, and sees whether they ask for a pause.
type bounded struct {
	*http.Transport
	later *later
	login *logins
}

// RoundTrip implements [http.RoundTripper].
func (b bounded) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := b.ask(request)
	if err == nil {
		b.later.heed(answer)
		said, _ := request.Context().Value(heardKey{}).(*heard)
		if said != nil {
			said.Reset()
		}
		answer.Body = &body{http.MaxBytesReader(nil, answer.Body, maxAnswer), said}
	}
	return answer, err
}

// ask logs a question in, and asks it. One whose token is refused is asked once more with a new one.
func (b bounded) ask(request *http.Request) (*http.Response, error) {
	if b.login == nil {
		return b.Transport.RoundTrip(request)
	}
	for again := false; ; again = true {
		own := request.Clone(request.Context()) // the other is not ours to change
		if again && request.GetBody != nil {
			said, err := request.GetBody()
			if err != nil {
				return nil, err
			}
			own.Body = said
		}
		token, err := b.login.add(own)
		if err != nil {
			return nil, err
		}
		answer, err := b.Transport.RoundTrip(own)
		if err != nil || answer.StatusCode != http.StatusUnauthorized || token == "" {
			return answer, err
		}
		b.login.tokens.forget(token)
		if again || request.Body != nil && request.GetBody == nil {
			return answer, nil
		}
		_ = answer.Body.Close()
	}
}

// body is that of an answer.
type body struct {
	io.ReadCloser
	said *heard // what was read, if somebody listens
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.said != nil {
		b.said.Write(p[:n])
	}
	return n, err
}
