package client

import (
	"errors"
	"regexp"
	"strings"
)

// Part says what of an entity is meant.
type Part string

const (
	Main     Part = ""                            // its messages
	Dead     Part = "/$DeadLetterQueue"           // its dead letters
	Transfer Part = "/$Transfer/$DeadLetterQueue" // what could not be forwarded
)

const subscriptions = "/subscriptions/" // between topic and subscription, in any case of letters

// Entity is a queue, a topic or a subscription, or what lies beside one.
type Entity struct {
	Topic string // of a subscription, else empty
	Name  string
	Part  Part
}

// Parse reads the name of an entity. What has one slash in it is a subscription: topic/subscription.
// A queue whose own name has a slash is therefore found only where several are listed.
func Parse(text string) (e Entity, err error) {
	for _, part := range []Part{Transfer, Dead} {
		if len(text) > len(part) && strings.EqualFold(text[len(text)-len(part):], string(part)) {
			e.Part, text = part, text[:len(text)-len(part)]
			break
		}
	}
	e.Name = text
	if at := strings.Index(strings.ToLower(text), subscriptions); at > 0 {
		e.Topic, e.Name = text[:at], text[at+len(subscriptions):]
	} else if at := strings.IndexByte(text, '/'); at > 0 && strings.Count(text, "/") == 1 {
		e.Topic, e.Name = text[:at], text[at+1:]
	}
	if !names.MatchString(e.Name) || e.Topic != "" && !names.MatchString(e.Topic) {
		return Entity{}, errors.New("a name holds a character that none has: names are letters, digits, . - _ and /, and begin with a letter or digit")
	}
	return e, nil
}

var names = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,259}$`)

// String is the entity as people name it: queue, topic/subscription, with what is meant of it.
func (e Entity) String() string {
	if e.Topic == "" {
		return e.Name + string(e.Part)
	}
	return e.Topic + "/" + e.Name + string(e.Part)
}

// Path is the entity as the service names it.
func (e Entity) Path() string {
	if e.Topic == "" {
		return e.Name + string(e.Part)
	}
	return e.Topic + "/Subscriptions/" + e.Name + string(e.Part)
}

// Of is another part of the same entity.
func (e Entity) Of(part Part) Entity {
	e.Part = part
	return e
}
