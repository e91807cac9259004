package handlers

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/federation"
	"github.com/nightlatch/nightlatch/internal/issuer"
)

// told is an application that is told of log-outs, and the queue of those who are to be.
type told struct {
	*httptest.Server
	f      *fixture
	back   *issuer.Backchannel
	mu     sync.Mutex
	queue  []int64
	tokens []string
	answer int
	hold   chan struct{} // an answer waits until it is closed; nil for none
}

func (f *fixture) told() *told {
	l := &told{f: f, answer: http.StatusOK}
	l.Server = httptest.NewServer(l)
	f.t.Cleanup(l.Close)
	public := &url.URL{Scheme: "http", Host: "localhost"}
	l.back = issuer.NewBackchannel(f.pool, f.services.Signing, l, factory.AuditLog(), public, federation.NewClient)
	return l
}

func (l *told) TellLogOut(_ context.Context, _ pgx.Tx, visitID int64) error {
	l.queue = append(l.queue, visitID)
	return nil
}

func (l *told) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if l.hold != nil {
		<-l.hold
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.Method == http.MethodPost && r.URL.RawQuery == "" {
		l.tokens = append(l.tokens, r.PostFormValue("logout_token"))
	}
	if l.answer >= 300 && l.answer < 400 {
		w.Header().Set("Location", l.URL+"/elsewhere")
	}
	w.WriteHeader(l.answer)
}

// look finds what ended and tells it, and returns the sids that were told.
func (l *told) look(p *relyingParty) (sids []string) {
	l.f.t.Helper()
	l.tokens = nil
	if err := l.back.Look(l.f.t.Context()); err != nil {
		l.f.t.Fatal(err)
	}
	for _, id := range l.queue {
		if err := l.back.Tell(l.f.t.Context(), id); err != nil {
			l.f.t.Fatal(err)
		}
	}
	l.queue = nil
	for _, raw := range l.tokens {
		sids = append(sids, p.loggedOut(raw))
	}
	return sids
}

// loggedOut checks a logout token as its specification has it (section 2.6), and returns its sid.
func (p *relyingParty) loggedOut(raw string) string {
	p.f.t.Helper()
	token, err := p.provider.Verifier(&oidc.Config{ClientID: p.config.ClientID}).Verify(p.ctx, raw)
	if err != nil {
		p.f.t.Fatal(err)
	}
	var said struct {
		Sid    string                    `json:"sid"`
		ID     string                    `json:"jti"`
		Nonce  *string                   `json:"nonce"`
		Events map[string]map[string]any `json:"events"`
	}
	head, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[0])
	if err = errors.Join(err, token.Claims(&said)); err != nil {
		p.f.t.Fatal(err)
	}
	if event, ok := said.Events["http://schemas.openid.net/event/backchannel-logout"]; !ok || len(event) != 0 ||
		!strings.Contains(string(head), `"typ":"logout+jwt"`) || said.Nonce != nil || said.ID == "" ||
		len(token.Subject) != 36 || time.Since(token.IssuedAt) > time.Minute ||
		token.Expiry.Sub(token.IssuedAt) > 2*time.Minute {
		p.f.t.Errorf("a logout token is %s %+v", head, said)
	}
	return said.Sid
}

