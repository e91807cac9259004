package program

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Apache starts Apache with mod_auth_openidc and what more its configuration says, until the test ends. address is one
// at which it listens.
func Apache(t testing.TB, config, address string) {
	t.Helper()
	dir := t.TempDir()
	root := apacheRoot(t)
	modules := filepath.Join(root, "usr/lib/apache2/modules")
	all := fmt.Sprintf("ServerRoot %[1]q\nServerName 127.0.0.1\nListen %[2]s\nPidFile pid\nErrorLog /dev/stderr\n"+
		"DefaultRuntimeDir %[1]q\nMutex file:%[1]s\n", dir, address)
	for _, name := range []string{"mpm_event", "authn_core", "authz_core", "authz_user", "proxy", "proxy_http", "unixd",
		"auth_openidc"} {
		file := "mod_" + name + ".so"
		if name == "mpm_event" || name == "unixd" { // built in on some
			if _, err := os.Stat(filepath.Join(modules, file)); err != nil {
				continue
			}
		}
		all += fmt.Sprintf("LoadModule %s_module %q\n", name, filepath.Join(modules, file))
	}
	if os.Getuid() == 0 {
		all += "User www-data\nGroup www-data\n"
	}
	write(t, filepath.Join(dir, "apache.conf"), all+config)
	libraries, err := filepath.Glob(filepath.Join(root, "usr/lib/*-linux-gnu"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(root, "usr/sbin/apache2"), "-D", "FOREGROUND", "-d", dir, "-f", "apache.conf")
	cmd.Dir, cmd.Env = dir, os.Environ()
	if root != "/" {
		cmd.Env = append(cmd.Env, "LD_LIBRARY_PATH="+libraries[0])
	}
	beside(t, cmd, "Apache", address)
}

// apacheRoot returns where Apache with mod_auth_openidc is installed: on this machine, or where scripts/apache.sh puts
// it.
func apacheRoot(t testing.TB) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	for _, root := range []string{"/", filepath.Join(cache, "nightlatch", "tools", "apache")} {
		if _, err := os.Stat(filepath.Join(root, "usr/lib/apache2/modules/mod_auth_openidc.so")); err == nil {
			return root
		}
	}
	t.Fatal("there is no Apache with mod_auth_openidc on this machine: run make proxies")
	return ""
}

// OAuth2Proxy starts oauth2-proxy with these flags until the test ends. address is one at which it listens.
func OAuth2Proxy(t testing.TB, address string, flags ...string) {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	built, err := filepath.Glob(filepath.Join(cache, "nightlatch", "tools", "oauth2-proxy@*"))
	if err != nil || len(built) == 0 {
		t.Fatal("there is no oauth2-proxy on this machine: run make test")
	}
	beside(t, exec.Command(built[len(built)-1], append(flags, "--http-address", address)...), "oauth2-proxy", address)
}
