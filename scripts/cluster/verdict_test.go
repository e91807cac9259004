package main

import (
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
)

// People who are refused for longer than the failover takes make the run fail, and others do not.
func TestARefusalAfterTheFailoverFailsTheRun(t *testing.T) {
	t.Parallel()
	killed := time.Now()
	for after, fails := range map[time.Duration]bool{
		9 * time.Second: false, 11 * time.Second: false, 13 * time.Second: true, 40 * time.Second: false,
	} {
		c := &cluster{t: program.NewTester("cluster")}
		w := &crowd{refusals: []refusal{{killed.Add(time.Second), "503"}, {killed.Add(after), "503"}}}
		err := c.t.Caught(func() {
			c.judgeAct(w, act{"the primary", killed, killed.Add(10 * time.Second), killed.Add(30 * time.Second)})
		})
		if (err != nil) != fails {
			t.Errorf("refused %s after the kill, with a failover of 10 s: %v", after, err)
		}
	}
}
