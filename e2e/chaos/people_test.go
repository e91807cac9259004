package chaos

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/internal/otp"
	"github.com/nightlatch/nightlatch/internal/otp/otptest"
)

// person is a simulated user, who does one thing after the other until the run is over.
type person struct {
	run      *chaos
	random   *rand.Rand
	id       int64
	office   int64
	code     string // of the office
	username string
	number   string

	secret   otp.Secret // of the authenticator app
	lastStep int64
	recovery []string
	sheets   int // of recovery codes so far
}

func (p *person) chance(percent int) bool { return p.random.IntN(100) < percent }

func (p *person) idle(least, most time.Duration) {
	p.run.sleep(least + time.Duration(p.random.Int64N(int64(most-least))))
}

// note writes an act down.
func (p *person) note(kind, key, got string, began time.Time) {
	p.run.history.add(act{began: began, user: p.id, kind: kind, key: key, answer: got, office: p.office})
}

// logIn enters the password until it is taken, and returns the browser and where it is led.
func (p *person) logIn() (*visitor, string) {
	v := newVisitor(p.run.nodes, p.random)
	if v.get("/login").status != http.StatusOK {
		return nil, ""
	}
	if p.chance(3) {
		began := time.Now()
		if a := v.post("/login", "office", p.code, "username", p.username, "password",
			"not-"+program.Password); a.status == http.StatusUnprocessableEntity {
			p.note("password", "", gotWrong, began)
		}
	}
	for range 6 {
		began := time.Now()
		a := v.post("/login", "office", p.code, "username", p.username, "password", program.Password)
		switch {
		case a.status == http.StatusSeeOther:
			p.note("password", "", gotSecond, began)
			led := v.get("/login/second-step")
			return v, led.location
		case a.status == 0:
			p.note("password", "", gotUnknown, began)
		case a.busy():
			p.note("password", "", gotBusy, began)
		}
		if p.run.over() {
			return nil, ""
		}
		p.idle(300*time.Millisecond, 1500*time.Millisecond)
	}
	return nil, ""
}

// textSignIn logs in with a text message, more or less cleverly. It returns the signed-in browser, or nil.
func (p *person) textSignIn(plain bool) *visitor {
	began := time.Now()
	v, to := p.logIn()
	if v == nil {
		return nil
	}
	if !strings.HasPrefix(to, "/login/code") {
		v.post("/logout")
		return nil
	}
	return p.enterText(v, began, plain)
}

// enterText waits for the text and enters its code.
func (p *person) enterText(v *visitor, began time.Time, plain bool) *visitor {
	if a := v.get("/login/code"); a.says(">Send code<") {
		v.post("/login/send")
	}
	if !p.awaitText(v, began) {
		v.post("/logout")
		return nil
	}
	if !plain && p.chance(25) {
		p.idle(2*time.Second, 6*time.Second) // where is that phone?
	}
	if !plain && p.chance(10) {
		// As if half a minute had gone by.
		p.run.exec(
			"update challenges set asked_at = asked_at - interval '30 seconds' where user_id = $1 and ended_at is null", p.id)
		v.post("/login/resend")
		p.idle(100*time.Millisecond, time.Second)
	}
	m, _ := p.run.phones.since(p.number, began)
	found := program.BoundCode.FindStringSubmatch(m.Text)
	if found == nil {
		return nil
	}
	code := found[1]
	ref, _, _ := strings.Cut(m.Ref, ".")
	// The text may belong to an earlier log-in, which went on when nobody waited for it any more: what is compared is then
	// this session's challenge, and the code is wrong. A right one is the text's.
	here, known := p.run.ask(`select c.ref from challenges c join sessions s on s.id = c.session_id
		where s.token_hash = $1 order by c.id desc limit 1`, v.token().Hash())
	if !known {
		here = ""
	}
	enter := func(v *visitor, code string) string {
		began := time.Now()
		got := v.prove("/login/code", "code", code)
		key := here
		if got == gotIn {
			key = ref
		}
		p.note("code", key, got, began)
		return got
	}
	if !plain {
		wrong := 0
		switch dice := p.random.IntN(100); {
		case dice < 12:
			wrong = 1 + p.random.IntN(2)
		case dice < 17:
			wrong = 6
		case dice < 22:
			v.post("/logout")
			return nil
		}
		for range wrong {
			enter(v, program.WrongCode(code))
		}
	}
	before := v.twin()
	if !plain && p.chance(15) {
		// The form posted twice, in the same moment, to both nodes.
		other := v.twin()
		var both sync.WaitGroup
		var second string
		both.Go(func() { second = enter(other, code) })
		first := enter(v, code)
		both.Wait()
		if first != gotIn && second == gotIn {
			v = other
		} else if first != gotIn {
			return nil
		}
	} else {
		got := enter(v, code)
		for range 4 {
			if got != gotBusy && got != gotUnknown {
				break
			}
			p.idle(200*time.Millisecond, time.Second)
			got = enter(v, code)
		}
		if got != gotIn {
			v.post("/logout")
			return nil
		}
	}
	if !plain && p.chance(15) {
		enter(before, code) // used: with the cookie of before
	}
	return v
}

