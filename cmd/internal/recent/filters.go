package recent

import (
	"fmt"
)

const (
	// filtersName is the file of saved filters, and mostFilters how many there may be.
	filtersName, mostFilters = "filters.json", 200
)

// Filters are the filters that were saved, by name.
func Filters(folder string) map[string]string { return read[map[string]string](folder, filtersName) }

// SaveFilter saves a filter under a name, in place of one that is there; an empty one removes it.
func SaveFilter(folder, name, filter string) error {
	saved := Filters(folder) // as other processes left them
	if saved == nil {
		saved = map[string]string{}
	}
	if saved[name] = filter; filter == "" {
		delete(saved, name)
	}
	if len(saved) > mostFilters {
		return fmt.Errorf("save the filter: there are %d already; :save NAME without a filter removes one", mostFilters)
	}
	if err := write(folder, filtersName, saved); err != nil {
		return fmt.Errorf("save the filter: %w", err)
	}
	return nil
}
