package payload

import (
	"errors"

	"github.com/go-json-experiment/json/jsontext"

	"eventscope/adapters"
	"eventscope/adapters/payload/encoded"
	"eventscope/adapters/payload/jsonschema"
	"eventscope/adapters/schemas"
)

// Fit says whether the value of m fits the schema of JSON that it claims to be of. It reports false
// where it claims none; else the error is nil, or a [*jsonschema.Misfit], or says why nobody knows.
// Of what is masked it tells no more than that. What is encrypted is not what its schema says, and is not compared with that.
func Fit(m *adapters.Message) (claims bool, err error) {
	if len(m.Value) == 0 {
		return false, nil
	}
	r, err := ReadingOf(m, Value, Plain(m, MaxDecompressed), FindSchema)
	if err != nil || r.Schema == nil || len(r.Schema.Encrypts) > 0 {
		return false, nil
	}
	schema, ok := r.Schema.Reader.(*jsonschema.Schema)
	if !ok {
		return false, nil
	}
	return true, shownMisfit(m, r.Schema, schema.Check(Unframed(r.Body)))
}

// SampleFit looks at some of many values of a schema of JSON, and says what is wrong with one that
// does not fit; it is nil for all others.
func SampleFit(m *adapters.Message, s *schemas.Schema, body []byte) error {
	if schema, ok := s.Reader.(*jsonschema.Schema); ok && len(s.Encrypts) == 0 {
		return shownMisfit(m, s, schema.Sample(Unframed(body)))
	}
	return nil
}

// CheckFit is nil if a value that is read by a schema is what that says, and else says as much of what is
// wrong as may be shown.
func CheckFit(m *adapters.Message, r *Reading) error {
	_, err := r.Values.Check(r.Body)
	return shownMisfit(m, r.Schema, err)
}

// shownMisfit is a misfit as it may be shown: of what is masked neither names nor what is wrong there.
func shownMisfit(m *adapters.Message, s *schemas.Schema, err error) error {
	hidden := maskOf(m)
	if err == nil || hidden == nil || !hidden.OfValue() {
		return err
	}
	misfit, ok := errors.AsType[*jsonschema.Misfit](err)
	if !ok {
		return maskedReason(err)
	}
	if segments, masked := hidden.Covers(misfit.Path, s); masked {
		return &jsonschema.Misfit{Path: misfit.Path[:segments], Why: "what is masked does not fit"}
	}
	return err
}

// maskedReason is what is wrong with a value of which something is masked: where, and nothing of what is
// there, for that may be it. Of bytes nobody can tell.
func maskedReason(err error) error {
	if unfit, ok := errors.AsType[*unfitting](err); ok {
		return &unfitting{unfit.schema, maskedReason(unfit.misfit)}
	}
	if misfit, ok := errors.AsType[*encoded.Misfit](err); ok {
		return &encoded.Misfit{At: misfit.At, Why: "what may be masked does not fit"}
	}
	if text, ok := errors.AsType[*notJSON](err); ok {
		if syntax, ok := errors.AsType[*jsontext.SyntacticError](text.err); ok {
			return &notText{what: "it is no JSON at byte %d", at: int(syntax.ByteOffset)}
		}
	}
	if _, ok := errors.AsType[notBegun](err); ok {
		return &notText{what: "it is no JSON at byte %d"}
	}
	return err
}
