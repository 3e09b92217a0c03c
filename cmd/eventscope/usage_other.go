//go:build !unix

package main

import "time"

// usedSoFar is not known on this system.
func usedSoFar() (processor time.Duration, resident int64) { return 0, 0 }
