//go:build unix

package localpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
	"time"
)

// account is the operating-system account that runs the server: ourselves, or for root the account it drops to.
type account struct {
	name     string
	uid, gid int
	drop     bool // we are root and become this account
}

// serverAccount returns the account for a new cluster.
func serverAccount() (account, error) {
	if os.Geteuid() != 0 {
		return account{uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(found.Uid)
		gid, err2 := strconv.Atoi(found.Gid)
		if err := errors.Join(err1, err2); err != nil {
			return account{}, fmt.Errorf("read account %s: %w", name, err)
		}
		return account{name: name, uid: uid, gid: gid, drop: true}, nil
	}
	return account{}, errors.New("PostgreSQL refuses to run as root, and there is no account postgres or nobody: run " +
		"Nightlatch as an ordinary user, or set DATABASE_URL")
}

// Credential returns the account that runs PostgreSQL for root, for others who start one; nil when we are not root.
func Credential() (*syscall.Credential, error) {
	a, err := serverAccount()
	return a.credential(), err
}

// credential is nil for ourselves.
func (a account) credential() *syscall.Credential {
	if !a.drop {
		return nil
	}
	return &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
}

// ownerAccount returns the account that owns the cluster in data.
func ownerAccount(data string) (account, error) {
	info, err := os.Stat(data)
	if err != nil {
		return account{}, err
	}
	owner := info.Sys().(*syscall.Stat_t)
	if os.Geteuid() != 0 || owner.Uid == 0 {
		return serverAccount()
	}
	name := strconv.Itoa(int(owner.Uid))
	if found, err := user.LookupId(name); err == nil {
		name = found.Username
	}
	return account{name: name, uid: int(owner.Uid), gid: int(owner.Gid), drop: true}, nil
}

// command prepares a program that runs as the account, outside our process group, so that Ctrl-C
// in the terminal reaches us alone; if we die it gets the signal whenDead (on Linux; 0 for none, where nobody keeps the
// forking thread alive).
//
// The environment is clean: PGDATA, PGOPTIONS and the like would change what runs. LC_ALL is C, the
// one locale every system has: messages stay English, and macOS starts no threads to look one up.
// What text sorts and folds by is the cluster's own, see makeCluster.
func (a account) command(ctx context.Context, whenDead syscall.Signal, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC", "PATH=/usr/bin:/bin"}
	cmd.Dir = "/" // the account may not enter ours
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: a.credential()}
	dieWithParent(cmd.SysProcAttr, whenDead)
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// enters reports whether the account can enter dir. It tries, because the mode of each
// folder is not the whole truth: there are access lists, containers and remote disks.
func (a account) enters(dir string, install install) bool {
	if !a.drop {
		info, err := os.Stat(dir)
		return err == nil && info.IsDir()
	}
	cmd := a.command(context.Background(), 0, install.postgres(), "--version")
	cmd.Dir = dir // changed to after the account
	return cmd.Run() == nil
}

// own gives the account a folder that we just made, itself and not what a link in its place leads to.
func (a account) own(dir string) error {
	if !a.drop {
		return nil
	}
	return os.Lchown(dir, a.uid, a.gid)
}

func ownedBy(info os.FileInfo, uid int) bool {
	return int(info.Sys().(*syscall.Stat_t).Uid) == uid
}

func isHome(dir string) bool {
	current, err := user.Current()
	return dir == "/" || err != nil || dir == current.HomeDir
}
