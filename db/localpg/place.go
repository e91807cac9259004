//go:build unix

package localpg

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// place is the folders of a cluster and the account that runs it.
//
//	dir/postgres/               home: 0711, so that the server's account can pass through
//	    owner.lock guests.lock  see claim.go
//	    server.log              what the server says
//	    elsewhere               the root, when it is not home
//	    data/                   the cluster, 0700
//	    run/                    the socket, 0700
//
// PostgreSQL refuses to run as root, so root hands the cluster to another account. That account
// must pass every folder above its data, and a checkout under /root is closed to it. We never
// open a folder that is not ours: the data then lies in a new folder under /var/lib, whose path
// is written to the file elsewhere.
type place struct {
	home    string
	root    string // the parent of data and, mostly, run
	socket  string // the folder of the socket; set by openSocket
	account account
	major   int // of the cluster; 0 when there is none yet
}

func (p place) data() string { return filepath.Join(p.root, "data") }

// openHome makes dir/postgres and returns its real path.
func openHome(dir string) (string, error) {
	home, err := filepath.Abs(filepath.Join(dir, "postgres"))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(home, 0o711); err != nil {
		return "", fmt.Errorf("make a folder for PostgreSQL: %w", err)
	}
	return filepath.EvalSymlinks(home)
}

// findPlace returns where the cluster of home is, or would be. An existing cluster is run by the
// account that owns it, whoever started it first.
func findPlace(home string) (place, error) {
	p := place{home: home, root: home}
	record := filepath.Join(home, "elsewhere")
	text, err := os.ReadFile(record)
	if err == nil {
		p.root = strings.TrimSpace(string(text))
	} else if !errors.Is(err, os.ErrNotExist) {
		return p, fmt.Errorf("read where the cluster is: %w", err)
	}

	version, err := os.ReadFile(filepath.Join(p.data(), "PG_VERSION"))
	switch {
	case errors.Is(err, os.ErrNotExist) && p.root != home:
		// A new cluster here would look like the loss of all data.
		return p, fmt.Errorf("the local database in %s is gone; bring it back, or remove %s to begin with an empty one",
			p.root, record)
	case errors.Is(err, os.ErrNotExist):
		p.account, err = serverAccount()
		return p, err
	case err != nil:
		return p, fmt.Errorf("the local database belongs to another account: use that one, or set NIGHTLATCH_DATA to "+
			"another folder: %w", err)
	}
	if p.major, err = strconv.Atoi(strings.TrimSpace(string(version))); err != nil {
		return p, fmt.Errorf("read the version of the cluster in %s: %w", p.data(), err)
	}
	p.account, err = ownerAccount(p.data())
	return p, err
}

// settle chooses the root of a new cluster: home, or a folder elsewhere when the account cannot
// come in. The caller records it once there is a cluster.
func (p place) settle(install install, fast bool) (place, error) {
	if !p.account.drop {
		return p, nil
	}
	letPass(filepath.Dir(p.home))
	letPass(p.home)
	if p.account.enters(p.home, install) {
		return p, nil
	}
	parent := "/var/lib"
	if fast {
		parent = "/tmp"
	}
	root, err := os.MkdirTemp(parent, "nightlatch-")
	if err == nil {
		letPass(root)
		if p.account.enters(root, install) {
			p.root = root
			return p, nil
		}
		os.Remove(root)
	}
	return p, fmt.Errorf("account %s, which runs PostgreSQL for root, cannot enter %s: set NIGHTLATCH_DATA to a folder "+
		"it can, or run Nightlatch as an ordinary user", p.account.name, p.home)
}

// letPass lets other accounts walk through a folder of ours; what lies in it keeps its own mode.
// It leaves a home folder alone: files there may count on a closed door.
func letPass(dir string) {
	info, err := os.Stat(dir)
	if err == nil && info.Mode()&0o011 != 0o011 && ownedBy(info, os.Geteuid()) && !isHome(dir) {
		os.Chmod(dir, info.Mode()|0o011) // the whole mode: a sticky bit stays
	}
}

// openSocket makes the folder of the socket. A socket's path must stay under 104 bytes (macOS;
// Linux has 108), so under a long root it is a short folder among the temporary ones.
func (p *place) openSocket(install install) error {
	sum := sha256.Sum256([]byte(p.data()))
	short := fmt.Sprintf("nightlatch-%x", sum[:6])
	for _, dir := range []string{filepath.Join(p.root, "run"), filepath.Join(os.TempDir(), short),
		filepath.Join("/tmp", short)} {
		if len(dir)+len("/.s.PGSQL."+port) >= 104 || !p.account.enters(filepath.Dir(dir), install) {
			continue
		}
		err := os.Mkdir(dir, 0o700)
		if err == nil {
			err = p.account.own(dir)
		} else if errors.Is(err, os.ErrExist) {
			err = p.ours(dir)
		}
		if err != nil {
			return fmt.Errorf("make a folder for PostgreSQL's socket: %w", err)
		}
		p.socket = dir
		return nil
	}
	return fmt.Errorf("make a folder for PostgreSQL's socket: %s is too long a path, and there is no other", p.root)
}

// ours refuses a folder that somebody else made under our name: they would own the socket in it.
func (p *place) ours(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() || info.Mode().Perm() != 0o700 || !ownedBy(info, p.account.uid) {
		return fmt.Errorf("%s exists and is not ours alone: remove it", dir)
	}
	return nil
}

// closeSocket removes the folder if it stands outside our own.
func (p *place) closeSocket() {
	if filepath.Dir(p.socket) != p.root {
		os.Remove(p.socket)
	}
}

// openBeside opens or makes a file in home. It belongs to home's owner, so that a user's cluster
// stays theirs after root ran it once; that user must not lead root to another file by a link.
func openBeside(home, name string, flags int) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(home, name), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|flags, 0o600)
	if errors.Is(err, os.ErrPermission) {
		return nil, fmt.Errorf("the local database belongs to another account: use that one, or set NIGHTLATCH_DATA to "+
			"another folder: %w", err)
	}
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(home); err == nil && os.Geteuid() == 0 {
		owner := info.Sys().(*syscall.Stat_t)
		file.Chown(int(owner.Uid), int(owner.Gid))
	}
	return file, nil
}
