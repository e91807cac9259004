package sms

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/nightlatch/nightlatch/internal/phone"
)

// longestAfter bounds the wait that a provider may ask for.
const longestAfter = time.Minute

// ErrNotSetUp says that a provider is not set up, or posts nothing that could be believed.
var ErrNotSetUp = errors.New("the provider is not set up")

// Router holds the providers that are set up, and says whose turn it is. Its zero value has none.
type Router struct {
	clients map[string]Client
	texts   Routes   // whom to try for a text
	calls   []string // whom to try for a call: none when calls cannot be offered
	demo    bool     // nothing leaves this machine

	posters, callPosters []string // of the registry, set up or not
}

// Open sets up the providers that c asks for. Each may post to hooks and a path of its own name. keep receives what a
// demo shows. The errors are sentences for the operator, and the Router is empty then.
func Open(registry []Provider, c Config, hooks string, keep Keep) (*Router, error) {
	r := &Router{clients: map[string]Client{}}
	for _, p := range registry {
		if p.Posts {
			r.posters = append(r.posters, p.Name)
		}
		if p.Posts && p.Channel == phone.ByCall {
			r.callPosters = append(r.callPosters, p.Name)
		}
	}
	var order []string
	for _, p := range c.SetUp(registry) {
		env := make(map[string]string, len(p.Settings))
		for _, s := range p.Settings {
			env[s.Name] = c.Env[s.Name]
		}
		client, err := p.Open(Setup{env, hooks + "/" + p.Name, keep})
		if err != nil {
			return &Router{}, err
		}
		r.clients[p.Name] = client
		r.demo = r.demo || p.Demo
		if p.Channel == phone.ByCall {
			r.calls = append(r.calls, p.Name)
		} else {
			order = append(order, p.Name)
		}
	}
	if len(order) == 0 {
		return &Router{}, ErrNoProvider(registry)
	}
	if r.demo {
		r.takeCalls(registry, order[0])
	}
	r.texts = RoutesTo(order...)
	if c.Routes == "" {
		return r, nil
	}
	routes, err := ParseRoutes(c.Routes, order, c.IsCountry)
	if err != nil {
		return &Router{}, err
	}
	r.texts = routes
	return r, nil
}

// takeCalls has a demo take the calls of the registry's first provider of calls.
func (r *Router) takeCalls(registry []Provider, demo string) {
	i := slices.IndexFunc(registry, func(p Provider) bool { return p.Channel == phone.ByCall })
	if i >= 0 {
		r.calls = []string{registry[i].Name}
		r.clients[r.calls[0]] = r.clients[demo]
	}
}

// Route returns the providers to try for a country (ISO code) and channel, the first first: none where the channel
// cannot be offered. The slice is the caller's own.
func (r *Router) Route(country string, channel phone.Channel) []string {
	if channel == phone.ByCall {
		return slices.Clone(r.calls)
	}
	return r.texts.For(country)
}

// First returns the provider that is tried first where no country has a rule of its own, "" for none.
func (r *Router) First() string {
	if route := r.texts.For(""); len(route) > 0 {
		return route[0]
	}
	return ""
}

// Calls reports whether calls can be offered.
func (r *Router) Calls() bool { return len(r.calls) > 0 }

// MakesCalls reports whether a provider is one of calls.
func (r *Router) MakesCalls(provider string) bool { return slices.Contains(r.calls, provider) }

// Demo reports whether everything is shown on a page of this machine, the code of a call included.
func (r *Router) Demo() bool { return r.demo }

// Warnings are what the providers have to tell the operator about their settings.
func (r *Router) Warnings() []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(r.clients)) {
		if w := r.clients[name].Warning; w != "" {
			all = append(all, w)
		}
	}
	return all
}

// Send makes one call to one provider, and says whether a receipt will tell what became of it.
func (r *Router) Send(ctx context.Context, provider string, t Text) Outcome {
	client, found := r.clients[provider]
	if !found { // a message from before the configuration changed: the next provider may have it
		return Outcome{Class: Account, Status: statusGone, Reason: NotSetUp}
	}
	o := client.Send(ctx, t)
	o.After, o.Awaited = min(o.After, longestAfter), client.Read != nil
	return o
}

// Posters returns the registry's providers that may post, and those of them that also post about single calls.
func (r *Router) Posters() (all, calls []string) { return r.posters, r.callPosters }

// Posts reports whether any provider's posts can be read.
func (r *Router) Posts() bool {
	for _, c := range r.clients {
		if c.Read != nil {
			return true
		}
	}
	return false
}

// Read checks and reads what a provider posted, as [Client].Read. It returns ErrNotSetUp as well.
func (r *Router) Read(
	provider string, header http.Header, body []byte, now time.Time, ref string,
) (Receipt, error) {
	c := r.clients[provider]
	if c.Read == nil {
		return Receipt{}, ErrNotSetUp
	}
	if ref != "" && !refShape.MatchString(ref) {
		return Receipt{}, ErrMalformed
	}
	receipt, err := c.Read(header, body, now, ref)
	if err != nil {
		return Receipt{}, err
	}
	receipt.Provider = provider
	return receipt, nil
}

// Key reads the answer to the prompt of the call with a ref, as [Client].Key. It returns ErrNotSetUp as well.
func (r *Router) Key(
	provider string, header http.Header, body []byte, now time.Time, ref string,
) (id string, pressed bool, err error) {
	c := r.clients[provider]
	if c.Key == nil {
		return "", false, ErrNotSetUp
	}
	if !refShape.MatchString(ref) {
		return "", false, ErrMalformed
	}
	return c.Key(header, body, now)
}

// Say returns the answer to a key's post that has a provider's voice say something.
func (r *Router) Say(provider string, s Speech) []byte { return r.clients[provider].Say(s) }
