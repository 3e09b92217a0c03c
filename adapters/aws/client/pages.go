package client

import (
	"context"
	"strconv"

	"eventscope/adapters"
)

// mostListed bounds how much is listed.
const mostListed = 20_000

// pager is a paginator of the SDK, of any list.
type pager[Page, Option any] interface {
	HasMorePages() bool
	NextPage(ctx context.Context, options ...Option) (*Page, error)
}

// eachPage asks for one page of a list after the other. Add takes one in, and returns how much was
// listed by then.
func eachPage[Page, Option any](ctx context.Context, c *Client, doing string, pages pager[Page, Option], add func(*Page) (listed int)) error {
	for pages.HasMorePages() {
		limited, cancel := Limit(ctx)
		page, err := pages.NextPage(limited)
		cancel()
		if err != nil {
			return c.Problem(ctx, doing, err)
		}
		if add(page) > mostListed {
			return &adapters.Problem{
				Doing: doing + " of " + c.Place(), Cause: "there are more than " + strconv.Itoa(mostListed),
				Remedy: "name those that are meant", Kind: adapters.ErrTooLarge,
			}
		}
	}
	return nil
}
