package client

import (
	"context"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"eventscope/adapters/driver"
)

// closedWhenIdle is a connection that serves one question, and is closed by then.
type closedWhenIdle struct {
	net.Conn
	writes atomic.Int32
}

func (c *closedWhenIdle) Write(p []byte) (int, error) {
	if c.writes.Add(1) > 1 {
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

// TestAQuestionThatReachedNobodyIsAskedAgain: a service closes idle connections. Questions that are
// asked once otherwise, since each may have an effect, have had none.
func TestAQuestionThatReachedNobodyIsAskedAgain(t *testing.T) {
	var heard []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		heard = append(heard, string(body))
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_, _ = io.WriteString(w, `{"Messages":[]}`)
	}))
	defer server.Close()
	connections := 0
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		connections++
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return &closedWhenIdle{Conn: conn}, err
	}}
	defer transport.CloseIdleConnections()
	asked := sqs.New(sqs.Options{
		Region: "us-east-1", BaseEndpoint: &server.URL, HTTPClient: &bounded{http.Client{Transport: transport}},
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	})
	for range 3 {
		if _, err := asked.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(server.URL + "/1/orders-dlq")}, Once); err != nil {
			t.Fatal(err)
		}
	}
	if len(heard) != 3 || connections != 3 || !strings.Contains(heard[2], "orders-dlq") {
		t.Errorf("%d connections; it was asked %q", connections, heard)
	}
}

// TestQuestionsAreAskedOverHTTP1: see rewindable.
func TestQuestionsAreAskedOverHTTP1(t *testing.T) {
	var version atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		version.Store(int32(r.ProtoMajor))
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_, _ = io.WriteString(w, `{"Messages":[]}`)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Open(t.Context(), Config{
		Region: "us-east-1", Endpoint: server.URL, Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""), TLS: &driver.TLS{CA: authority},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.SQS.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(server.URL + "/1/orders-dlq")}, Once); err != nil || version.Load() != 1 {
		t.Errorf("it was asked over HTTP/%d, %v", version.Load(), err)
	}
}
