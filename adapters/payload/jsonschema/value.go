package jsonschema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	// maxDepth bounds how far values nest, maxNodes how many there are in one, and mostOfSchema how
	// many in a schema.
	maxDepth     = 64
	maxNodes     = 65_536
	mostOfSchema = 32_768
	// longestNumber and largestExponent bound numbers, which are compared exactly: the digits of
	// 1e1000000 take a while.
	longestNumber   = 128
	largestExponent = 400
)

// decode makes of JSON what the library takes.
func decode(text []byte, nodes int) (any, error) {
	d := decoding{nodes: nodes}
	d.decoder.Reset(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	value, err := d.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := d.decoder.ReadToken(); err == nil {
		return nil, &noJSON{"has something behind its end"}
	}
	return value, nil
}

// noJSON is what makes a text none.
type noJSON struct{ what string }

func (n *noJSON) Error() string { return n.what }

func (d *decoding) broken() error {
	return &noJSON{fmt.Sprintf("is no JSON at byte %d", d.decoder.InputOffset())}
}

type decoding struct {
	decoder jsontext.Decoder
	nodes   int
}

func (d *decoding) value(depth int) (any, error) {
	if d.nodes--; d.nodes < 0 || depth > maxDepth {
		return nil, fmt.Errorf("has more parts than are looked at, or is nested deeper than %d", maxDepth)
	}
	token, err := d.decoder.ReadToken()
	if err != nil {
		return nil, d.broken()
	}
	switch token.Kind() {
	case 'n':
		return nil, nil
	case 't', 'f':
		return token.Bool(), nil
	case '"':
		return token.String(), nil
	case '0':
		return number(token.String())
	case '[':
		return d.array(depth)
	}
	return d.object(depth)
}

func (d *decoding) array(depth int) (any, error) {
	all := []any{}
	for d.decoder.PeekKind() != ']' {
		element, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		all = append(all, element)
	}
	if _, err := d.decoder.ReadToken(); err != nil {
		return nil, d.broken()
	}
	return all, nil
}

// object is a value whose members are there once: of one that is there twice the last counts.
func (d *decoding) object(depth int) (any, error) {
	all := map[string]any{}
	for d.decoder.PeekKind() != '}' {
		name, err := d.decoder.ReadToken()
		if err != nil || name.Kind() != '"' {
			return nil, d.broken()
		}
		text := name.String()
		member, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		all[text] = member
	}
	if _, err := d.decoder.ReadToken(); err != nil {
		return nil, d.broken()
	}
	return all, nil
}

// number is a number that can be compared soon.
func number(text string) (any, error) {
	if len(text) > longestNumber {
		return nil, fmt.Errorf("has a number of more than %d digits", longestNumber)
	}
	if at := bytes.IndexAny([]byte(text), "eE"); at >= 0 {
		exponent, err := strconv.Atoi(text[at+1:])
		if err != nil || exponent > largestExponent || exponent < -largestExponent {
			return nil, errors.New("has a number that is too large, or too small")
		}
	}
	return json.Number(text), nil
}
