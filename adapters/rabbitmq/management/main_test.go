package management

import (
	"testing"

	"go.uber.org/goleak" // finds goroutines that outlive the tests
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