// awaitText waits until the phone has a text, looking at the live line meanwhile.
func (p *person) awaitText(v *visitor, began time.Time) bool {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		a := v.call(v.anyNode(), http.MethodGet, "/login/message", nil)
		_, received := p.run.phones.since(p.number, began)
		if a.status == http.StatusOK && a.says(program.LineAccepted) {
			key := "received"
			if !received {
				key = ""
			}
			p.note("line", key, gotDone, began)
		}
		if received {
			return true
		}
		if a.says(program.LineNotSent) || a.says(program.LineUncertain) || p.run.over() {
			return false
		}
		p.idle(150*time.Millisecond, 400*time.Millisecond)
	}
	return false
}

// looks asks for the own settings, with what is known of the session, and returns what came.
func (p *person) looks(v *visitor, node string, since time.Time, factor int) string {
	began := time.Now()
	a := v.call(node, http.MethodGet, "/settings/me", nil)
	got := a.outcome(a.status == http.StatusOK, gotIn, gotAway)
	p.run.history.add(act{
		began: began, user: p.id, kind: "page", answer: got, office: p.office, since: since, factor: factor,
	})
	return got
}

// texter signs in by text message, looks around and leaves.
func (p *person) texter() {
	for !p.run.over() {
		if v := p.textSignIn(false); v != nil {
			p.looks(v, v.anyNode(), time.Now(), 2)
			if p.chance(70) {
				v.post("/logout")
			}
		}
		p.idle(100*time.Millisecond, 600*time.Millisecond)
	}
}

// enrol sets up an authenticator app, before the faults begin.
func (p *person) enrol(b *program.Browser) {
	b.LogIn(p.code, p.username, program.Password).On("/login/method")
	setup := b.Get("/login/app/setup")
	p.secret = program.SecretOn(b.T, setup)
	p.lastStep = otp.Step(time.Now()) - 1
	sheet := setup.Press("Verify", "code", program.AppCode(b.T, p.secret, -1)).On("/settings/me/recovery-codes")
	p.recovery = program.RecoveryOn(sheet)
	p.sheets = 1
	sheet.Press("I have kept these codes").On("/settings/me").Press("Log out")
}

// apper signs in with the authenticator app, from two browsers at once at times, and with recovery codes.
func (p *person) apper() {
	for !p.run.over() {
		step := otp.Step(time.Now())
		switch {
		case step > p.lastStep:
			p.lastStep = step
			p.appSignIn(step)
		case len(p.recovery) > 0 && p.chance(20):
			p.recoverySignIn()
		}
		p.idle(500*time.Millisecond, 3*time.Second)
	}
}

func (p *person) appSignIn(step int64) {
	code := otptest.Code(p.run.t, p.secret, step)
	enter := func(code string) func() *visitor {
		return func() *visitor {
			v, to := p.logIn()
			if v == nil || !strings.HasPrefix(to, "/login/app") {
				return nil
			}
			began := time.Now()
			got := v.prove("/login/app", "code", code)
			for range 3 {
				p.note("app", fmt.Sprintf("app of user %d, step %d", p.id, step), got, began)
				if got != gotBusy && got != gotUnknown {
					break
				}
				p.run.sleep(500 * time.Millisecond)
				began = time.Now()
				got = v.prove("/login/app", "code", code)
			}
			if got != gotIn {
				v.post("/logout")
				return nil
			}
			return v
		}
	}
	if p.chance(20) {
		enter(program.WrongCode(code))()
	}
	var v *visitor
	if p.chance(40) {
		var both sync.WaitGroup
		twin := *p // a rand.Rand is one goroutine's
		twin.random = rand.New(rand.NewPCG(p.random.Uint64(), 1))
		both.Go(func() { twin.appAgain(code, step) })
		v = enter(code)()
		both.Wait()
	} else {
		v = enter(code)()
	}
	if v == nil {
		return
	}
	p.looks(v, v.anyNode(), time.Now(), 2)
	if len(p.recovery) < 3 {
		p.newSheet(v)
	}
	v.post("/logout")
}

