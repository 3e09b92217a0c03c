package client

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws" // the vendor's client
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/driver"
)

const (
	// mostAnswer bounds one answer: ten messages of 1 MiB, whose JSON may be twice as long.
	mostAnswer = 32 << 20
	// askTime is how long one question may take, with what is tried again.
	askTime = 30 * time.Second
	// hurryTime is how long it may take once somebody wants an end.
	hurryTime = time.Second
	// attempts is how often a question is asked, and mostBackoff how long it waits in between.
	attempts    = 3
	mostBackoff = 2 * time.Second
)

// Config says where to ask, and as whom. What is empty is as the vendor's own tools have it:
// variables, the profile, single sign-on, web identity, the machine's role.
type Config struct {
	Region, Profile, Role, Account string
	Endpoint                       string      // in place of the service's own
	TLS                            *driver.TLS // files of authorities; nil is the system's

	// Credentials, if not nil, are used in place of those that would be found.
	Credentials aws.CredentialsProvider
}

// Client asks the two services of one region.
type Client struct {
	SQS     *sqs.Client
	SNS     *sns.Client
	Region  string
	Account string // whose queues and topics are meant; empty is the caller's own

	endpoint  string
	transport *http.Transport
}

// Open reads the settings. Nothing is asked before credentials are needed.
func Open(ctx context.Context, c Config) (*Client, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	settings, err := config.LoadDefaultConfig(ctx, options(&c)...)
	if err != nil {
		return nil, settingsProblem(err)
	}
	if settings.Region == "" {
		return nil, &adapters.Problem{
			Doing: "open AWS", Cause: "no region is named, and neither AWS_REGION nor the profile has one",
			Remedy: "write it as the host, as in sqs://eu-central-1/orders-dlq", Kind: adapters.ErrUsage,
		}
	}
	transport := transportOf(settings.HTTPClient)
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetHTTP1(true) // over HTTP/2 a question that was heard may be asked again: see rewindable
	if c.TLS != nil && (c.TLS.CA != "" || c.TLS.Certificate != "" || c.TLS.ServerName != "") {
		if transport.TLSClientConfig, err = c.TLS.Settings(""); err != nil {
			return nil, err
		}
	}
	settings.HTTPClient = &bounded{http.Client{
		Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if c.Role != "" {
		settings.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(settings), c.Role))
	}
	return &Client{
		SQS: sqs.NewFromConfig(settings), SNS: sns.NewFromConfig(settings),
		Region: settings.Region, Account: c.Account, endpoint: c.Endpoint, transport: transport,
	}, nil
}

func options(c *Config) []func(*config.LoadOptions) error {
	all := []func(*config.LoadOptions) error{
		config.WithHTTPClient(awshttp.NewBuildableClient()),
		config.WithLogger(logging.Nop{}), // its own writes to standard error, where the screen is
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = attempts, mostBackoff })
		}),
	}
	if c.Region != "" {
		all = append(all, config.WithRegion(c.Region))
	}
	if c.Profile != "" {
		all = append(all, config.WithSharedConfigProfile(c.Profile))
	}
	if c.Endpoint != "" {
		all = append(all, config.WithBaseEndpoint(c.Endpoint))
	}
	if c.Credentials != nil {
		all = append(all, config.WithCredentialsProvider(c.Credentials))
	}
	return all
}

// transportOf is the transport of what the settings have made, with the authorities of
// AWS_CA_BUNDLE if there are some.
func transportOf(made any) *http.Transport {
	if buildable, ok := made.(*awshttp.BuildableClient); ok {
		return buildable.GetTransport()
	}
	return http.DefaultTransport.(*http.Transport).Clone()
}

// Place is where it asks, for people.
func (c *Client) Place() string {
	if c.endpoint != "" {
		return c.Region + " at " + c.endpoint
	}
	return c.Region
}

// Close ends the connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Limit is ctx with an end, for one question.
func Limit(ctx context.Context) (context.Context, context.CancelFunc) {
	return deadletter.Within(ctx, askTime, hurryTime)
}

// Once makes a question that must not be asked twice unless it was certainly refused, since each
// may have an effect of its own.
func Once(o *sqs.Options) {
	o.Retryer = retry.NewStandard(func(s *retry.StandardOptions) {
		s.MaxAttempts, s.MaxBackoff = attempts, mostBackoff
		s.Retryables = []retry.IsErrorRetryable{retry.RetryableErrorCode{Codes: retry.DefaultThrottleErrorCodes}}
	})
}

// bounded refuses answers that are too large, and has a question that reached nobody asked again.
type bounded struct{ client http.Client }

// Do implements the SDK's HTTPClient.
func (b *bounded) Do(request *http.Request) (*http.Response, error) {
	if err := rewindable(request); err != nil {
		return nil, err
	}
	response, err := b.client.Do(request)
	if err == nil {
		response.Body = http.MaxBytesReader(nil, response.Body, mostAnswer)
	}
	return response, err
}

// rewindable lets the standard library ask on a new connection, where the service has closed an idle
// one before any byte of the question was written. The SDK's own body can be read but once. Over HTTP/2
// the library would ask again, too, where a stream was reset after the service had read the question.
func rewindable(request *http.Request) error {
	if request.Body == nil || request.GetBody != nil {
		return nil
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return err
	}
	if err := request.Body.Close(); err != nil {
		return err
	}
	request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	request.Body, err = request.GetBody()
	return err
}
