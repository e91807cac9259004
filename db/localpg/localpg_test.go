//go:build unix

package localpg_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/localpg"
)

func TestDataOutlivesTheServer(t *testing.T) {
	t.Parallel()
	dir := folder(t)

	began := time.Now()
	server := start(t, dir, options())
	t.Logf("first start: %s", time.Since(began))
	ask(t, server.URL(), "CREATE TABLE kept AS SELECT 'still here' AS word")
	began = time.Now()
	stop(t, server)
	t.Logf("stop: %s", time.Since(began))
	stop(t, server) // a second time does nothing

	began = time.Now()
	server = start(t, dir, options())
	t.Logf("second start: %s", time.Since(began))
	if got := ask(t, server.URL(), "SELECT word FROM kept"); got != "still here" {
		t.Errorf("after a restart the table says %q", got)
	}
}

func TestClusterIsSetUpForNightlatch(t *testing.T) {
	t.Parallel()
	opts := options()
	opts.Fast = false
	server := start(t, folder(t), opts)
	for sql, want := range map[string]string{
		"SELECT current_database()::text":                                  "nightlatch",
		"SELECT current_user::text":                                        "nightlatch",
		"SELECT rolsuper::text FROM pg_roles WHERE rolname = current_user": "false",
		"SHOW server_encoding":                                             "UTF8",
		"SHOW data_checksums":                                              "on",
		"SHOW fsync":                                                       "on",
		"SHOW synchronous_commit":                                          "on",
		"SHOW listen_addresses":                                            "",
		"SHOW TimeZone":                                                    "UTC",
		"SELECT string_agg(w, ' ' ORDER BY w) FROM (VALUES ('b'), ('A'), ('a'), ('B')) AS words (w)": "A B a b",
	} {
		if got := ask(t, server.URL(), sql); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
	// Another database of the same owner, as tests make them.
	ask(t, server.URL(), "CREATE DATABASE other")
	if got := ask(t, server.DatabaseURL("other"), "SELECT current_database()::text"); got != "other" {
		t.Errorf("connected to %q", got)
	}
}

func TestOnlyItsAccountMayEnter(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	server := start(t, dir, options())
	for _, name := range []string{"data", "run"} {
		info, err := os.Stat(filepath.Join(dir, "postgres", name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o700 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
	if server.Data() != filepath.Join(dir, "postgres", "data") {
		t.Errorf("the data is in %s", server.Data())
	}
}

func TestWhatUsersTypeStaysOutOfTheLog(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	server := start(t, dir, options())
	connection, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close(context.Background())
	ask(t, server.URL(), "CREATE TABLE numbers (number text UNIQUE CHECK (number <> ''), owner int)")
	const secret = "+31612345678"
	for range 2 { // the second breaks the unique key, whose DETAIL holds the value
		connection.Exec(t.Context(), "INSERT INTO numbers VALUES ($1)", secret)
	}
	if _, err := connection.Exec(t.Context(), "SELECT '"+secret+"x'::int"); err == nil {
		t.Fatal("a wrong number is taken")
	}
	stop(t, server)
	log, err := os.ReadFile(filepath.Join(dir, "postgres", "server.log"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(log, []byte(secret)) {
		t.Errorf("the log holds a number:\n%s", log)
	}
	if !bytes.Contains(log, []byte("database system is ready")) {
		t.Errorf("the log does not hold what the server says:\n%s", log)
	}
}

func TestASecondCommandAttaches(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	opts := options()
	opts.Exclusive = true
	owner := start(t, dir, opts)
	guest := start(t, dir, options())
	if owner.Attached() || !guest.Attached() {
		t.Fatalf("owner attached %t, guest attached %t", owner.Attached(), guest.Attached())
	}
	ask(t, guest.URL(), "CREATE TABLE of_guest ()")
	stop(t, guest)
	if got := ask(t, owner.URL(), "SELECT to_regclass('of_guest')::text"); got != "of_guest" {
		t.Errorf("the owner sees %q", got)
	}
}

func TestASecondServeIsRefused(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	opts := options()
	opts.Exclusive = true
	owner := start(t, dir, opts)
	_, err := localpg.Start(t.Context(), dir, opts)
	if !errors.Is(err, localpg.ErrOwned) || !strings.Contains(err.Error(), "DATABASE_URL") {
		t.Errorf("a second serve: %v", err)
	}
	stop(t, owner)
	stop(t, start(t, dir, opts))
}

func TestServeWaitsForAShortCommand(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	short := start(t, dir, options())
	stopped := make(chan error)
	time.AfterFunc(100*time.Millisecond, func() { stopped <- short.Stop(context.Background()) })
	opts := options()
	opts.Exclusive = true
	serve := start(t, dir, opts)
	if err := <-stopped; err != nil || serve.Attached() {
		t.Errorf("serve attached %t; the short command: %v", serve.Attached(), err)
	}
}

func TestAShortCommandLetsItsGuestsFinish(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	owner := start(t, dir, options())
	guest := start(t, dir, options())

	stopped := make(chan error, 1)
	go func() { stopped <- owner.Stop(context.Background()) }()
	time.Sleep(200 * time.Millisecond)
	ask(t, guest.URL(), "SELECT 'served'")
	stop(t, guest)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestOfManyStartsOneOwns(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	var others []*other
	for range 4 {
		others = append(others, startOther(t, dir, nil))
	}
	owners := 0
	for _, o := range others {
		word, rest := o.says()
		if word == "owner" {
			owners++
		} else if word != "attached" {
			t.Errorf("%s %s", word, rest)
		}
		ask(t, rest, "SELECT 'works'")
	}
	if owners != 1 {
		t.Errorf("%d owners", owners)
	}
	for _, o := range others {
		o.stdin.Close()
	}
	for _, o := range others {
		o.expect("stopped")
	}
}

func TestTheServerDiesWithItsOwner(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	owner := startOther(t, dir, nil)
	address := owner.expect("owner")
	ask(t, address, "CREATE TABLE kept AS SELECT 'still here' AS word")
	pid := serverOf(t, dir)

	began := time.Now()
	syscall.Kill(pid, syscall.SIGSTOP) // a server that takes its time to stop
	goOn := time.AfterFunc(300*time.Millisecond, func() { syscall.Kill(pid, syscall.SIGCONT) })
	t.Cleanup(func() {
		if goOn.Stop() {
			syscall.Kill(pid, syscall.SIGCONT)
		}
	})
	owner.cmd.Process.Kill()
	owner.cmd.Wait()
	server := start(t, dir, options())
	t.Logf("taken over after %s", time.Since(began))
	if running(pid) {
		t.Error("the old server still runs")
	}
	if got := ask(t, server.URL(), "SELECT word FROM kept"); got != "still here" {
		t.Errorf("after a kill the table says %q", got)
	}
}

// Without a next Start nobody but the kernel ends the server.
func TestTheServerIsGoneAfterItsOwnerWasKilled(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends a child with its parent")
	}
	dir := folder(t)
	owner := startOther(t, dir, nil)
	owner.expect("owner")
	pid := serverOf(t, dir)
	owner.cmd.Process.Kill()
	within(t, 10*time.Second, "the server is gone", func() bool { return !running(pid) })
}

func TestCtrlCReachesNightlatchAlone(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	start(t, dir, options())
	group, err := syscall.Getpgid(serverOf(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	if group == syscall.Getpgrp() {
		t.Error("the server is in our process group")
	}
}

// The pid file names a process that is not PostgreSQL but belongs to its account, so that
// PostgreSQL takes it for another server: as in a restarted container, where numbers come back.
func TestAStalePIDFileDoesNotStopTheStart(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	stop(t, start(t, dir, options()))

	info, err := os.Stat(dataOf(dir))
	if err != nil {
		t.Fatal(err)
	}
	sleep := exec.Command("sleep", "60")
	sleep.Dir = "/"
	if owner := info.Sys().(*syscall.Stat_t); os.Geteuid() == 0 {
		sleep.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
	}
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		sleep.Process.Kill()
		sleep.Wait()
	})
	stale := strconv.Itoa(sleep.Process.Pid) + "\n" + dataOf(dir) + "\n1\n5432\n\n\n\nready   \n"
	file, owner := filepath.Join(dataOf(dir), "postmaster.pid"), info.Sys().(*syscall.Stat_t)
	if err := errors.Join(os.WriteFile(file, []byte(stale), 0o600),
		os.Chown(file, int(owner.Uid), int(owner.Gid))); err != nil {
		t.Fatal(err)
	}
	start(t, dir, options())
	if sleep.Process.Signal(syscall.Signal(0)) != nil {
		t.Error("the innocent process was ended")
	}
}

// running tells whether a process is more than a zombie that nobody fetched.
func running(pid int) bool {
	state, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && !bytes.HasPrefix(bytes.TrimSpace(state), []byte("Z"))
}

func dataOf(dir string) string { return filepath.Join(dir, "postgres", "data") }

func serverOf(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dataOf(dir), "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}
