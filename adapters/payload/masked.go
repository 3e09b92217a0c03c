package payload

import (
	"eventscope/adapters"
	"eventscope/adapters/payload/mask"
	"eventscope/adapters/schemas"
)

// masker is what the schemas of a source also know: what of its messages must not be shown.
type masker interface {
	Mask(destination string) *mask.Mask
}

// maskOf is what is masked of a message, or nil.
func maskOf(m *adapters.Message) *mask.Mask {
	if masks, ok := m.Schemas.(masker); ok {
		return masks.Mask(m.Position.Destination)
	}
	return nil
}

// Shown is a message as it may be shown: itself, or a copy in which the key, headers, properties
// and parts of the value are masked, and the value is what was made readable of it. What is done with
// messages, above all replays, takes the message itself.
func Shown(m *adapters.Message) *adapters.Message {
	hidden := maskOf(m)
	if hidden == nil {
		return m
	}
	shown := ShownHeaders(m)
	if hidden.Key && m.Key != nil {
		shown.Key = []byte(mask.Shown)
	}
	switch {
	case !hidden.OfValue() || len(m.Value) == 0:
	case Compressed(m):
		shown.Value = []byte{}
	default:
		// Ids are read from it, and words about an encryption would be one.
		encrypted := func(schemas.Encryption) string { return mask.Shown }
		if d := decodeMasked(m, MaxDecompressed, encrypted); d.Masked {
			shown.Value, shown.Schemas = d.Data, nil
		}
	}
	return shown
}

// ShownHeaders is [Shown] for those who look at headers and properties alone: key and value are
// the message's own, since making the value readable costs.
func ShownHeaders(m *adapters.Message) *adapters.Message {
	hidden := maskOf(m)
	if hidden == nil {
		return m
	}
	shown := *m
	shown.Headers, shown.Properties = hidden.Headers(m.Headers), hidden.Properties(m.Properties)
	return &shown
}

// Headers are those of a message as they may be shown.
func Headers(m *adapters.Message) []adapters.Header {
	if hidden := maskOf(m); hidden != nil {
		return hidden.Headers(m.Headers)
	}
	return m.Headers
}

// hiddenWhole stands in the place of a value that must be masked and whose parts are not known.
const hiddenWhole = "(hidden: parts of it are masked, and it could not be read)"

// mask hides what must not be shown of a value that was made readable.
func (d *Decoded) mask(hidden *mask.Mask) {
	if !hidden.OfValue() || d.Format == Tombstone || d.Format == Empty {
		return
	}
	for i := range d.Declined {
		d.Declined[i].Why = maskedReason(d.Declined[i].Why)
	}
	if d.Format == JSON && (d.Written != nil || d.Frame.Ref.By == schemas.ByNothing || !hidden.ByTags()) {
		if data, masked, err := hidden.JSON(d.Data, d.Written); err == nil {
			if masked {
				d.Data, d.Raw, d.Masked = data, nil, true
			}
			return
		}
	} else if d.Format != JSON && !hidden.Unreadable(d.Frame.Ref.By != schemas.ByNothing) {
		return
	}
	d.Data, d.Raw, d.Format, d.Reader, d.Cut, d.Masked = []byte(hiddenWhole), nil, Text, "", false, true
}
