package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Registry is a schema registry inside this process: as much of Confluent's API as readers ask
// for. Its methods may be called from any goroutine.
type Registry struct {
	server   http.Server
	address  string
	stopped  chan struct{}
	mutex    sync.Mutex
	versions []string // schemas of the one subject; their ids are their numbers
}

// signUpSubject is the subject of the one type that is written by schema.
const signUpSubject = users + "-value"

// StartRegistry starts one on a port of loopback that is free. Whoever starts it stops it.
func StartRegistry() (*Registry, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &Registry{address: "http://" + listener.Addr().String(), stopped: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /schemas/ids/{id}", r.answer(func(number int, schema string) any {
		return map[string]any{"schema": schema}
	}))
	mux.HandleFunc("GET /schemas/ids/{id}/versions", r.answer(func(number int, schema string) any {
		return []any{map[string]any{"subject": signUpSubject, "version": number}}
	}))
	mux.HandleFunc("GET /subjects/"+signUpSubject+"/versions/{id}", r.answer(func(number int, schema string) any {
		return map[string]any{"subject": signUpSubject, "version": number, "id": number, "schema": schema}
	}))
	r.server = http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	go func() {
		defer close(r.stopped)
		_ = r.server.Serve(listener) // which ends with Stop
	}()
	return r, nil
}

// Address is its URL.
func (r *Registry) Address() string { return r.address }

// Stop ends it.
func (r *Registry) Stop() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := r.server.Shutdown(ctx); errors.Is(err, context.DeadlineExceeded) {
		_ = r.server.Close() // somebody still asks
	}
	<-r.stopped
}

// answer handles a question about the schema of an id.
func (r *Registry) answer(with func(number int, schema string) any) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
		number, _ := strconv.Atoi(request.PathValue("id")) // 0 is no id
		schema := r.schema(number)
		if schema == "" {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprintf(w, `{"error_code":40403,"message":"Schema %d not found."}`, number)
			return
		}
		_ = json.NewEncoder(w).Encode(with(number, schema)) // who asked may have gone
	}
}

// schema is that of an id, or "".
func (r *Registry) schema(number int) string {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if number < 1 || number > len(r.versions) {
		return ""
	}
	return r.versions[number-1]
}

// register makes the schemas up to a number known.
func (r *Registry) register(number int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for len(r.versions) < number {
		r.versions = append(r.versions, signUpSchema(len(r.versions)+1))
	}
}
