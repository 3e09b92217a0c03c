package adapters

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
)

// Fingerprint tells messages apart by all there is to them: the first half of a SHA-256.
// Nobody can make two messages that share one, which the digest in a [Position] does not
// promise. The zero value is that of no message.
type Fingerprint [16]byte

// Fingerprint is that of a message: routing, properties, key, headers and body, each with
// its length. What a broker changes each time it hands the same message out is left out.
func (m *Message) Fingerprint() Fingerprint {
	s := summing{sha256.New()}
	if p := m.Properties; p != nil {
		s.text(p.Exchange, p.RoutingKey, p.ContentType, p.ContentEncoding, p.CorrelationID, p.ReplyTo, p.Expiration, p.MessageID, p.Type, p.UserID, p.AppID)
		s.number(uint64(p.DeliveryMode), uint64(p.Priority))
		if !p.Timestamp.IsZero() {
			s.number(uint64(p.Timestamp.Unix()))
		}
	}
	s.bytes(m.Key)
	s.bytes(m.Value)
	for i := range m.Headers {
		h := &m.Headers[i]
		if volatileHeader(h.Name) {
			continue
		}
		s.text(h.Name)
		if h.Structured != nil {
			s.text(fmt.Sprintf("%T", h.Structured))
		}
		s.bytes(h.Value)
	}
	return Fingerprint(s.Sum(nil)[:16])
}

// summing is a hash into which parts go with their lengths.
type summing struct{ hash.Hash }

func (s summing) number(numbers ...uint64) {
	var b [8]byte
	for _, n := range numbers {
		binary.LittleEndian.PutUint64(b[:], n)
		_, _ = s.Write(b[:]) // a hash takes everything
	}
}

func (s summing) text(texts ...string) {
	for _, text := range texts {
		s.number(uint64(len(text)))
		_, _ = io.WriteString(s, text)
	}
}

// bytes tells nil from empty, as a tombstone is told from an empty body.
func (s summing) bytes(b []byte) {
	if b == nil {
		s.number(^uint64(0))
		return
	}
	s.number(uint64(len(b)))
	_, _ = s.Write(b)
}

// IsZero reports whether it is no message's.
func (f Fingerprint) IsZero() bool { return f == Fingerprint{} }

// String is 32 hexadecimal digits.
func (f Fingerprint) String() string { return hex.EncodeToString(f[:]) }

// MarshalText writes what String returns.
func (f Fingerprint) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads it.
func (f *Fingerprint) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(f)) {
		return fmt.Errorf("%q is no fingerprint of a message", text)
	}
	_, err := hex.Decode(f[:], text)
	return err
}
