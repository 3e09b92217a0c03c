package management

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/wording"
)

// refusalIn is the reason that the API gives in the body of a refusal, or "".
func refusalIn(body io.Reader) string {
	const most = 4 << 10
	var refusal struct {
		Reason string `json:"reason"`
	}
	_ = json.NewDecoder(io.LimitReader(body, most)).Decode(&refusal) // whatever else it is says nothing
	_, _ = io.CopyN(io.Discard, body, most)                          // so that the connection can be used again
	return refusal.Reason
}

// noAccess is the API's reason where a user may not see a virtual host.
const noAccess = "User not authorised to access virtual host"

// problem says why a question was not answered. Said is the API's own reason.
func (c *Client) problem(doing string, err error, status int, said string) error {
	doing += " from the management API " + c.endpoint
	problem := func(cause, remedy string, kind error) error {
		return &adapters.Problem{Doing: doing, Cause: cause, Remedy: remedy, Kind: kind}
	}
	switch {
	case errors.Is(err, errTooMuch):
		return problem(fmt.Sprintf("the answer takes more than the %d MiB that there is room for", c.room>>20),
			"check the URL, or raise --memory if the virtual host holds that much", adapters.ErrTooLarge)
	case errors.Is(err, errTooLong):
		return problem(fmt.Sprintf("what answers there sends items of more than %d MiB, as no management API does", mostItem>>20),
			"check the URL, usually http://broker:15672", adapters.ErrTooLarge)
	case wording.IsTimeout(err) && status != 0:
		return problem(fmt.Sprintf("its answer was not whole after %v", c.limit), "try again when the broker is less busy", adapters.ErrNotConnected)
	case wording.IsTimeout(err):
		return problem(fmt.Sprintf("no answer within %v", c.limit), "try again if the broker is busy, or check the URL and the firewall", adapters.ErrNotConnected)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return c.refusal(doing, said)
	case status == http.StatusNotFound && said != "":
		return c.refusal(doing, noAccess)
	case status >= http.StatusInternalServerError:
		return problem(fmt.Sprintf("it answered with HTTP status %d each time", status), "try again in a moment, or look into the broker's log", adapters.ErrNotConnected)
	case status >= http.StatusMultipleChoices && status != http.StatusNotFound:
		return problem(fmt.Sprintf("it answered with HTTP status %d", status), "check the URL, usually http://broker:15672", adapters.ErrNotConnected)
	case wasCut(err):
		return problem("the connection ended before the answer was whole", "check the URL, and https:// if the port speaks TLS, or try again", adapters.ErrNotConnected)
	case status != 0 || strings.Contains(err.Error(), "malformed HTTP"):
		return problem("what answers there is not a management API", "check the URL, usually http://broker:15672", adapters.ErrNotConnected)
	}
	return problem(wording.NetworkCause(unwrapURL(err)), "check the URL and that the plugin rabbitmq_management runs", adapters.ErrNotConnected)
}

// TooMuch says that there is no room for all that a question is answered with.
func (c *Client) TooMuch(doing string) error {
	return c.problem(doing, errTooMuch, http.StatusOK, "")
}

// refusal says which right is missing: the API answers all of them with the same status.
func (c *Client) refusal(doing, said string) error {
	problem := func(cause, remedy string, kind error) error {
		return &adapters.Problem{Doing: doing, Cause: cause, Remedy: remedy, Kind: kind}
	}
	user := fmt.Sprintf("user %q", c.user)
	switch {
	case strings.Contains(said, "Not management user"):
		return problem(user+" has no tag that lets it in", "give it the tag management (rabbitmqctl set_user_tags)", adapters.ErrNotAuthorized)
	case strings.Contains(said, "virtual host"):
		return problem(user+" may see no virtual host "+wording.Quoted(c.config.VirtualHost),
			"check its name, or grant the user any permission there (rabbitmqctl set_permissions)", adapters.ErrNotAuthorized)
	case strings.HasPrefix(said, "Not ") && strings.HasSuffix(said, " user"):
		return problem(user+" may not see this", "give it the tag monitoring (rabbitmqctl set_user_tags)", adapters.ErrNotAuthorized)
	case c.password == "":
		return problem("it refused "+user+" without a password", "check user and password", adapters.ErrNotAuthenticated)
	}
	return problem("it refused "+user+" with this password", "check user and password", adapters.ErrNotAuthenticated)
}

// unwrapURL takes away method and URL, which the sentence has already.
func unwrapURL(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
