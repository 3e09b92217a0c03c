package registry

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/twmb/franz-go/pkg/sr"

	"eventscope/adapters/payload/avro"
)

const (
	// maxReferences and maxReferenceDepth bound what one schema refers to.
	maxReferences     = 256
	maxReferenceDepth = 32
	// maxText bounds a schema with all that it refers to, in bytes.
	maxText = 4 << 20
	// wholePatience is how long all questions for one schema may take.
	wholePatience = 30 * time.Second
)

// fetch asks for a schema and all that it refers to.
func (r *Registry) fetch(ctx context.Context, id uint32) (*Schema, error) {
	ctx, cancel := context.WithTimeout(ctx, wholePatience)
	defer cancel()
	answer, err := r.client.SchemaByID(ctx, int(id))
	if err != nil {
		return nil, err
	}
	made := &Schema{ID: id, Format: answer.Type.String(), Text: answer.Schema}
	if len(answer.Schema) > avro.MaxSchema {
		return nil, &unreadable{fmt.Errorf("it is longer than %d MiB", avro.MaxSchema>>20)}
	}
	asked := references{known: map[sr.SchemaReference]bool{}, length: len(answer.Schema)}
	if err := r.follow(ctx, answer.References, &asked, 0); err != nil {
		return nil, err
	}
	made.References = asked.texts
	if answer.Type == sr.TypeAvro {
		made.Avro, err = compile(made)
	}
	if err != nil {
		return nil, &unreadable{err}
	}
	return made, nil
}

// unreadable is a schema that is there and cannot be used.
type unreadable struct{ error }

// references are the texts of schemas, each before those that refer to it.
type references struct {
	known map[sr.SchemaReference]bool
	texts []string
	// length is that of all texts, in bytes.
	length int
}

// follow asks for exactly the versions that are referred to, each once.
func (r *Registry) follow(ctx context.Context, to []sr.SchemaReference, asked *references, depth int) error {
	for _, reference := range to {
		if asked.known[reference] {
			continue
		}
		if asked.known[reference] = true; len(asked.known) > maxReferences || depth >= maxReferenceDepth {
			return &unreadable{fmt.Errorf("it refers to more than %d schemas, or more than %d deep", maxReferences, maxReferenceDepth)}
		}
		if err := r.limiter.Wait(ctx); err != nil {
			return err
		}
		answer, err := r.client.SchemaByVersion(ctx, reference.Subject, reference.Version)
		if err != nil {
			return err
		}
		if asked.length += len(answer.Schema.Schema); asked.length > maxText {
			return &unreadable{fmt.Errorf("with what it refers to it is longer than %d MiB", maxText>>20)}
		}
		if err := r.follow(ctx, answer.References, asked, depth+1); err != nil {
			return err
		}
		asked.texts = append(asked.texts, answer.Schema.Schema)
	}
	return nil
}

// compile makes a schema ready. What the library does with a hostile one, it does to this
// schema alone.
func compile(s *Schema) (made *avro.Schema, err error) {
	defer func() {
		if wrong := recover(); wrong != nil {
			made, err = nil, fmt.Errorf("its parser failed: %v\n%s", wrong, debug.Stack())
		}
	}()
	return avro.Parse(s.Text, s.References...)
}
