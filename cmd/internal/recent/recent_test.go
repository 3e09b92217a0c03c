package recent

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestTheLatestComesFirst, each once, and only so many; nobody else may read them.
func TestTheLatestComesFirst(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "state", "eventscope")
	if got := Read(folder); len(got) != 0 {
		t.Errorf("before anything was saved: %q", got)
	}
	for i := range 2 * kept {
		if err := Save(folder, []string{fmt.Sprint("kafka://h", i%(kept+2)), "amqp://h"}); err != nil {
			t.Fatal(err)
		}
	}
	got := Read(folder)
	if len(got) != kept || !reflect.DeepEqual(got[0], []string{"kafka://h5", "amqp://h"}) || got[1][0] != "kafka://h4" {
		t.Errorf("read are %q", got)
	}
	files, _ := os.ReadDir(folder)
	if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Mode().Perm() != 0o600 || len(files) != 1 {
		t.Errorf("the file is %v, of %d: %v", info, len(files), err)
	}
}

// TestAFileThatIsNoListOffersNothing, and the next start writes a good one.
func TestAFileThatIsNoListOffersNothing(t *testing.T) {
	for _, content := range []string{"", "{", `{"a":1}`, "[[]]", `["kafka://h"]`, `[["kafka://h"],5]`, `[["` + strings.Repeat("x", mostBytes) + `"]]`} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := Read(folder); len(got) != 0 {
			t.Errorf("of %.20q comes %q", content, got)
		}
		if err := Save(folder, []string{"kafka://h"}); err != nil || len(Read(folder)) != 1 {
			t.Errorf("after %.20q: %q, %v", content, Read(folder), err)
		}
	}
}

// TestAFolderThatCannotBeWritten is told of.
func TestAFolderThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Save(filepath.Join(file, "state"), []string{"kafka://h"}); err == nil || !strings.Contains(err.Error(), "remember the URLs") {
		t.Errorf("the error is %v", err)
	}
}
