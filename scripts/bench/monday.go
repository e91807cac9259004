package main

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
)

// visit is a browser that goes where it is led: it has cookies, and one connection.
type visit struct {
	*client
	host    string
	cookies map[string]string
}

func newVisit(p *process, c *client) *visit {
	c.keep = true
	return &visit{c, p.host(), map[string]string{}}
}

// open asks, and follows where the answer leads. It returns the last answer and the path of it.
func (v *visit) open(method, path string, form url.Values) (a answer, at string, err error) {
	for range 6 {
		if a, err = v.ask(method, path, form); err != nil || a.location == "" {
			return a, path, err
		}
		method, path, form = http.MethodGet, a.location, nil
	}
	return a, path, nil
}

// ask asks once.
func (v *visit) ask(method, path string, form url.Values) (answer, error) {
	var jar []string
	for name, value := range v.cookies {
		jar = append(jar, name+"="+value)
	}
	a, err := v.do(request(method, v.host, path, form, "Cookie", strings.Join(jar, "; "),
		"Sec-Fetch-Site", "same-origin", "Accept-Language", "en"))
	for _, pair := range a.cookies {
		name, value, _ := strings.Cut(pair, "=")
		v.cookies[name] = value
	}
	return a, err
}

// toCode is the act of logging in up to the code page: the user of a number of the office MONDAY.
func toCode(p *process) act {
	return func(c *client, i int) bool {
		form := url.Values{
			"office": {"MONDAY"}, "username": {"monday" + strconv.Itoa(1+i%crowd)}, "password": {program.Password},
		}
		v := newVisit(p, c)
		a, at, err := v.open(http.MethodPost, paths.Login, form)
		return err == nil && a.status == http.StatusOK && at == paths.LoginCode
	}
}

// measureMonday lets the users of an office log in within a minute, from one address, at the default rate of
// messages.
func measureMonday(b *bench) []result {
	if b.short {
		return []result{{id: "G13", why: "it takes a minute; make bench has it"}}
	}
	const users, within = 500, time.Minute
	w := b.world(ratedName)
	before := b.provider.got.Load()
	began := time.Now()
	var count atomic.Int64
	o := open(w.node.addr, 64, within, users/within.Seconds(), &count, toCode(w.node))
	last := time.Now()
	w.settled()
	handed := time.Since(last)
	messages := b.provider.got.Load() - before
	took := b.took(w, began, "sign_in")
	return []result{{id: "G13", conditions: []condition{
		atMost("code page p95", one(millis(percentile(o.took, 0.95))), 2000, " ms"),
		atMost("handed over at most", one(percentile(took, 1).Seconds()), 25, " s"),
		atMost("without a code page or a message", one(float64(o.failed)+float64(o.done)-float64(messages)), 0, ""),
	}, remark: "all was handed over " + digits(handed.Seconds()) + " s after the last log-in"}}
}
