package demo

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/avro" // the library that package payload/avro reads schemas by

	reader "eventscope/adapters/payload/avro"
)

// signUpType is the one type that is written in Avro, where there is a registry.
const signUpType = "UserRegistered"

// signUpSchema is a version of its schema. In every second one the country is a record, which who
// has the version before cannot read.
func signUpSchema(version int) string {
	country := `"string"`
	if version%2 == 0 {
		country = `{"type":"record","name":"Country","fields":[{"name":"code","type":"string"},{"name":"language","type":"string","default":"en"}]}`
	}
	added := ""
	for n := 3; n <= version; n++ {
		added += fmt.Sprintf(`,{"name":"consent_%d","type":"boolean","default":false}`, n)
	}
	return `{"type":"record","name":"UserRegistered","namespace":"shop","fields":[{"name":"type","type":"string"},{"name":"payload","type":{"type":"record","name":"SignUp","fields":[` +
		`{"name":"user_id","type":"string"},{"name":"name","type":"string"},{"name":"email","type":"string"},{"name":"country","type":` + country + `},` +
		`{"name":"timestamp","type":"string"},{"name":"event_id","type":"string"}` + added + `]}}]}`
}

// mostSignUpVersions bounds how many there come to be.
const mostSignUpVersions = 40

// signUps is which version of its schema sign-ups are written in, and which one is understood by
// whoever is last to be deployed.
type signUps struct {
	mutex      sync.Mutex
	written    int
	understood int
	stuckSince time.Time
}

// deployed is how long the service takes that is deployed last: so long it stands at the first
// sign-up of the new version.
const deployed = 45 * time.Second

// lastDeployed is that service.
const lastDeployed = "analytics"

// next is the version in which a sign-up is written. One in four comes from a client that was
// not deployed yet, and writes the one before.
func (u *signUps) next(renewed, behind bool) int {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if u.written == 0 {
		u.written, u.understood = 1, 1
	}
	if renewed && u.written < mostSignUpVersions {
		u.written++
		return u.written
	}
	if behind && u.written > 1 {
		return u.written - 1
	}
	return u.written
}

// wait is how long the service that is deployed last still has to wait until it can read a
// version.
func (u *signUps) wait(version int, now time.Time) time.Duration {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if version <= max(u.understood, 1) {
		return 0
	}
	if u.stuckSince.IsZero() {
		u.stuckSince = now
	}
	left := deployed - now.Sub(u.stuckSince)
	if left <= 0 {
		u.understood, u.stuckSince = version, time.Time{}
		return 0
	}
	return left
}

// encodeSignUp writes an event in Avro, framed as Confluent's serialisers do it.
func (s *System) encodeSignUp(e *event, now time.Time) ([]byte, error) {
	plain, err := e.encode(now)
	if err != nil {
		return nil, err
	}
	var b struct {
		Type    string         `json:"type"`
		Payload map[string]any `json:"payload"`
	}
	if err := json.Unmarshal(plain, &b); err != nil {
		return nil, err
	}
	if e.schema%2 == 0 {
		b.Payload["country"] = map[string]any{"code": b.Payload["country"], "language": "en"}
	}
	for n := 3; n <= e.schema; n++ {
		b.Payload[fmt.Sprintf("consent_%d", n)] = true
	}
	schema, err := avro.Parse(signUpSchema(e.schema))
	if err != nil {
		return nil, err
	}
	s.config.Registry.register(e.schema)
	return schema.AppendEncode(binary.BigEndian.AppendUint32([]byte{0}, uint32(e.schema)), map[string]any{"type": b.Type, "payload": b.Payload})
}

// signUpVersion is the version that a body names; 0 where it is not written by schema.
func signUpVersion(body []byte) int {
	if len(body) < 5 || body[0] != 0 {
		return 0
	}
	return int(binary.BigEndian.Uint32(body[1:5]))
}

// decodeSignUp makes JSON of a sign-up, as it was before there were schemas.
func decodeSignUp(body []byte) ([]byte, error) {
	version := signUpVersion(body)
	if version > mostSignUpVersions {
		return nil, fmt.Errorf("schema %d is not known", version)
	}
	schema, err := reader.Parse(signUpSchema(version))
	if err != nil {
		return nil, err
	}
	text, err := schema.AppendJSON(nil, body[5:], 0)
	if err != nil || version%2 != 0 {
		return text, err
	}
	var b struct {
		Type    string         `json:"type"`
		Payload map[string]any `json:"payload"`
	}
	if err := json.Unmarshal(text, &b); err != nil {
		return nil, err
	}
	if country, ok := b.Payload["country"].(map[string]any); ok {
		b.Payload["country"] = country["code"]
	}
	return json.Marshal(b)
}

// understand waits until the service can read a message: the one that is deployed last stands at
// the first of a version that it does not know.
func (s *service) understand(ctx context.Context, m *message) bool {
	version := signUpVersion(m.body)
	if s.name != lastDeployed || version == 0 || version > mostSignUpVersions {
		return true
	}
	for {
		left := s.system.signUps.wait(version, time.Now())
		if left <= 0 {
			return true
		}
		if !pause(ctx, left) {
			return false
		}
	}
}
