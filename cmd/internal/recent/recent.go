package recent

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"eventscope/adapters/wholefile"
)

const (
	// kept is how many lists of URLs are remembered, and mostBytes the most that is read of a
	// file, whoever wrote it.
	kept, mostBytes = 8, 64 << 10
	// name is that of the file in the state folder.
	name = "recent.json"
)

// Read is what was looked at, the latest first: the URLs of each time.
func Read(folder string) [][]string {
	lists := slices.DeleteFunc(read[[][]string](folder, name), func(urls []string) bool { return len(urls) == 0 })
	return lists[:min(len(lists), kept)]
}

// Save puts URLs first. They must hold no secrets.
func Save(folder string, urls []string) error {
	lists := slices.DeleteFunc(Read(folder), func(other []string) bool { return slices.Equal(other, urls) })
	lists = append([][]string{urls}, lists...)
	if err := write(folder, name, lists[:min(len(lists), kept)]); err != nil {
		return fmt.Errorf("remember the URLs: %w", err)
	}
	return nil
}

// write replaces a file of the state folder.
func write(folder, name string, what any) error {
	data, err := json.Marshal(what)
	if err == nil {
		err = os.MkdirAll(folder, 0o700)
	}
	if err != nil {
		return err
	}
	return wholefile.Replace(filepath.Join(folder, name), data)
}

// read is what such a file holds; nothing where it is not there, is too large, or holds something
// else.
func read[T any](folder, name string) T {
	var what, nothing T
	file, err := os.Open(filepath.Join(folder, name))
	if err != nil {
		return nothing
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, mostBytes)) // what is cut off is no JSON
	if err != nil || json.Unmarshal(data, &what) != nil {
		return nothing // not what was read of it either
	}
	return what
}