// An application is told once of each session that ended, for whatever reason, and of none that goes on.
func TestAnApplicationIsToldWhenASessionEnds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	l := f.told()
	p := f.register("Payroll", func(_ *application.Application, r *issuer.Registration) {
		r.BackchannelLogoutURI = l.URL + "/backchannel"
	})
	quiet := f.register("Holidays", nil)
	f.register("Nobody's", func(_ *application.Application, r *issuer.Registration) {
		r.BackchannelLogoutURI = l.URL + "/nobody"
	})
	other := f.in("ACME/accountant")
	p.tokens(other)
	user := "from users u where u.id = s.user_id and u.username = 'user' and u.office_id = (select id from offices " +
		"where code = 'ACME')"
	ofUser := "where username = 'user' and office_id = (select id from offices where code = 'ACME')"
	for _, c := range []struct{ name, change, undo string }{
		{"a log-out", "", ""},
		{"another browser", "update sessions s set ended_at = now() " + user, ""},
		{"a new password", "update users set password_version = password_version + 1 " + ofUser,
			"update users set password_version = 1 " + ofUser},
		{"disabled", "update users set disabled_at = now() " + ofUser, "update users set disabled_at = null"},
		{"its longest life", "update sessions s set expires_at = now() " + user, ""},
		{"nobody there", "update sessions s set last_seen_at = now() - interval '1 day' " + user, ""},
		{"the role", "update users set role = 'accountant' " + ofUser, "update users set role = 'user' " + ofUser},
		{"the switch", "update offices set two_factor_required = true", "update offices set two_factor_required = false"},
		{"deleted", "delete from sessions s using users u where u.id = s.user_id and u.username = 'user'", ""},
		{"the application", "update applications set disabled_at = now()", "update applications set disabled_at = null"},
	} {
		cookie := f.in("ACME/user")
		f.Exec("update applications set roles = '{user,superuser}'")
		token := p.tokens(cookie)
		p.tokens(cookie)
		quiet.tokens(cookie)
		sid, _ := p.claims(token)["sid"].(string)
		// It is looked at for the first time, and goes on until its session may end.
		f.Exec("update oidc_visits set look_at = now()")
		if got := l.look(p); len(got) > 1 || len(got) == 1 && got[0] == sid {
			t.Fatalf("%s: told before it: %v", c.name, got)
		}
		if n := f.ID("select count(*) from oidc_visits v join sessions s on s.id = v.session_id where v.ended_at is null " +
			"and v.look_at > least(s.expires_at, s.last_seen_at + interval '30 minutes') + interval '1 second'"); n != 0 {
			t.Errorf("%s: %d visits are looked at too late", c.name, n)
		}
		if c.change == "" {
			f.ask(http.MethodPost, "/logout", cookie, "x=y")
		} else {
			f.Exec(c.change)
		}
		if c.name == "nobody there" { // nothing was changed: its time comes
			f.Exec("update oidc_visits v set look_at = now() from sessions s where s.id = v.session_id " +
				"and s.last_seen_at < now() - interval '1 hour'")
		}
		if got := l.look(p); len(got) != 1 || got[0] != sid {
			t.Errorf("%s: told of %v, not %s", c.name, got, sid)
		}
		f.Exec("update oidc_visits set look_at = now() where ended_at is null")
		if got := l.look(p); len(got) != 0 {
			t.Errorf("%s: told again of %v", c.name, got)
		}
		if c.undo != "" {
			f.Exec(c.undo)
		}
		f.Exec("update sessions s set ended_at = now() " + user)
		l.look(p)
	}
}

// My settings shows where one is in, and ends it there alone: its tokens too, and the application is told.
func TestAUserLeavesOneApplication(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	l := f.told()
	p := f.register("Payroll", func(_ *application.Application, r *issuer.Registration) {
		r.BackchannelLogoutURI = l.URL
	})
	other := f.register("Holidays", func(_ *application.Application, r *issuer.Registration) {
		r.BackchannelLogoutURI = l.URL
	})
	cookie := f.in("ACME/user")
	token, kept, somebody := p.tokens(cookie), other.tokens(cookie), p.tokens(f.in("ACME/accountant"))
	sid, _ := p.claims(token)["sid"].(string)
	shown := func() string {
		page, err := goquery.NewDocumentFromReader(f.ask(http.MethodGet, "/settings/me", cookie, "").Body)
		if err != nil {
			t.Fatal(err)
		}
		return page.Find("#applications").Text()
	}
	if text := shown(); !strings.Contains(text, "Payroll") || !strings.Contains(text, "Holidays") {
		t.Fatalf("it shows %s", text)
	}
	end := strings.Replace(paths.MyApplicationEnd, ":id", strconv.FormatInt(p.app, 10), 1)
	if rec := f.ask(http.MethodPost, end, cookie, "x=y"); !strings.HasPrefix(where(rec), "/settings/me ") {
		t.Fatalf("%d %s", rec.Code, where(rec))
	}
	if text := shown(); strings.Contains(text, "Payroll") || !strings.Contains(text, "Holidays") {
		t.Errorf("afterwards it shows %s", text)
	}
	if got := l.look(p); len(got) != 1 || got[0] != sid {
		t.Errorf("told of %v", got)
	}
	if left := p.works(token); left != nil {
		t.Errorf("its tokens serve for %v", left)
	}
	if len(other.works(kept)) != 3 || len(p.works(somebody)) != 3 {
		t.Error("somebody else's serve no more")
	}
}

