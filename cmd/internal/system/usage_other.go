//go:build !unix

package system

import "time"

// Used is not known on this system.
func Used() (processor time.Duration, resident int64) { return 0, 0 }
