package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

// tick is the unit of /proc's processor times: USER_HZ is 100 on every Linux.
const tick = 10 * time.Millisecond

// meter reads what processes use of the processors. It knows every process of the run, so that the rest is foreign.
type meter struct {
	mu   sync.Mutex
	pids map[string]int
}

func newMeter() *meter { return &meter{pids: map[string]int{"bench": os.Getpid()}} }

// add makes a process one of ours; its children count with it.
func (m *meter) add(name string, pid int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pids[name] = pid
}

// remove forgets a process that has ended.
func (m *meter) remove(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.pids, name)
}

// reading is what each had used at a moment.
type reading struct {
	at   time.Time
	busy time.Duration // all processors together, whoever used them
	of   map[string]time.Duration
}

func (m *meter) read() reading {
	m.mu.Lock()
	defer m.mu.Unlock()
	children := childTimes()
	r := reading{at: time.Now(), busy: busy(), of: map[string]time.Duration{}}
	for name, pid := range m.pids {
		own, gone := processTimes(pid)
		r.of[name] = own
		if name != "bench" { // whose children are the others here
			r.of[name] += gone + children[pid]
		}
	}
	return r
}

// since is what the named processes used from one reading to the next.
func (r reading) since(from reading, names ...string) (used time.Duration) {
	for _, name := range names {
		used += r.of[name] - from.of[name]
	}
	return used
}

// foreign is the part of the processors that others used between two readings.
func (r reading) foreign(from reading) float64 {
	rest := r.busy - from.busy
	for name := range r.of {
		rest -= r.since(from, name)
	}
	all := r.at.Sub(from.at) * time.Duration(runtime.NumCPU())
	return max(0, float64(rest)/float64(all))
}

// statFields are the fields of /proc/PID/stat behind the name, which may hold blanks.
func statFields(pid string) []string {
	text, err := os.ReadFile(filepath.Join("/proc", pid, "stat")) // #nosec G304 -- a process's own file
	at := bytes.LastIndexByte(text, ')')
	if err != nil || at < 0 {
		return nil
	}
	return strings.Fields(string(text[at+1:]))
}

func ticks(fields []string, from, to int) (d time.Duration) {
	if len(fields) <= to {
		return 0
	}
	for _, f := range fields[from : to+1] {
		n, _ := strconv.Atoi(f)
		d += time.Duration(n) * tick
	}
	return d
}

// processTimes are a process's own time, and that of children that have ended.
func processTimes(pid int) (own, gone time.Duration) {
	fields := statFields(strconv.Itoa(pid))
	return ticks(fields, 11, 12), ticks(fields, 13, 14)
}

// childTimes are the times of the living children of each process.
func childTimes() map[int]time.Duration {
	times := map[int]time.Duration{}
	all, _ := filepath.Glob("/proc/[0-9]*") // the pattern is valid
	for _, dir := range all {
		if fields := statFields(filepath.Base(dir)); len(fields) > 1 {
			parent, _ := strconv.Atoi(fields[1])
			times[parent] += ticks(fields, 11, 12)
		}
	}
	return times
}

// busy is what the processors have worked, and what the machine's host took from them.
func busy() time.Duration {
	text, err := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(text), "\n")
	fields := strings.Fields(line)
	if err != nil || len(fields) < 9 {
		return 0
	}
	return ticks(fields, 1, 3) + ticks(fields, 6, 8) // without idle and iowait
}

// forget makes the peak of a process's memory what it holds now.
func forget(pid int) {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0) // where it may not, the peak is an older one
}

// memory is what a process holds of the machine's, in MB; peak is the most that it held.
func memory(pid int) (now, peak float64) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // #nosec G304 -- a process's own file
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		kB, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
		switch name {
		case "VmRSS":
			now = kB / 1024
		case "VmHWM":
			peak = kB / 1024
		}
	}
	return now, peak
}
