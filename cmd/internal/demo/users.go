package demo

import (
	"strings"
	"time"
)

// ordersPerSignUp: so many orders are placed for each new user.
const ordersPerSignUp = 8

// userService registers users, which fans out to three services that know nothing of
// each other.
func userService() *service {
	return &service{name: "user", home: users, faults: []Kind{Poison, NewSchema}, produce: &production{make: register, each: ordersPerSignUp}}
}

func register(s *service, count int) []event {
	id := "usr-" + number(count)
	numbers := s.chance("user", id)
	name := oneOf(numbers, []string{"Ada", "Béla", "Chloé", "Dmitri", "Emre", "Farah", "Gökçe", "Hana", "Inés", "Jürgen", "Kenji", "Łucja"}) + " " +
		oneOf(numbers, []string{"Moreau", "Novák", "Ørsted", "Petrov", "Quintana", "Rossi", "Sato", "Tanaka", "Ünal", "van Dijk"})
	mailbox, _, _ := strings.Cut(name, " ")
	return []event{{
		destination: users, eventType: signUpType, service: s.name, schema: s.signUpSchema(id),
		id: identifier("evt", 12, s.system.seed, id, "UserRegistered"), correlation: identifier("flow", 10, s.system.seed, id),
		payload: payload{UserID: id, Name: name, Email: strings.ToLower(mailbox) + "@example.org", Country: oneOf(numbers, []string{"FR", "CZ", "DK", "JP", "TR", "NL", "ES"})},
	}}
}

// signUpSchema picks the version in which a sign-up is written.
func (s *service) signUpSchema(id string) int {
	if s.system.config.Registry == nil {
		return schemaFirst
	}
	return s.system.signUps.next(s.struck(NewSchema, id), s.chance("behind", id).IntN(4) == 0)
}

// signUpReader is a service that does one thing about a new user.
func signUpReader(name string, least, most time.Duration, eventType string) *service {
	did := func(s *service, cause *event) []event {
		return []event{s.next(cause, users, eventType, payload{UserID: cause.payload.UserID, Email: cause.payload.Email})}
	}
	return &service{name: name, home: users, reactions: []reaction{{users, "UserRegistered", least, most, did}}}
}
