package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// What may become of a patch. Only the first is good.
const (
	caught      = "caught"
	survived    = "SURVIVED"
	notApplying = "DOES NOT APPLY"
	notRun      = "DID NOT RUN" // it does not compile, mostly
	failsAnyway = "FAILS UNCHANGED"
)

// copied is a copy of the repository's files, in a temporary folder.
type copied struct{ dir string }

// newCopy copies the files that git knows, as they are in the working folder.
func newCopy() (copied, error) {
	list, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return copied{}, fmt.Errorf("list the files: %w", err)
	}
	dir, err := os.MkdirTemp("", "nightlatch-mutate-")
	if err != nil {
		return copied{}, err
	}
	c := copied{dir}
	for path := range strings.SplitSeq(strings.TrimRight(string(list), "\x00"), "\x00") {
		if err := c.take(path); err != nil && !os.IsNotExist(err) { // deleted, and not yet committed
			c.remove()
			return copied{}, err
		}
	}
	return c, nil
}

func (c copied) take(path string) error {
	from, err := os.Open(path) // #nosec G304 -- git named it
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	info, err := from.Stat()
	if err != nil {
		return err
	}
	to := filepath.Join(c.dir, path)
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, info.Mode().Perm()) // #nosec G304 -- in our own folder
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, from); err != nil {
		_ = out.Close()
		return err
	}
	return out.Close()
}

func (c copied) remove() { _ = os.RemoveAll(c.dir) }

// passing returns those of the patches' tests that pass in the copy as it is: what fails anyway catches nothing.
func (c copied) passing(chosen []patch) (map[test]bool, error) {
	passing := map[test]bool{}
	runs := [][]test{nil}
	for _, p := range chosen {
		if p.alone {
			runs = append(runs, p.fails)
			continue
		}
		runs[0] = append(runs[0], p.fails...)
	}
	for _, all := range runs {
		outcomes, printed, err := c.test(all)
		if err != nil {
			return nil, err
		}
		for _, t := range all {
			passing[t] = outcomes[t] == "pass"
			if !passing[t] {
				fmt.Fprintf(os.Stderr, "%s, unchanged: %q\n%s\n", t, outcomes[t], printed)
			}
		}
	}
	return passing, nil
}

// mutate applies a patch, runs its tests and takes the patch back.
func (c copied) mutate(p patch, passing map[test]bool) (state string, err error) {
	for _, t := range p.fails {
		if !passing[t] {
			return failsAnyway, nil
		}
	}
	file, err := filepath.Abs(p.file)
	if err != nil {
		return "", err
	}
	if trouble := c.apply(file); trouble != "" {
		fmt.Fprintln(os.Stderr, trouble)
		return notApplying, nil
	}
	outcomes, printed, err := c.test(p.fails)
	if err != nil {
		return "", err
	}
	if trouble := c.apply(file, "--reverse"); trouble != "" {
		return "", fmt.Errorf("take %s back: %s", p.name, trouble)
	}
	state = caught
	for _, t := range p.fails {
		switch outcomes[t] {
		case "fail":
		case "pass":
			fmt.Fprintf(os.Stderr, "%s: %s passes\n", p.name, t)
			state = survived
		default:
			fmt.Fprintf(os.Stderr, "%s\n", printed)
			return notRun, nil
		}
	}
	return state, nil
}

// apply is git apply in the copy, wherever that lies. It returns "" or what git says.
func (c copied) apply(file string, flags ...string) (trouble string) {
	cmd := exec.Command("git", append(append([]string{"apply", "-C1"}, flags...), file)...) // #nosec G204 -- our own
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(c.dir))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Sprintf("%v: %s", err, out)
	}
	return ""
}

// test runs tests of the copy, those of a folder together, and returns how each ended and what was printed.
func (c copied) test(all []test) (outcomes map[test]string, printed []byte, err error) {
	var folders []string
	names := map[string][]string{}
	for _, t := range all {
		if !slices.Contains(folders, t.folder) {
			folders = append(folders, t.folder)
		}
		if !slices.Contains(names[t.folder], t.name) {
			names[t.folder] = append(names[t.folder], t.name)
		}
	}
	outcomes = map[test]string{}
	for _, folder := range folders {
		out, err := c.run(folder, names[folder])
		if err != nil {
			return nil, nil, err
		}
		for line := range bytes.Lines(out) {
			var e struct{ Action, Test, Output string }
			if json.Unmarshal(line, &e) != nil {
				printed = append(printed, line...)
				continue
			}
			printed = append(printed, e.Output...)
			if e.Action == "pass" || e.Action == "fail" || e.Action == "skip" {
				outcomes[test{folder, e.Test}] = e.Action
			}
		}
	}
	return outcomes, printed, nil
}

// run is go test in the copy. Without the path of the copy in what is compiled, all copies share what go keeps.
func (c copied) run(folder string, names []string) ([]byte, error) {
	cmd := exec.Command("go", "test", "-vet=off", "-json", "-count=1", "-timeout=5m", // #nosec G204 -- our own names
		"-run", "^("+strings.Join(names, "|")+")$", "./"+folder)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-trimpath", "NIGHTLATCH_TEST_PROGRAM=")
	if here, err := filepath.Abs(".tools/postgres/bin"); err == nil && os.Getenv("PG_BINDIR") == "" {
		if _, err := os.Stat(here); err == nil {
			cmd.Env = append(cmd.Env, "PG_BINDIR="+here)
		}
	}
	out, err := cmd.CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) { // that it failed, the outcomes say
		return nil, fmt.Errorf("go test ./%s: %w", folder, err)
	}
	return out, nil
}