// A slow or dead application keeps nobody waiting, is tried again for an hour, and operators see it.
func TestAnApplicationThatCannotBeTold(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	dead, well := f.told(), f.told()
	register := func(name string, l *told) *relyingParty {
		return f.register(name, func(_ *application.Application, r *issuer.Registration) {
			r.BackchannelLogoutURI = l.URL
		})
	}
	slow, quick := register("Payroll", dead), register("Holidays", well)
	var ids []int64
	for range 4 {
		slow.tokens(f.in("ACME/user"))
	}
	quick.tokens(f.in("ACME/user"))
	f.Exec("update sessions set ended_at = now()")
	if err := dead.back.Look(t.Context()); err != nil || len(dead.queue) != 5 {
		t.Fatalf("%d are told, %v", len(dead.queue), err)
	}
	ids = dead.queue
	dead.hold = make(chan struct{})
	var all sync.WaitGroup
	answers := make([]error, len(ids))
	busy := make(chan struct{}, len(ids))
	for i, id := range ids {
		all.Go(func() {
			if answers[i] = dead.back.Tell(t.Context(), id); answers[i] != nil {
				busy <- struct{}{}
			}
		})
	}
	<-busy // two of the four are not even asked, while the others wait
	<-busy
	close(dead.hold)
	all.Wait()
	if len(well.tokens) != 1 || len(dead.tokens) != 2 {
		t.Errorf("%d and %d were told", len(well.tokens), len(dead.tokens))
	}
	refused := 0
	for _, err := range answers {
		if errors.Is(err, issuer.ErrBusy) {
			refused++
		}
	}
	if refused != 2 {
		t.Errorf("%v", answers)
	}
	var left int64
	for _, id := range ids {
		if f.ID("select count(*) from oidc_visits where settled_at is null and id = $1", id) == 1 {
			left = id
		}
	}
	for _, answer := range []int{http.StatusBadRequest, http.StatusFound, http.StatusInternalServerError} {
		dead.answer, dead.tokens = answer, nil
		if err := dead.back.Tell(t.Context(), left); err == nil || len(dead.tokens) != 1 ||
			strings.Contains(err.Error(), dead.URL) {
			t.Errorf("%d: %v, asked %d times", answer, err, len(dead.tokens))
		}
	}
	dead.CloseClientConnections()
	dead.Close()
	if err := dead.back.Tell(t.Context(), left); err == nil || errors.Is(err, issuer.ErrBusy) {
		t.Errorf("away: %v", err)
	}
	if err := dead.back.Tell(t.Context(), left); !errors.Is(err, issuer.ErrBusy) {
		t.Errorf("it is not left alone: %v", err)
	}
	f.Exec("update oidc_visits set ended_at = now() - interval '2 hours' where settled_at is null")
	if err := dead.back.Tell(t.Context(), left); !errors.Is(err, issuer.ErrGivenUp) {
		t.Errorf("after two hours: %v", err)
	}
	if err := dead.back.Tell(t.Context(), left); err != nil {
		t.Errorf("given up, and tried again: %v", err)
	}
	var details []string
	rows, err := f.pool.Query(t.Context(), "select detail from audit_events where action = 'application_not_told' "+
		"and office_id is null order by id")
	if err != nil {
		t.Fatal(err)
	}
	if details, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil || len(details) != 2 ||
		details[0] != "Payroll: it answers 400" || !strings.HasSuffix(details[1], "given up") {
		t.Errorf("the history has %q, %v", details, err)
	}
}

// The queue's own description: what is offered is told.
func TestTheDescriptionTellsOfLogOuts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var d map[string]any
	if err := json.Unmarshal(f.ask("GET", "/.well-known/openid-configuration", "", "").Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	if d["backchannel_logout_supported"] != true || d["backchannel_logout_session_supported"] != true ||
		d["end_session_endpoint"] != "http://localhost/oauth2/logout" {
		t.Errorf("%v", d)
	}
}
