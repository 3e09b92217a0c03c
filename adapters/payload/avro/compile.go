package avro

import (
	"encoding/json"
	"eventscope/adapters/payload/encoded"
	"fmt"

	"github.com/twmb/avro"
)

// kind is what the bytes of a value are.
type kind uint8

const (
	nullKind kind = iota
	booleanKind
	intKind
	longKind
	floatKind
	doubleKind
	bytesKind
	stringKind
	fixedKind
	enumKind
	arrayKind
	mapKind
	unionKind
	recordKind
)

var kindNames = [...]string{"null", "boolean", "int", "long", "float", "double", "bytes", "string", "fixed", "enum", "array", "map", "union", "record"}

// String is the kind as schemas spell it.
func (k kind) String() string { return kindNames[k] }

// primitives are the kinds that schemas know without a definition.
var primitives = map[string]kind{
	"null": nullKind, "boolean": booleanKind, "int": intKind, "long": longKind, "float": floatKind, "double": doubleKind,
	"bytes": bytesKind, "string": stringKind,
}

// node is a schema. Nodes of recursive schemas form cycles.
type node struct {
	kind     kind
	logical  logical
	scale    int // of decimals
	size     int // of fixed, in bytes
	name     string
	fields   []field  // of records
	items    *node    // of arrays, and the values of maps
	branches []*node  // of unions
	symbols  []string // of enums
	aliases  []string // names that a definition had before
	// hasDefault says that an enum says what a symbol is read as that a reader does not know.
	hasDefault bool
	// least is the fewest bytes that a value takes.
	least int
}

// field is one of a record.
type field struct {
	name        string
	node        *node
	aliases     []string // names that it had before
	hasDefault  bool     // for readers of values without it
	defaultText string
}

// compiler makes the graph of one schema.
type compiler struct {
	named map[string]*node
	space string // the namespace of the record around
	nodes int
}

// compile makes the graph below n.
func (c *compiler) compile(n *avro.SchemaNode) (*node, error) {
	if c.nodes++; c.nodes > maxNodes {
		return nil, fmt.Errorf("the schema has more than %d parts", maxNodes)
	}
	if kind, ok := primitives[n.Type]; ok {
		return primitive(kind, n.LogicalType, n.Scale), nil
	}
	switch n.Type {
	case "record", "error":
		return c.record(n)
	case "enum":
		made := c.name(n, enumKind)
		made.symbols, made.least, made.hasDefault = n.Symbols, 1, n.HasEnumDefault
		return made, nil
	case "fixed":
		made := c.name(n, fixedKind)
		made.size, made.least, made.scale = n.Size, n.Size, n.Scale
		made.logical = logicalOf(made, n.LogicalType)
		return made, nil
	case "array":
		items, err := c.compile(n.Items)
		return &node{kind: arrayKind, items: items, least: 1}, err
	case "map":
		values, err := c.compile(n.Values)
		return &node{kind: mapKind, items: values, least: 1}, err
	case "union":
		return c.union(n)
	}
	return c.refer(n)
}

// primitive is a node of a kind that needs no definition.
func primitive(kind kind, logical string, scale int) *node {
	made := &node{kind: kind, scale: scale, least: 1}
	switch kind {
	case nullKind:
		made.least = 0
	case floatKind:
		made.least = 4
	case doubleKind:
		made.least = 8
	}
	made.logical = logicalOf(made, logical)
	return made
}

// name makes the node of a definition, which others may refer to from now on.
func (c *compiler) name(n *avro.SchemaNode, kind kind) *node {
	made := &node{kind: kind, name: n.Name, aliases: n.Aliases}
	if n.Namespace != "" {
		made.name = n.Namespace + "." + n.Name
	}
	c.named[made.name] = made
	return made
}

func (c *compiler) record(n *avro.SchemaNode) (*node, error) {
	made := c.name(n, recordKind)
	made.fields = make([]field, len(n.Fields))
	around := c.space
	defer func() { c.space = around }()
	for i := range n.Fields {
		of := &n.Fields[i]
		c.space = n.Namespace
		inner, err := c.compile(&of.Type)
		if err != nil {
			return nil, err
		}
		made.fields[i] = field{name: of.Name, node: besideType(inner, of.Props), aliases: of.Aliases, hasDefault: of.HasDefault}
		if of.HasDefault {
			made.fields[i].defaultText = defaultText(of.Default)
		}
		made.least += inner.least
	}
	return made, nil
}

// longestDefault is how much of a default is kept, in bytes: it is only shown.
const longestDefault = 60

// defaultText is a default as JSON, or so much of it.
func defaultText(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return "a default"
	}
	return encoded.Cut(string(text), longestDefault)
}

// besideType heeds a logical type that stands beside the type of a field, not within it: a
// widespread mistake, also of JDBC connectors, which others understand as it is meant.
func besideType(n *node, props map[string]any) *node {
	logical, _ := props["logicalType"].(string)
	if n.name != "" || n.logical != noLogical || n.kind > stringKind || logical == "" {
		return n
	}
	scale, _ := props["scale"].(int64)
	return primitive(n.kind, logical, int(max(0, min(scale, maxDecimal))))
}

func (c *compiler) union(n *avro.SchemaNode) (*node, error) {
	made := &node{kind: unionKind, branches: make([]*node, len(n.Branches)), least: 1}
	for i := range n.Branches {
		branch, err := c.compile(&n.Branches[i])
		if err != nil {
			return nil, err
		}
		made.branches[i] = branch
	}
	return made, nil
}

// refer finds what a name stands for: in this schema, or in one that it refers to.
func (c *compiler) refer(n *avro.SchemaNode) (*node, error) {
	for _, name := range []string{c.space + "." + n.Type, n.Type} {
		if known := c.named[name]; known != nil {
			return known, nil
		}
	}
	definition, err := n.Schema(avro.WithLaxNames(nil))
	if err != nil {
		return nil, fmt.Errorf("the schema refers to %q: %w", n.Type, err)
	}
	root := definition.Root()
	if root.Name == "" {
		return nil, fmt.Errorf("the schema refers to %q, which nothing defines", n.Type)
	}
	return c.compile(root)
}