// appAgain enters a step's code in a browser of its own.
func (p *person) appAgain(code string, step int64) {
	v, to := p.logIn()
	if v == nil || !strings.HasPrefix(to, "/login/app") {
		return
	}
	began := time.Now()
	p.note("app", fmt.Sprintf("app of user %d, step %d", p.id, step), v.prove("/login/app", "code", code), began)
	v.post("/logout")
}

func (p *person) newSheet(v *visitor) {
	v.post("/settings/me/recovery-codes")
	a := v.get("/settings/me/recovery-codes")
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(a.body))
	if err != nil {
		return
	}
	codes := program.RecoveryOn(&program.Page{Document: doc})
	if len(codes) == 0 {
		return
	}
	p.recovery = codes
	p.sheets++
	v.post("/settings/me/recovery-codes/kept")
}

func (p *person) recoverySignIn() {
	code := p.recovery[0]
	p.recovery = p.recovery[1:]
	for range 2 { // used, and once more
		v, _ := p.logIn()
		if v == nil {
			return
		}
		began := time.Now()
		got := v.prove("/login/recovery", "code", code)
		p.note("recovery", fmt.Sprintf("recovery code %d of sheet %d of user %d", len(p.recovery), p.sheets, p.id), got,
			began)
		v.post("/logout")
		if p.chance(60) {
			return
		}
	}
}

// resetter is a superuser who resets the second factor of one user after the other, each signed in meanwhile.
func (p *person) resetter(victims []*person) {
	for i := 0; !p.run.over(); i++ {
		victim := victims[i%len(victims)]
		theirs := victim.textSignIn(true)
		if theirs == nil {
			p.idle(500*time.Millisecond, time.Second)
			continue
		}
		since := time.Now()
		victim.looks(theirs, theirs.anyNode(), since, 2)
		if v := p.textSignIn(true); v != nil {
			began := time.Now()
			a := v.post(fmt.Sprintf("/settings/users/%d/reset", victim.id))
			done := strings.HasPrefix(a.told, "reset") || a.status == http.StatusOK // mailed, or a word to hand over
			got := a.outcome(done, gotDone, gotOver)
			p.run.history.add(act{began: began, user: victim.id, kind: "reset", answer: got, office: p.office})
			for _, node := range p.run.nodes {
				victim.looks(theirs, node, since, 2)
			}
			v.post("/logout")
		}
		theirs.post("/logout")
		// The number is registered and confirmed again, outside the product.
		for !p.run.exec("insert into mobile_numbers (user_id, number, country, confirmed_at) values ($1, $2, 'NL', now()) "+
			"on conflict do nothing", victim.id, victim.number) {
			if p.run.over() {
				return
			}
			p.idle(300*time.Millisecond, time.Second)
		}
		p.idle(time.Second, 3*time.Second)
	}
}

// switcher is a superuser who makes two factors mandatory and voluntary again, while a user of one factor is signed in.
func (p *person) switcher(user *person) {
	for !p.run.over() {
		p.switchOnce(user)
		p.idle(time.Second, 2*time.Second)
	}
}

func (p *person) switchOnce(user *person) {
	required, ok := p.run.ask("select two_factor_required from offices where id = $1", p.office)
	if !ok {
		return
	}
	if required == "true" {
		if v := p.textSignIn(true); v != nil {
			p.switchOff(v)
		}
		return
	}
	theirs, to := user.logIn()
	own, toOwn := p.logIn()
	// Without a demand for a second step there is none to be led to.
	if theirs == nil || own == nil || !strings.HasPrefix(to, "/settings") || !strings.HasPrefix(toOwn, "/settings") {
		return
	}
	since := time.Now()
	user.looks(theirs, theirs.anyNode(), since, 1)
	began, got := p.ask(own, "activate", "/settings/office/general/activate", "activated")
	for _, node := range p.run.nodes {
		user.looks(theirs, node, since, 1)
	}
	theirs.post("/logout")
	if got == gotDone {
		if v := p.enterText(own, began, true); v != nil {
			p.switchOff(v)
			return
		}
	}
	own.post("/logout")
}

func (p *person) switchOff(v *visitor) {
	p.ask(v, "switch_off", "/settings/office/general/switch-off", "switched_off")
	v.post("/logout")
}

// ask asks for a change of the office, and notes what came of it: done is the word that a success is told by.
func (p *person) ask(v *visitor, kind, path, done string) (began time.Time, got string) {
	began = time.Now()
	a := v.post(path)
	got = a.outcome(a.told == done, gotDone, gotOver)
	p.run.history.add(act{began: began, user: p.id, kind: kind, answer: got, office: p.office})
	return began, got
}
