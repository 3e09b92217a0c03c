package replay

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func makeTemp() (string, error) { return os.MkdirTemp("", "office-") }

func removeTemp(folder string) { _ = os.RemoveAll(folder) }
