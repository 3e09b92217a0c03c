package kafka

import (
	"fmt"

	"eventscope/adapters"
)

func (c *Config) groupNotAllowed(group string) error {
	return &adapters.Problem{
		Doing: fmt.Sprintf("describe the group %q at %s", group, c.address()), Cause: "user " + c.user() + " has no permission",
		Remedy: "have Describe granted on it", Kind: adapters.ErrNotAuthorized,
	}
}

func (c *Config) groupUnknown(group string) error {
	return &adapters.Problem{
		Doing: fmt.Sprintf("find the group %q at %s", group, c.address()), Cause: "the broker has no such group",
		Remedy: "check the spelling", Kind: adapters.ErrUnknownDestination,
	}
}

func (c *Config) groupUnanswered(group string, err error) error {
	return &adapters.Problem{
		Doing: fmt.Sprintf("ask about the group %q at %s", group, c.address()), Cause: inWords(err),
		Remedy: "try again when the cluster is whole", Kind: adapters.ErrNotConnected,
	}
}

func (c *Config) groupsUnanswered(why error) error {
	return &adapters.Problem{
		Doing: "list all groups at " + c.address(), Cause: "not every broker answers (" + inWords(why) + ")",
		Remedy: "try again when the cluster is whole", Kind: adapters.ErrNotConnected,
	}
}

func (c *Config) groupsHidden() error {
	return &adapters.Problem{
		Doing: "list all groups at " + c.address(), Cause: "those that user " + c.user() + " may not describe are not listed",
		Remedy: "have Describe granted on the cluster, or name groups", Kind: adapters.ErrNotAuthorized,
	}
}

// commitsHidden is why a group may have committed more than the broker tells.
func (c *Config) commitsHidden() string {
	return "commits on topics that user " + c.user() + " may not describe are not told"
}

func (c *Config) topicsHidden() error {
	return &adapters.Problem{
		Doing: "tell the whole lag of groups at " + c.address(), Cause: "only topics that user " + c.user() + " may describe are counted",
		Remedy: "have Describe granted on all topics, or name topics", Kind: adapters.ErrNotAuthorized,
	}
}
