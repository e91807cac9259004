//go:build unix && !linux

package localpg

import "syscall"

// dieWithParent can do nothing here: the next Start ends a server that outlived its owner.
func dieWithParent(*syscall.SysProcAttr, syscall.Signal) {}
