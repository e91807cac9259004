//go:build unix

package localpg_test

import (
	"errors"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/localpg"
)

func TestAPathMayHaveBlanksAndMarks(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), "my dir+%41&é=1")
	if err := errors.Join(os.Mkdir(dir, 0o755), os.Chmod(dir, 0o755), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
		t.Fatal(err)
	}
	server := start(t, dir, options())
	ask(t, server.URL(), "SELECT 'works'")
	pool, err := db.Connect(t.Context(), server.URL(), 1)
	if err != nil {
		t.Fatalf("the program's own pool: %v", err)
	}
	pool.Close()
	stop(t, server)
}

func TestALongPathGetsAShortSocket(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), strings.Repeat("long/", 30))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for parent := dir; parent != "/tmp"; parent = filepath.Dir(parent) {
		if err := os.Chmod(parent, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	server := start(t, dir, options())
	ask(t, server.URL(), "SELECT 'works'")
	socket := socketOf(t, server)
	if len(socket)+len("/.s.PGSQL.5432") >= 104 {
		t.Errorf("the socket is in %s", socket)
	}
	info, err := os.Stat(socket)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the socket's folder: %v, %v", info.Mode(), err)
	}
	guest := start(t, dir, options())
	ask(t, guest.URL(), "SELECT 'works'")
	stop(t, guest)

	stop(t, server)
	if _, err := os.Stat(socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after the stop the socket's folder is still there: %v", err)
	}

	// Somebody who makes our folder first would own the socket in it.
	if err := errors.Join(os.Mkdir(socket, 0o755), os.Chmod(socket, 0o755)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(socket) })
	if _, err := localpg.Start(t.Context(), dir, options()); err == nil ||
		!strings.Contains(err.Error(), "not ours alone") {
		t.Errorf("in somebody else's folder: %v", err)
	}
}

func TestRootPutsDataElsewhereWhenTheFolderIsClosed(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root hands its cluster to another account")
	}
	closed := folder(t) // 0700, like /root
	dir := filepath.Join(closed, "data")

	server := start(t, dir, options())
	elsewhere := filepath.Dir(server.Data())
	t.Cleanup(func() { os.RemoveAll(elsewhere) })
	if strings.HasPrefix(elsewhere, closed) {
		t.Errorf("the data is in %s", elsewhere)
	}
	ask(t, server.URL(), "CREATE TABLE kept AS SELECT 'still here' AS word")
	stop(t, server)
	if info, err := os.Stat(closed); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the closed folder was opened: %v, %v", info.Mode(), err)
	}

	server = start(t, dir, options())
	if got := ask(t, server.URL(), "SELECT word FROM kept"); got != "still here" {
		t.Errorf("after a restart the table says %q", got)
	}
	stop(t, server)

	if err := os.Rename(elsewhere, elsewhere+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := localpg.Start(t.Context(), dir, options()); err == nil || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("without its data: %v", err)
	}
	if err := os.Rename(elsewhere+".away", elsewhere); err != nil {
		t.Fatal(err)
	}
	if err := start(t, dir, options()).Destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(elsewhere); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Destroy the data is still there: %v", err)
	}
}

func TestAnOrdinaryUserRunsItAsThemselves(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("without root every other test does this")
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(nobody.Uid)
	gid, _ := strconv.Atoi(nobody.Gid)
	open := folder(t)
	dir, program := filepath.Join(open, "data"), filepath.Join(open, "program")
	copyTestBinary(t, program)
	if err := errors.Join(os.Chmod(open, 0o755), os.Mkdir(dir, 0o700), os.Chown(dir, uid, gid)); err != nil {
		t.Fatal(err)
	}
	asNobody := func(cmd *exec.Cmd) {
		cmd.Path, cmd.Dir = program, dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		cmd.Env = append(cmd.Env, "HOME="+dir, "PGPORT=1", "PGDATA=/nowhere")
	}

	owner := startOther(t, dir, asNobody)
	ask(t, owner.expect("owner"), "CREATE TABLE kept AS SELECT 'still here' AS word")
	owner.stdin.Close()
	owner.expect("stopped")

	// Once with sudo, and the cluster stays theirs.
	if err := os.Truncate(filepath.Join(dir, "postgres", "server.log"), 11<<20); err != nil {
		t.Fatal(err)
	}
	root := start(t, dir, options())
	if got := ask(t, root.URL(), "SELECT word FROM kept"); got != "still here" {
		t.Errorf("root reads %q", got)
	}
	stop(t, root)
	owner = startOther(t, dir, asNobody)
	owner.expect("owner")

	err = filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err == nil && int(info.Sys().(*syscall.Stat_t).Uid) != uid {
			t.Errorf("%s does not belong to its user", path)
		}
		return nil // files come and go
	})
	if err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "postgres", "server.log")); err != nil || info.Size() > 1<<20 {
		t.Errorf("no new log was begun: %v", err)
	}
}

func TestACrashWhileTheClusterIsMadeLeavesNone(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	unfinished := func() []string {
		found, _ := filepath.Glob(filepath.Join(dir, "postgres", "unfinished-*", "PG_VERSION"))
		return found
	}
	first := startOther(t, dir, nil)
	within(t, 10*time.Second, "initdb is at work", func() bool { return len(unfinished()) > 0 })
	first.cmd.Process.Kill()
	first.cmd.Wait()
	if _, err := os.Stat(dataOf(dir)); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("there is a cluster: %v", err)
	}
	server := start(t, dir, options())
	ask(t, server.URL(), "SELECT 'works'")
	if rest := unfinished(); len(rest) > 0 {
		t.Errorf("left over: %v", rest)
	}
}

func copyTestBinary(t *testing.T, target string) {
	t.Helper()
	program, err := os.Executable() // in a folder that go test keeps to itself
	if err != nil {
		t.Fatal(err)
	}
	from, err := os.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.OpenFile(target, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(to, from)
	if err := errors.Join(err, to.Close()); err != nil {
		t.Fatal(err)
	}
}

func socketOf(t *testing.T, server *localpg.Server) string {
	t.Helper()
	address, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	return address.Query().Get("host")
}

func TestRootOpensAFolderNoFurtherThanNeeded(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root hands its cluster to another account")
	}
	dir := folder(t)
	if err := os.Chmod(dir, 0o700|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	start(t, dir, options())
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := 0o711 | os.ModeSticky | os.ModeDir; info.Mode() != want {
		t.Errorf("the folder has mode %v, want %v", info.Mode(), want)
	}
}

// Else a user whose folder root serves from could have root empty any file.
func TestALinkInPlaceOfALockIsRefused(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	precious := filepath.Join(dir, "precious")
	err := errors.Join(
		os.WriteFile(precious, []byte("kept"), 0o600),
		os.Mkdir(filepath.Join(dir, "postgres"), 0o711),
		os.Symlink(precious, filepath.Join(dir, "postgres", "owner.lock")),
	)
	if err != nil {
		t.Fatal(err)
	}
	if server, err := localpg.Start(t.Context(), dir, options()); err == nil {
		server.Stop(t.Context())
		t.Error("it started")
	}
	if text, err := os.ReadFile(precious); err != nil || string(text) != "kept" {
		t.Errorf("the file says %q, %v", text, err)
	}
}
