package avro

import (
	"encoding/binary"
	"fmt"

	// Parses schemas and resolves their references: of the libraries for Avro the only one
	// that survives hostile schemas, and one that is kept in step with Java's. It adds
	// 1.2 MB to the binary. Values are read by code of our own, since a value of which four
	// fields are wanted must not be decoded whole, and since what it makes of decimals and
	// times is not what people write.
	"github.com/twmb/avro"
)

const (
	// MaxSchema is how long a schema may be, in bytes of its text.
	MaxSchema = 1 << 20
	// maxNodes bounds the graph of one schema, references included.
	maxNodes = 1 << 16
	// MaxDepth is how deep values may be nested in a value that is read.
	MaxDepth = 64
	// maxSchemaDepth is how deep the definitions of a schema may be nested to be mended.
	maxSchemaDepth = 256
	// maxWithoutBytes is how many parts of a value may take no bytes at all: a count of
	// 2⁶² of them fits into ten bytes.
	maxWithoutBytes = 1 << 16
)

// Schema is a writer's schema, ready to read what was written with it. It may be used by
// any goroutine.
type Schema struct {
	root        *node
	fingerprint uint64
}

// Parse reads the text of a schema. References are the texts of the schemas that it refers
// to by name, each before those that refer to it.
func Parse(text string, references ...string) (*Schema, error) {
	var cache avro.SchemaCache
	for _, reference := range references {
		if _, err := parse(&cache, reference); err != nil {
			return nil, fmt.Errorf("a schema that it refers to: %w", err)
		}
	}
	parsed, err := parse(&cache, text)
	if err != nil {
		return nil, err
	}
	c := compiler{named: map[string]*node{}}
	root, err := c.compile(parsed.Root())
	if err != nil {
		return nil, err
	}
	return &Schema{root, binary.BigEndian.Uint64(parsed.Fingerprint(avro.NewRabin()))}, nil
}

// parse takes names that Java's parser took before it was strict, which are in use.
func parse(cache *avro.SchemaCache, text string) (*avro.Schema, error) {
	if len(text) > MaxSchema {
		return nil, fmt.Errorf("the schema is longer than %d bytes", MaxSchema)
	}
	parsed, err := cache.Parse(text, avro.WithLaxNames(nil))
	if err != nil {
		if lenient, ok := withoutInvalid(text); ok {
			return cache.Parse(lenient, avro.WithLaxNames(nil))
		}
	}
	return parsed, err
}

// Fingerprint is the CRC-64-AVRO of the schema, by which a single object names it.
func (s *Schema) Fingerprint() uint64 { return s.fingerprint }

// Name is the full name of the record, enum or fixed that the schema describes, or its kind.
func (s *Schema) Name() string {
	if s.root.name != "" {
		return s.root.name
	}
	return s.root.kind.String()
}

// Bytes reports whether the schema is nothing but bytes. Confluent's serialisers write such a
// value without the length that Avro puts before it (AbstractKafkaAvroSerializer).
func (s *Schema) Bytes() bool { return s.root.kind == bytesKind && s.root.logical == noLogical }
