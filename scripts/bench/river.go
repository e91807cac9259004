package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// providersRate is what Vonage takes a second.
const providersRate = 30

// figures are the metrics of a Go benchmark, by its name and the metric's.
type figures map[string]map[string]float64

// goBenchmark reads the lines of go test -bench.
func goBenchmark(out []byte) figures {
	all := figures{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := fields[0]
		if at := strings.LastIndexByte(name, '-'); at > 0 { // the number of processors
			name = name[:at]
		}
		metrics := map[string]float64{}
		for i := 2; i+1 < len(fields); i += 2 {
			metrics[fields[i+1]], _ = strconv.ParseFloat(fields[i], 64)
		}
		all[name] = metrics
	}
	return all
}

// measureDelivery runs the benchmark of jobs, which delivers beside a River that does nothing, on a database of its own
// with its default durability: once a round.
func measureDelivery(b *bench) []result {
	n, size := 3, "2000x" // each takes a quarter of a minute
	if b.short {
		n, size = 1, "500x"
	}
	binary := filepath.Join(b.t.TempDir(), "jobs.test")
	b.command("go", "test", "-c", "-o", binary, "./jobs")
	var share, work, live []float64
	for range n {
		all := goBenchmark(b.command(binary, "-test.run", "^$", "-test.bench", "^BenchmarkDelivery$",
			"-test.benchtime", size))
		const rate = "×rate"
		nothing := all["BenchmarkDelivery/nothing"][rate]
		if nothing == 0 {
			b.t.Fatal("BenchmarkDelivery in jobs has no figures")
		}
		share = append(share, all["BenchmarkDelivery/send"][rate]/nothing)
		work = append(work, all["BenchmarkDelivery/send"][rate])
		live = append(live, all["BenchmarkDelivery/log-in-and-send"][rate])
	}
	return []result{
		{id: "G6", conditions: []condition{atLeast("rate", spreadOf(work), 50, " × the provider's")},
			remark: spreadOf(share).String() + " × a River that does nothing"},
		{id: "G7", conditions: []condition{atLeast("rate", spreadOf(live), 30, " × the provider's")}},
	}
}

// command runs a program in the repository, and returns what it printed.
func (b *bench) command(name string, args ...string) []byte {
	b.t.Helper()
	cmd := exec.Command(name, args...) // #nosec G204 -- our own
	cmd.Dir, cmd.Stderr = b.root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		b.t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return out
}
