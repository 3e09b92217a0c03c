package live

import (
	"eventscope/adapters"
	"eventscope/adapters/driver"
)

// Commands are those of other tools that look at the message at a position; none while it is not
// open.
func (s *Source) Commands(p adapters.Position) []driver.Command {
	source := s.Opened()
	if source == nil || source.Commands == nil {
		return nil
	}
	return source.Commands(p)
}
