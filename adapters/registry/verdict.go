package registry

import (
	"context"
	"errors"
	"net/http"

	"github.com/twmb/franz-go/pkg/sr"

	"eventscope/adapters/schemas"
)

// Verdict implements [schemas.Judge]. It changes nothing: what is posted is a question.
func (r *Registry) Verdict(ctx context.Context, older, newer *schemas.Schema) (v schemas.Verdict, err error) {
	place := newer.Place()
	if r.client == nil || place.Subject == "" {
		return v, errors.ErrUnsupported
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if v.Level, err = r.level(ctx, place.Subject); err != nil || older == nil || older.Place().Subject != place.Subject {
		return v, err
	}
	if err := r.limiter.Wait(ctx); err != nil {
		return v, err
	}
	// As the registry has it, with what it refers to.
	registered, err := r.client.SchemaByVersion(ctx, place.Subject, place.Version)
	if err == nil {
		err = r.limiter.Wait(ctx)
	}
	if err != nil {
		return v, r.inWords(place, err)
	}
	said, err := r.client.CheckCompatibility(sr.WithParams(ctx, sr.Verbose), place.Subject, older.Place().Version, registered.Schema)
	if err != nil {
		return v, r.inWords(place, err)
	}
	v.Judged, v.Keeps = true, said.Is
	if !v.Keeps {
		v.Messages = said.Messages[:min(len(said.Messages), mostMessages)]
	}
	return v, nil
}

// mostMessages bounds how many reasons are told.
const mostMessages = 16

// inWords is an error of the client in words.
func (r *Registry) inWords(place schemas.Place, err error) error {
	_, told := r.judge(place, err)
	return told
}

// level is the level of a subject: its own, or that of all.
func (r *Registry) level(ctx context.Context, subject string) (string, error) {
	var err error
	for _, of := range []string{subject, sr.GlobalSubject} {
		if err := r.limiter.Wait(ctx); err != nil {
			return "", err
		}
		said := r.client.Compatibility(ctx, of)[0]
		if err = said.Err; err == nil {
			return said.Level.String(), nil
		}
		if answer, ok := errors.AsType[*sr.ResponseError](err); !ok || answer.StatusCode != http.StatusNotFound {
			break
		}
	}
	return "", r.inWords(schemas.Place{Subject: subject}, err)
}
