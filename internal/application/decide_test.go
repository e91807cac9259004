package application

import (
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/account"
)

// Of what a door demands and what a visitor has, every combination: who is let in is the same by the table's own words.
func TestADoorLetsInWhoHasAllThatItDemands(t *testing.T) {
	bools := []bool{false, true}
	for _, disabled := range bools {
		for _, admitted := range bools {
			for _, off := range bools {
				for _, twoFactors := range bools {
					for i, greatest := range []time.Duration{0, 15 * time.Minute, 0, 15 * time.Minute} {
						door := Door{admitted, disabled, off, []account.Role{account.RoleSuperuser}, twoFactors, greatest, i > 1}
						eachVisitor(func(v Visitor) {
							in := !disabled && admitted && !off && v.Role == account.RoleSuperuser && !v.Unfinished &&
								!((v.Trusted || v.Limited || v.Cooling) && door.Sensitive)
							if twoFactors || greatest > 0 {
								in = in && v.Level == 2
							}
							if greatest > 0 {
								in = in && v.FactorAge <= greatest
							}
							if got := door.Decide(v); (got == Allowed) != in {
								t.Errorf("%+v says %q to %+v", door, got, v)
							}
						})
					}
				}
			}
		}
	}
}

func eachVisitor(do func(Visitor)) {
	for _, role := range append(Roles(), account.RoleOperator) {
		for _, unfinished := range []bool{false, true} {
			for _, level := range []int{1, 2} {
				for _, age := range []time.Duration{0, 15 * time.Minute, 15*time.Minute + 1, 1 << 60} {
					for held := range 4 {
						limited, cooling := held%2 == 1, held > 1
						do(Visitor{role, unfinished, level, false, age, limited, cooling})
						do(Visitor{role, unfinished, level, true, age, limited, cooling})
					}
				}
			}
		}
	}
}

// What a user can mend at once is told apart from what is not theirs.
func TestWhatIsNotTheirsToMendIsSaidFirst(t *testing.T) {
	eachVisitor(func(v Visitor) {
		closed := Door{Admitted: true, Disabled: true, Roles: Roles(), RequireTwoFactor: true}
		if got := closed.Decide(v); got.Mendable() {
			t.Errorf("a closed door sends %+v to mend %q first", v, got)
		}
	})
}

func TestAnAddressIsOneThatABrowserShows(t *testing.T) {
	for text, want := range map[string]string{
		"https://payroll.acme.example":           "https://payroll.acme.example/",
		" HTTPS://Payroll.Acme.Example:443/a?b ": "https://payroll.acme.example/a?b",
		"https://a.example:8443/x":               "https://a.example:8443/x",
		"http://payroll.localhost:9000":          "http://payroll.localhost:9000/",
		"http://127.0.0.1:9000/":                 "http://127.0.0.1:9000/",
		"http://payroll.acme.example":            "-", "https://user@a.example/": "-",
		"https://a.example/#x": "-", "https://": "-",
		"javascript:alert(1)": "-", "//a.example/": "-", "https://a.example:0/": "-", "https://a_b.example/": "-",
		"https://a.example.:443/": "-", "https://[::1]/": "https://[::1]/", "": "-",
	} {
		address, ok := Address(text)
		if ok != (want != "-") || ok && address.String() != want {
			t.Errorf("%q is read as %v, %v; want %s", text, address, ok, want)
		}
	}
}
