package templates

import (
	"fmt"
	"html/template"
	"testing"

	"github.com/jba/templatecheck"

	"github.com/nightlatch/nightlatch/internal/locale"
)

// check type-checks a block with the struct it is executed with, in every language.
func check(t *testing.T, sets map[string]*template.Template, block string, view any) {
	t.Helper()
	for _, lang := range locale.Languages {
		t.Run(fmt.Sprintf("%T/%s", view, lang), func(t *testing.T) {
			set, err := sets[lang].Lookup(block).Clone()
			if err != nil {
				t.Fatal(err)
			}
			if err := templatecheck.CheckHTMLStrict(set, view); err != nil {
				t.Error(err)
			}
		})
	}
}

func pageIsRight[T any](t *testing.T, p Page[T]) {
	t.Helper()
	var view content[T]
	check(t, p.sets, "page", view)
}

func fragmentIsRight[T any](t *testing.T, f Fragment[T]) {
	t.Helper()
	var view T
	check(t, f.sets, f.block, view)
}

func TestEveryPageFitsItsStruct(t *testing.T) {
	pageIsRight(t, Login)
	pageIsRight(t, Code)
	pageIsRight(t, Number)
	pageIsRight(t, CheckNumber)
	pageIsRight(t, Method)
	pageIsRight(t, Way)
	pageIsRight(t, Prove)
	pageIsRight(t, Setup)
	pageIsRight(t, Sheet)
	pageIsRight(t, Me)
	pageIsRight(t, Users)
	pageIsRight(t, User)
	pageIsRight(t, UserEdit)
	pageIsRight(t, Import)
	pageIsRight(t, Office)
	pageIsRight(t, History)
	pageIsRight(t, Phone)
	pageIsRight(t, Password)
	pageIsRight(t, Forgot)
	pageIsRight(t, LinkOver)
	pageIsRight(t, Mailbox)
	pageIsRight(t, Error)
	pageIsRight(t, OperatorLogin)
	pageIsRight(t, OperatorHistory)
	pageIsRight(t, Overview)
	pageIsRight(t, Waiting)
	pageIsRight(t, Offices)
	pageIsRight(t, OfficeCap)
}

func TestEveryFragmentFitsItsStruct(t *testing.T) {
	fragmentIsRight(t, CodeLine)
	fragmentIsRight(t, CountryFlag)
	fragmentIsRight(t, UserReset)
	fragmentIsRight(t, UserQuestion)
	fragmentIsRight(t, UsersList)
	fragmentIsRight(t, UsersQuestion)
	fragmentIsRight(t, OfficeSwitch)
	fragmentIsRight(t, OfficeModal)
	fragmentIsRight(t, PhoneTexts)
	fragmentIsRight(t, PasswordStrength)
	fragmentIsRight(t, MailboxMails)
	fragmentIsRight(t, ErrorNotice)
	fragmentIsRight(t, WaitingLive)
	fragmentIsRight(t, WaitingAsk)
}
