package office

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/rollout"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/office"
)

// drillPage is how many people the page shows at once.
const drillPage = 50

// DrillPage is the fire drill: what it is, and what came of the one under way, or of the last one.
func (s *Screens) DrillPage(c echo.Context) error { return s.showDrill(c, "") }

func (s *Screens) showDrill(c echo.Context, problem string) error {
	drill, err := s.rollouts.Drill(c.Request().Context(), web.CurrentSession(c).User.OfficeID)
	if err != nil {
		return err
	}
	view := pages.DrillView{
		Demanded: drill.Demanded, Reachable: drill.Reachable, On: drill.On, Began: drill.BegunAt, Ends: drill.EndsAt,
		By: drill.By, Error: problem,
	}
	chosen := rollout.Outcome(c.QueryParam("outcome"))
	if !slices.Contains(rollout.Outcomes(), chosen) {
		chosen = ""
	}
	shown := s.drillOutcomes(c, &view, drill.People, chosen)
	view.Undelivered = s.undelivered(c, drill.People)
	s.drillPeople(c, &view, shown, chosen)
	f, err := s.AppLayout(c, s.T(c, "drill.title"), paths.OfficeDrill, templates.SectionOffice)
	if err != nil {
		return err
	}
	return web.Page(c, web.StatusOf(view), pages.Drill, f, view)
}

// drillAt is the address of the page with the people of one outcome, or of all.
func drillAt(outcome rollout.Outcome, page int) string {
	query := url.Values{}
	if outcome != "" {
		query.Set("outcome", string(outcome))
	}
	if page > 1 {
		query.Set("page", strconv.Itoa(page))
	}
	if len(query) == 0 {
		return paths.OfficeDrill
	}
	return paths.OfficeDrill + "?" + query.Encode()
}

// drillOutcomes counts the outcomes, each a link to its people, and returns those that are shown.
func (s *Screens) drillOutcomes(
	c echo.Context, view *pages.DrillView, people []rollout.Drilled, chosen rollout.Outcome,
) (shown []rollout.Drilled) {
	counts := map[rollout.Outcome]int{}
	for _, p := range people {
		counts[p.Outcome]++
		if chosen == "" || p.Outcome == chosen {
			shown = append(shown, p)
		}
	}
	add := func(outcome rollout.Outcome, name string, n int) {
		view.Outcomes = append(view.Outcomes, pages.DrillOutcome{
			Name: name, N: n, URL: drillAt(outcome, 1), Current: outcome == chosen,
		})
	}
	add("", s.T(c, "drill.everybody"), len(people))
	for _, outcome := range rollout.Outcomes() {
		add(outcome, s.T(c, "drill."+string(outcome)), counts[outcome])
	}
	return shown
}

// undelivered sums up what was not delivered, by country and network, the most first.
func (s *Screens) undelivered(c echo.Context, people []rollout.Drilled) (sums []pages.DrillSum) {
	type where struct{ country, network string }
	counts := map[where]int{}
	for _, p := range people {
		if p.Outcome == rollout.NotDelivered {
			counts[where{p.Country, p.Network}]++
		}
	}
	for at, n := range counts {
		sums = append(sums, pages.DrillSum{Country: locale.Country(s.Lang(c), at.country), Network: at.network, N: n})
	}
	slices.SortFunc(sums, func(a, b pages.DrillSum) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Country, b.Country), cmp.Compare(a.Network, b.Network))
	})
	return sums
}

// drillPeople puts the people of a page on it.
func (s *Screens) drillPeople(
	c echo.Context, view *pages.DrillView, shown []rollout.Drilled, chosen rollout.Outcome,
) {
	view.Pages = max(1, (len(shown)+drillPage-1)/drillPage)
	asked, _ := strconv.Atoi(c.QueryParam("page")) // what is no number is the first page
	view.Page = min(max(1, asked), view.Pages)
	if view.Page > 1 {
		view.Previous = drillAt(chosen, view.Page-1)
	}
	if view.Page < view.Pages {
		view.Next = drillAt(chosen, view.Page+1)
	}
	from := (view.Page - 1) * drillPage
	for _, p := range shown[from:min(from+drillPage, len(shown))] {
		row := pages.DrillPerson{
			ID: p.ID, Name: p.Name, Username: p.Username, Outcome: s.T(c, "drill."+string(p.Outcome)), Network: p.Network,
		}
		switch p.Outcome {
		case rollout.NotDelivered:
			row.Tone, row.Why = "bad", s.whyUndelivered(c, p)
		case rollout.NotEntered:
			row.Tone = "warn"
		case rollout.Quick, rollout.Late:
			row.Tone = "ok"
		case rollout.NotSeen, rollout.Skipped:
		}
		if p.Country != "" {
			row.Country = locale.Country(s.Lang(c), p.Country)
		}
		view.People = append(view.People, row)
	}
}

// whyUndelivered says why a message did not arrive.
func (s *Screens) whyUndelivered(c echo.Context, p rollout.Drilled) string {
	carrier := "op_receipt_error." + p.Reported
	switch {
	case p.Reason == "undelivered" && p.Reported != "" && locale.Has(carrier):
		return s.T(c, "drill.why_carrier", "Reason", s.T(c, carrier))
	case p.Reason == "undelivered":
		return s.T(c, "drill.why_undelivered")
	case p.Reason == "number":
		return s.T(c, "drill.why_number")
	case p.Reason == "account", p.Reason == "ours":
		return s.T(c, "drill.why_ours")
	}
	return s.T(c, "drill.why_late")
}

// BeginDrill begins a fire drill.
func (s *Screens) BeginDrill(c echo.Context) error {
	err := s.rollouts.BeginDrill(c.Request().Context(), web.CurrentSession(c), s.Client(c))
	if errors.Is(err, rollout.ErrDemanded) {
		return s.showDrill(c, s.T(c, "drill.demanded"))
	}
	if err != nil {
		return err
	}
	return s.Tell(c, paths.OfficeDrill, "drill_begun")
}

// EndDrill ends it: nobody is asked any more.
func (s *Screens) EndDrill(c echo.Context) error {
	if err := s.rollouts.EndDrill(c.Request().Context(), web.CurrentSession(c), s.Client(c)); err != nil {
		return err
	}
	return s.Tell(c, paths.OfficeDrill, "drill_ended")
}
