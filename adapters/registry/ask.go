package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/sr"

	"eventscope/adapters/payload"
	"eventscope/adapters/payload/avro"
	"eventscope/adapters/schemas"
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
func (r *Registry) fetch(ctx context.Context, ref schemas.Ref) (*schemas.Schema, error) {
	ctx, cancel := context.WithTimeout(ctx, wholePatience)
	defer cancel()
	first, said := listening(ctx)
	answer, err := r.schemaBy(first, ref)
	if err != nil {
		return nil, err
	}
	made := &schemas.Schema{Ref: ref, Format: answer.Type.String(), Text: answer.Schema.Schema}
	said.note(made)
	if answer.Subject != "" {
		made.PutAt(schemas.Place{Subject: answer.Subject, Version: answer.Version})
	}
	if len(made.Text) > avro.MaxSchema {
		return nil, &unreadable{fmt.Errorf("it is longer than %d MiB", avro.MaxSchema>>20)}
	}
	asked := references{known: map[sr.SchemaReference]bool{}, named: map[string]string{}, length: len(made.Text)}
	if err := r.follow(ctx, answer.References, &asked, 0); err != nil {
		return nil, err
	}
	made.References, made.Tags = asked.texts, append(made.Tags, asked.tags...)
	if err := payload.Compile(made, asked.named); err != nil {
		return nil, &unreadable{err}
	}
	return made, nil
}

// locate learns of which subject a schema is a version, once it is known. Nobody waits for it,
// and whoever does not learn it goes by the id.
func (r *Registry) locate(s *schemas.Schema, destination string) {
	if s == nil || s.Place().Subject != "" || s.Ref.By != schemas.ByID && s.Ref.By != schemas.ByContentID {
		return
	}
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	if err := r.limiter.Wait(ctx); err != nil {
		return
	}
	versions, err := r.client.SchemaVersionsByID(ctx, int(s.Ref.ID))
	if err != nil || len(versions) == 0 {
		return
	}
	// One schema may be of many subjects: that of the destination is meant, else the one that
	// is named after the record, else the first.
	best := versions[0]
	for _, v := range versions {
		if v.Subject == destination+"-value" || v.Subject == destination+"-key" {
			best = v
			break
		}
		if s.Name != "" && strings.Contains(v.Subject, s.Name) && !strings.Contains(best.Subject, s.Name) {
			best = v
		}
	}
	s.PutAt(schemas.Place{Subject: best.Subject, Version: best.Version})
}

// Version implements [schemas.Catalogue].
func (r *Registry) Version(ctx context.Context, subject string, version int) (*schemas.Schema, error) {
	place := schemas.Place{Subject: subject, Version: version}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := r.limiter.Wait(ctx); err != nil {
		return nil, err
	}
	answer, err := r.client.SchemaByVersion(ctx, subject, version)
	if err != nil {
		return nil, r.inWords(place, err)
	}
	schema, err := r.Schema(ctx, schemas.Ref{By: schemas.ByID, ID: uint64(answer.ID)})
	if err == nil && schema.Place() != place {
		schema.PutAt(schemas.Place{Subject: answer.Subject, Version: answer.Version})
	}
	return schema, err
}

// schemaBy asks for the one schema that a reference names.
func (r *Registry) schemaBy(ctx context.Context, ref schemas.Ref) (answer sr.SubjectSchema, err error) {
	switch ref.By {
	case schemas.ByID, schemas.ByContentID: // an id of Confluent's API is a content id of Apicurio's
		answer.Schema, err = r.client.SchemaByID(ctx, int(ref.ID))
	case schemas.ByGUID:
		answer, err = r.client.SchemaByGUID(ctx, ref.Number())
	case schemas.ByGlobalID:
		answer.Schema, err = r.byGlobalID(ctx, ref.ID)
	case schemas.ByArtifact:
		answer.Schema, err = r.byArtifact(ctx, ref.Name)
	case schemas.ByFingerprint:
		err = &unreadable{errors.New("no file that is named for schemas has this fingerprint")}
	default:
		err = &unreadable{errors.New("this registry is not asked for such a name")}
	}
	return answer, err
}

// unreadable is a schema that is there and cannot be used.
type unreadable struct{ error }

// references are the texts of schemas, each before those that refer to it.
type references struct {
	known map[sr.SchemaReference]bool
	texts []string
	tags  []string // that stand beside them
	// named are the texts by the names that they are referred to by: imports of Protobuf.
	named map[string]string
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
		listens, said := listening(ctx)
		answer, err := r.client.SchemaByVersion(listens, reference.Subject, reference.Version)
		if err != nil {
			return err
		}
		if asked.length += len(answer.Schema.Schema); asked.length > maxText {
			return &unreadable{fmt.Errorf("with what it refers to it is longer than %d MiB", maxText>>20)}
		}
		if err := r.follow(ctx, answer.References, asked, depth+1); err != nil {
			return err
		}
		asked.texts, asked.tags = append(asked.texts, answer.Schema.Schema), append(asked.tags, said.tags()...)
		asked.named[reference.Name] = answer.Schema.Schema
	}
	return nil
}
