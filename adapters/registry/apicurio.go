package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/twmb/franz-go/pkg/sr"
)

const (
	// compatible is where Apicurio has the API that others have, and ownAPI its own.
	compatible = "/apis/ccompat/"
	ownAPI     = "/apis/registry/v3"
)

var errNoOwnAPI = errors.New("global ids and artifacts are of Apicurio, whose URL ends with /apis/ccompat/v7")

// byGlobalID asks for a schema by a number that only Apicurio's own API knows.
func (r *Registry) byGlobalID(ctx context.Context, id uint64) (sr.Schema, error) {
	path := fmt.Sprintf("/ids/globalIds/%d", id)
	return r.own(ctx, path, path+"/references")
}

// byArtifact asks for a schema by its group, its artifact and its version, with slashes and
// escaped.
func (r *Registry) byArtifact(ctx context.Context, name string) (sr.Schema, error) {
	parts := strings.Split(name, "/")
	if len(parts) != 3 {
		return sr.Schema{}, &unreadable{errors.New("it names no artifact")}
	}
	path := fmt.Sprintf("/groups/%s/artifacts/%s/versions/%s", parts[0], parts[1], parts[2])
	return r.own(ctx, path+"/content", path+"/references")
}

// own asks Apicurio's own API for a schema and what it refers to, at two paths.
func (r *Registry) own(ctx context.Context, content, listing string) (sr.Schema, error) {
	failed := error(&unreadable{errNoOwnAPI})
	for _, base := range r.bases {
		before, _, found := strings.Cut(base, compatible)
		if !found {
			continue
		}
		at := before + ownAPI
		var references []struct {
			Name, Version, ArtifactID string
		}
		text, kind, err := r.getOwn(ctx, at+content)
		if err == nil {
			var listed string
			if listed, _, err = r.getOwn(ctx, at+listing); err == nil {
				err = json.Unmarshal([]byte(listed), &references)
			}
		}
		if failed = err; err != nil {
			continue
		}
		made := sr.Schema{Schema: text, Type: typeOf(kind, text)}
		for _, reference := range references {
			version := 0
			if _, err := fmt.Sscan(reference.Version, &version); err != nil {
				return sr.Schema{}, &unreadable{fmt.Errorf("it refers to a version %q of %s", reference.Version, reference.Name)}
			}
			made.References = append(made.References, sr.SchemaReference{Name: reference.Name, Subject: reference.ArtifactID, Version: version})
		}
		return made, nil
	}
	return sr.Schema{}, failed
}

// typeOf is the format of a schema by its content type: Protobuf has one of its own, and JSON
// Schema is told from Avro by what names its dialect.
func typeOf(contentType, text string) sr.SchemaType {
	switch {
	case strings.Contains(contentType, "protobuf"):
		return sr.TypeProtobuf
	case strings.Contains(text, `"$schema"`) || strings.Contains(text, `"properties"`):
		return sr.TypeJSON
	}
	return sr.TypeAvro
}

// getOwn asks Apicurio's own API. Its errors are those of the client of the other.
func (r *Registry) getOwn(ctx context.Context, at string) (body, contentType string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return "", "", err
	}
	answer, err := r.http.Do(request)
	if err != nil {
		return "", "", err
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", "", err
	}
	if answer.StatusCode != http.StatusOK {
		failed := &sr.ResponseError{Method: http.MethodGet, URL: at, StatusCode: answer.StatusCode}
		if answer.StatusCode == http.StatusNotFound && strings.Contains(string(read), "NotFoundException") {
			failed.ErrorCode = noSchema
		}
		return "", "", failed
	}
	return string(read), answer.Header.Get("Content-Type"), nil
}
