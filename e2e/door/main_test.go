package door

import (
	"testing"

	"github.com/nightlatch/nightlatch/e2e/program"
)

func TestMain(m *testing.M) { program.Main(m) }
