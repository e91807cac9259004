package factor

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/factor"
)

// CodePage takes the code. Loading it again never sends anything.
func (s *Screens) CodePage(c echo.Context) error { return s.showCode(c, "") }

// showCode shows the page in the one state that is true: a code can be entered, no message can arrive, the code is too
// old, or none was sent.
func (s *Screens) showCode(c echo.Context, problem string) error {
	ctx, sess := c.Request().Context(), web.CurrentSession(c)
	at := placesOf(sess)
	view := pages.CodeView{
		State: pages.CodeNone, Heading: s.T(c, "code.title"),
		Action: at.code, ResendURL: at.resend, Error: problem, Next: web.SafePath(web.Value(c, "next"), ""),
		Trust: web.TrustDays(c),
	}
	set := sess.Factors
	challenge, err := s.factors.Current(ctx, sess)
	over := errors.Is(err, twofactor.ErrOver)
	if err != nil && !over {
		return err
	}
	switch expired := challenge.Outcome == "expired" || challenge.Outcome == "" && !challenge.Live(); {
	case !over && challenge.Live():
		view.State, view.Line = pages.CodeEnter, s.line(c, challenge)
		view.ResendIn = max(0, int(challenge.ResendAt.Sub(challenge.Now).Seconds()+0.999))
		view.ValidUntil, view.Left = challenge.ExpiresAt, int(challenge.ExpiresAt.Sub(challenge.Now).Seconds())
		view.Calls = s.calls
		view.Ways = s.otherWays(c, challenge, set, view.Next)
		if notSent(challenge) {
			s.fail(c, &view, challenge)
		}
	case !over && expired:
		view.State, view.Heading = pages.CodeExpired, s.T(c, "code.expired_title")
		if problem == "" {
			view.Error = s.T(c, "code.expired")
		}
	case set.Confirmed() != nil:
		// Nothing is under way: it was not sent, or it is over.
		view.Lead = s.T(c, "code.not_sent", "Number", web.Masked(set.Confirmed().E164))
		view.Heading, view.ResendURL = s.T(c, "code.none_title"), at.send
		if problem == "" {
			if view.Error, err = s.whyNothing(c, challenge, *set.Confirmed()); err != nil {
				return err
			}
		}
	default:
		return s.Redirect(c, placesOf(sess).home)
	}
	view.Links = s.codeLinks(c, challenge.Purpose, view.Next)
	return web.Page(c, web.StatusFor(problem), pages.Code, s.Layout(c, view.Heading, at.code), view)
}

// codeLinks are the ways out of the page, whatever its state.
func (s *Screens) codeLinks(c echo.Context, purpose factor.Purpose, next string) []templates.Link {
	sess := web.CurrentSession(c)
	if inSettings(sess, purpose) {
		return []templates.Link{{URL: paths.Me, Text: s.T(c, "cancel")}}
	}
	at := placesOf(sess)
	return append([]templates.Link{{URL: paths.Next(at.ways, next), Text: s.T(c, "code.another_way")}}, s.HelpLink(c)...)
}

// inSettings reports whether a code confirms a number that is typed or changed in settings.
func inSettings(sess session.Session, purpose factor.Purpose) bool {
	return purpose.Enrols() && !sess.Pending()
}

// otherWays are what a user can do who does not get this code, the best first: what they have beside the number,
// another number where one is being set up, another kind of factor.
func (s *Screens) otherWays(c echo.Context, challenge twofactor.Challenge, set factor.Set, next string,
) (ways []pages.Way) {
	number := pages.Way{Icon: "smartphone", Text: s.T(c, "code.other_number"), URL: paths.LoginNumber}
	switch {
	case inSettings(web.CurrentSession(c), challenge.Purpose):
		number.URL = paths.MyNumber
		return []pages.Way{number}
	case challenge.Purpose == factor.PurposeEnrol:
		ways = append(ways, number)
	}
	for _, k := range web.Kinds() {
		switch {
		case k.Kind == factor.SMS:
		case set.Has(k.Kind):
			ways = append(ways, s.way(c, k, set, next))
		case challenge.Purpose == factor.PurposeEnrol && k.First != "" && s.factors.Offers(k.Kind):
			ways = append(ways, pages.Way{Icon: k.Icon, Text: s.T(c, "way_first."+k.Name), URL: k.First})
		}
	}
	return ways
}

// fail makes it the page of a message that cannot arrive any more. What is offered first is what works.
func (s *Screens) fail(c echo.Context, view *pages.CodeView, challenge twofactor.Challenge) {
	m := challenge.Message
	view.State, view.Heading = pages.CodeFailed, s.T(c, "code.failed_title"+bySuffix(m.Channel))
	// Where no provider takes our messages, another number helps as little as another message.
	ours := m.Reason == "account" || m.Reason == "ours"
	if ours && challenge.Purpose == factor.PurposeEnrol {
		view.Ways = view.Ways[1:]
	}
	view.Lead = s.T(c, failedNote(m.Reason))
	if m.Reason == "undelivered" {
		view.Lead = s.T(c, "code.undelivered"+bySuffix(m.Channel))
	}
	if !ours && m.Reason != "number" {
		at := placesOf(web.CurrentSession(c))
		view.Ways = append(view.Ways, pages.Way{Icon: "message-square-text", Text: s.T(c, "code.resend"), URL: at.resend,
			Post: true})
		if s.calls {
			view.Ways = append(view.Ways, pages.Way{Icon: "smartphone", Text: s.T(c, "code.call"), URL: at.resend, Post: true,
				Channel: string(phone.ByCall)})
		}
	}
}

// whyNothing says why no code is under way, or "": then one only has to be asked for.
func (s *Screens) whyNothing(c echo.Context, last twofactor.Challenge, number phone.Number) (string, error) {
	err := s.factors.MaySend(c.Request().Context(), web.CurrentSession(c), number)
	if problem, ok := s.SendProblem(c, err); ok {
		return problem, nil
	}
	if err != nil {
		return "", err
	}
	if last.Outcome == "exhausted" || last.Outcome == "replaced" {
		return s.T(c, "code.over"), nil
	}
	return "", nil
}
