package recent

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
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
	file, err := os.Open(filepath.Join(folder, name))
	if err != nil {
		return nil
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, mostBytes)) // what is cut off is no JSON
	var lists [][]string
	if err != nil || json.Unmarshal(data, &lists) != nil {
		return nil
	}
	lists = slices.DeleteFunc(lists, func(urls []string) bool { return len(urls) == 0 })
	return lists[:min(len(lists), kept)]
}

// Save puts URLs first. They must hold no secrets.
func Save(folder string, urls []string) error {
	lists := slices.DeleteFunc(Read(folder), func(other []string) bool { return slices.Equal(other, urls) })
	lists = append([][]string{urls}, lists...)
	data, err := json.Marshal(lists[:min(len(lists), kept)])
	if err == nil {
		err = os.MkdirAll(folder, 0o700)
	}
	if err != nil {
		return fmt.Errorf("remember the URLs: %w", err)
	}
	file, err := os.CreateTemp(folder, name+"-*") // which nobody else may read
	if err != nil {
		return fmt.Errorf("remember the URLs: %w", err)
	}
	_, err = file.Write(data)
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(file.Name(), filepath.Join(folder, name))
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return fmt.Errorf("remember the URLs: %w", err)
	}
	return nil
}
