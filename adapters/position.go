package adapters

import (
	"fmt"
	"strconv"
	"strings"
)

// Position is where a message is within its source. It is comparable, it prints as
// one word, and [ParsePosition] reads that word back:
//
//	orders/2@881             offset 881 of partition 2 of a Kafka topic
//	events@5512              offset 5512 of a RabbitMQ stream
//	inventory#4f1c9a2b0d3e5f67   a message of a queue or a tap, by its digest
//
// Slashes, at signs, number signs, percent signs, spaces and control characters in
// a destination are percent-encoded, since RabbitMQ allows any name.
type Position struct {
	// Destination is the topic, stream, queue or tapped exchange.
	Destination string

	// Partition is the Kafka partition, or NoPartition, or ByDigest.
	Partition int32

	// Offset is the offset in a log, or the digest's bits (see [Position.Digest]).
	Offset int64
}

const (
	// NoPartition is the Partition of a log that has just one, a RabbitMQ stream.
	NoPartition int32 = -1

	// ByDigest is the Partition of a message that has no offset; Offset holds the
	// bits of [Message.Digest].
	ByDigest int32 = -2
)

// DigestPosition is the position of a message that only its contents identify.
func DigestPosition(destination string, digest uint64) Position {
	return Position{Destination: destination, Partition: ByDigest, Offset: int64(digest)}
}

// Digest returns the message digest of a ByDigest position, and whether it is one.
func (p Position) Digest() (uint64, bool) {
	return uint64(p.Offset), p.Partition == ByDigest
}

// String prints p as [ParsePosition] reads it.
func (p Position) String() string { return string(p.AppendTo(nil)) }

// AppendTo appends what String returns, without allocating when dst has room.
func (p Position) AppendTo(dst []byte) []byte {
	dst = appendEscaped(dst, p.Destination)
	switch p.Partition {
	case ByDigest:
		dst = append(dst, '#')
		const hex = "0123456789abcdef"
		for shift := 60; shift >= 0; shift -= 4 {
			dst = append(dst, hex[uint64(p.Offset)>>shift&15])
		}
		return dst
	case NoPartition:
	default:
		dst = append(dst, '/')
		dst = strconv.AppendInt(dst, int64(p.Partition), 10)
	}
	dst = append(dst, '@')
	return strconv.AppendInt(dst, p.Offset, 10)
}

// MarshalText prints p as String does.
func (p Position) MarshalText() ([]byte, error) { return p.AppendTo(nil), nil }

// UnmarshalText reads it as [ParsePosition] does.
func (p *Position) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePosition(string(text))
	return err
}

// ParsePosition reads what [Position.String] prints. The error says what a position
// looks like.
func ParsePosition(s string) (Position, error) {
	bad := func(why string) (Position, error) {
		return Position{}, fmt.Errorf("position %q: %s; it looks like orders/2@881, events@5512 or queue#4f1c9a2b0d3e5f67", s, why)
	}
	mark := strings.LastIndexAny(s, "@#")
	if mark < 0 {
		return bad("no @offset or #digest")
	}
	name, rest := s[:mark], s[mark+1:]
	p := Position{Partition: NoPartition}
	if s[mark] == '#' {
		digest, err := strconv.ParseUint(rest, 16, 64)
		if err != nil || len(rest) != 16 || strings.ToLower(rest) != rest {
			return bad("a digest is 16 hexadecimal digits")
		}
		p.Partition, p.Offset = ByDigest, int64(digest)
	} else {
		offset, err := strconv.ParseInt(rest, 10, 64)
		if err != nil || offset < 0 || strconv.FormatInt(offset, 10) != rest {
			return bad("an offset is a number from 0")
		}
		p.Offset = offset
		if slash := strings.LastIndexByte(name, '/'); slash >= 0 {
			partition, err := strconv.ParseInt(name[slash+1:], 10, 32)
			if err != nil || partition < 0 || strconv.FormatInt(partition, 10) != name[slash+1:] {
				return bad("a partition is a number from 0")
			}
			p.Partition, name = int32(partition), name[:slash]
		}
	}
	destination, ok := unescape(name)
	if !ok || destination == "" {
		return bad("no destination")
	}
	p.Destination = destination
	return p, nil
}

func needsEscape(c byte) bool {
	return c <= ' ' || c == 0x7f || c == '/' || c == '@' || c == '#' || c == '%'
}

func appendEscaped(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; needsEscape(c) {
			const hex = "0123456789abcdef"
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}

// unescape undoes appendEscaped, and refuses what it never writes.
func unescape(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			if needsEscape(s[i]) {
				return "", false
			}
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		c, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil || !needsEscape(byte(c)) || strings.ToLower(s[i+1:i+3]) != s[i+1:i+3] {
			return "", false
		}
		b.WriteByte(byte(c))
		i += 2
	}
	return b.String(), true
}
