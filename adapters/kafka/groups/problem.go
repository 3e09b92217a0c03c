package groups

import (
	"fmt"

	"eventscope/adapters"
	"eventscope/adapters/kafka/cluster"
)

func groupNotAllowed(c *cluster.Access, group string) error {
	return &adapters.Problem{
		Doing: fmt.Sprintf("describe the group %q at %s", group, c.Address()), Cause: "user " + c.User() + " has no permission",
		Remedy: "have Describe granted on it", Kind: adapters.ErrNotAuthorized,
	}
}

func groupUnknown(c *cluster.Access, group string) error {
	return &adapters.Problem{
		Doing: fmt.Sprintf("find the group %q at %s", group, c.Address()), Cause: "the broker has no such group",
		Remedy: "check the spelling", Kind: adapters.ErrUnknownDestination,
	}
}

func groupUnanswered(c *cluster.Access, group string, err error) error {
	return &adapters.Problem{
		Doing: fmt.Sprintf("ask about the group %q at %s", group, c.Address()), Cause: cluster.InWords(err),
		Remedy: "try again when the cluster is whole", Kind: adapters.ErrNotConnected,
	}
}

func groupsUnanswered(c *cluster.Access, why error) error {
	return &adapters.Problem{
		Doing: "list all groups at " + c.Address(), Cause: "not every broker answers (" + cluster.InWords(why) + ")",
		Remedy: "try again when the cluster is whole", Kind: adapters.ErrNotConnected,
	}
}

func groupsHidden(c *cluster.Access) error {
	return &adapters.Problem{
		Doing: "list all groups at " + c.Address(), Cause: "those that user " + c.User() + " may not describe are not listed",
		Remedy: "have Describe granted on the cluster, or name groups", Kind: adapters.ErrNotAuthorized,
	}
}

// commitsHidden is why a group may have committed more than the broker tells.
func commitsHidden(c *cluster.Access) string {
	return "commits on topics that user " + c.User() + " may not describe are not told"
}

func topicsHidden(c *cluster.Access) error {
	return &adapters.Problem{
		Doing: "tell the whole lag of groups at " + c.Address(), Cause: "only topics that user " + c.User() + " may describe are counted",
		Remedy: "have Describe granted on all topics, or name topics", Kind: adapters.ErrNotAuthorized,
	}
}
