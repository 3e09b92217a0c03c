package recent

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// Filters are there again, for this user alone, and whatever else the file holds is none.
func TestSavedFilters(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "state")
	if got := Filters(folder); len(got) != 0 {
		t.Errorf("saved are %v", got)
	}
	for name, filter := range map[string]string{"a": "x && y", "b": "ord-1"} {
		if err := SaveFilter(folder, name, filter); err != nil {
			t.Fatal(err)
		}
	}
	if err := SaveFilter(folder, "b", ""); err != nil {
		t.Fatal(err)
	}
	if got := Filters(folder); !maps.Equal(got, map[string]string{"a": "x && y"}) {
		t.Errorf("saved are %v", got)
	}
	info, err := os.Stat(filepath.Join(folder, "filters.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
	for i := range mostFilters {
		err = SaveFilter(folder, fmt.Sprint(i), "x")
	}
	if err == nil || len(Filters(folder)) != mostFilters {
		t.Errorf("%d are saved: %v", len(Filters(folder)), err)
	}
	if err := os.WriteFile(filepath.Join(folder, "filters.json"), []byte(`["no", "filters"]`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Filters(folder); len(got) != 0 {
		t.Errorf("of another file they are %v", got)
	}
}
