package rollout_test

import (
	"testing"

	"github.com/nightlatch/nightlatch/db/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }
