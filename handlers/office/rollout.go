package office

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/plot"
	"github.com/nightlatch/nightlatch/internal/rollout"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/office"
)

// Users invites users of an office anew.
type Users interface {
	InviteAgain(ctx context.Context, sess session.Session, client session.Client, ids []int64) (int, error)
}

// rolloutPlot is the id of the plot, and plotDays how many days it shows.
const (
	rolloutPlot = "coverage"
	plotDays    = 30
)

// RolloutPage is who of the office is ready for two factors, who may not get in, and what to do about it.
func (s *Screens) RolloutPage(c echo.Context) error {
	view, err := s.rolloutView(c, "")
	if err != nil {
		return err
	}
	if web.WantsFragment(c.Request()) {
		return web.Fragment(c, http.StatusOK, pages.RolloutList, s.Lang(c), view)
	}
	return s.showRollout(c, view)
}

func (s *Screens) showRollout(c echo.Context, view pages.RolloutView) error {
	f, err := s.AppLayout(c, s.T(c, "standing.title"), paths.OfficeRollout, templates.SectionOffice)
	if err != nil {
		return err
	}
	if err := s.plotCoverage(c, &view); err != nil {
		return err
	}
	return web.Page(c, web.StatusOf(view), pages.Rollout, f, view)
}

// searched is what of the list is asked for, in the address or in a form.
func searched(c echo.Context) rollout.Search {
	page, _ := strconv.Atoi(web.Value(c, "page")) // what is no number is the first page
	return rollout.Search{List: web.Value(c, "show"), Text: web.Value(c, "q"), Sort: rollout.Sort(web.Value(c, "sort")),
		Page: page}
}

// rolloutAt is the address of a list.
func rolloutAt(search rollout.Search) string {
	query := url.Values{}
	for name, value := range map[string]string{"show": search.List, "q": search.Text, "sort": string(search.Sort)} {
		if value != "" && value != string(rollout.ByName) {
			query.Set(name, value)
		}
	}
	if search.Page > 1 {
		query.Set("page", strconv.Itoa(search.Page))
	}
	if len(query) == 0 {
		return paths.OfficeRollout
	}
	return paths.OfficeRollout + "?" + query.Encode()
}

// listAt is the address of a whole list, where it begins on the page.
func listAt(name string) string { return rolloutAt(rollout.Search{List: name}) + "#people" }

// rolloutView is the list that is asked for, with what is wrong with a choice.
func (s *Screens) rolloutView(c echo.Context, problem string) (pages.RolloutView, error) {
	ctx, sess := c.Request().Context(), web.CurrentSession(c)
	list, err := s.rollouts.People(ctx, sess, searched(c))
	if err != nil {
		return pages.RolloutView{}, err
	}
	set, err := s.offices.Rollout(ctx, sess.User.OfficeID)
	if err != nil {
		return pages.RolloutView{}, err
	}
	view := pages.RolloutView{
		Active: set.Active, From: set.Coming(), Users: list.Enabled(),
		Ready: list.Counts[string(rollout.Ready)] + list.Counts[string(rollout.SSO)],
		Show:  list.List, Words: list.Text, Sort: string(list.Sort), Found: list.Found, Page: list.Page,
		Pages: list.Pages(), Money: list.Money, Error: problem,
	}
	view.Heading = s.T(c, listName(list.List))
	link := func(name string) pages.RolloutLink {
		return pages.RolloutLink{Name: name, N: list.Counts[name], URL: listAt(name),
			Current: name == list.List}
	}
	for _, state := range rollout.States() {
		view.States = append(view.States, link(string(state)))
	}
	view.AtRisk, view.ToDo = link(rollout.AtRisk), link(rollout.ToDo)
	for _, finding := range rollout.Findings() {
		if one := link(string(finding)); one.N > 0 {
			view.Findings = append(view.Findings, one)
		}
	}
	for _, order := range rollout.Sorts() {
		view.Sorts = append(view.Sorts, string(order))
	}
	at := func(page int) string {
		search := list.Search
		search.Page = page
		return rolloutAt(search)
	}
	if list.Page > 1 {
		view.Previous = at(list.Page - 1)
	}
	if list.Page < list.Pages() {
		view.Next = at(list.Page + 1)
	}
	for _, p := range list.People {
		view.People = append(view.People, s.rolloutPerson(c, p))
	}
	return view, nil
}

// listName is the key of a list's name in the catalogue.
func listName(list string) string {
	switch list {
	case rollout.All:
		return "standing.everybody"
	case rollout.AtRisk:
		return "standing.monday"
	}
	if slices.Contains(rollout.Findings(), rollout.Finding(list)) {
		return "finding." + list
	}
	return "standing." + list
}

func (s *Screens) rolloutPerson(c echo.Context, p rollout.Person) pages.RolloutPerson {
	row := pages.RolloutPerson{ID: p.ID, Name: p.Name, Username: p.Username, State: string(p.State), LastAt: p.LastAt,
		LastBy: rollout.By(s.Lang(c), p.LastBy), Number: web.Unbroken(p.Number)}
	for _, finding := range p.Findings {
		f := remedy(finding, p)
		if f.Country != "" {
			f.CountryName = locale.Country(s.Lang(c), f.Country)
		}
		row.Findings = append(row.Findings, f)
	}
	return row
}

// remedy is what to do about a finding, in one click.
func remedy(finding rollout.Finding, p rollout.Person) pages.RolloutFinding {
	f := pages.RolloutFinding{Name: string(finding)}
	switch finding {
	case rollout.InvitationExpired:
		f.Invite = true
	case rollout.AppAlone, rollout.LastCode:
		f.Remind = true
	case rollout.NoEmail:
		f.URL = paths.To(paths.UserChange, p.ID)
	case rollout.SSORefused:
		f.URL = paths.OfficeSSO
	case rollout.ClosedCountry:
		f.Country = string(p.Country)
	default:
		f.URL = paths.To(paths.User, p.ID)
	}
	return f
}

// plotCoverage adds how many were ready on each of the last days.
func (s *Screens) plotCoverage(c echo.Context, view *pages.RolloutView) error {
	sess := web.CurrentSession(c)
	days, err := s.rollouts.CoverageDays(c.Request().Context(), sess.User.OfficeID,
		sess.Now.In(web.Zone(c)).AddDate(0, 0, 1-plotDays))
	if err != nil || len(days) < 2 { // one day is no course
		return err
	}
	stack := plot.Stack{
		ID: rolloutPlot, Title: s.T(c, "standing.plot"), Ticks: 5,
		Kinds: []plot.Kind{
			{Key: "solid", Name: s.T(c, "standing.ready")}, {Key: "hollow", Name: s.T(c, "standing.not_ready")},
		},
		Number: func(n int) string { return locale.Short(s.Lang(c), n) },
	}
	for _, d := range days {
		day := locale.Time(s.Lang(c), locale.Day, d.Day)
		stack.Bars = append(stack.Bars, plot.Bar{
			Label: s.T(c, "standing.day", "Day", day, "Ready", d.Ready, "Users", d.Users),
			Tick:  locale.Time(s.Lang(c), locale.DayMonth, d.Day), Values: []int{d.Ready, d.Users - d.Ready},
		})
		view.Days = append(view.Days, pages.RolloutDay{Day: day, Ready: d.Ready, Users: d.Users})
	}
	first, last := days[0], days[len(days)-1]
	stack.Text = s.T(c, "standing.plot_text", "First", first.Ready, "Last", last.Ready, "Users", last.Users)
	view.Plot = stack.SVG()
	return nil
}

// chosen returns whom a form chose: one, everybody on the list, or those who were ticked.
func (s *Screens) chosen(c echo.Context) ([]int64, error) {
	if c.FormValue("all") == "yes" && c.FormValue("only") == "" {
		return s.rollouts.Found(c.Request().Context(), web.CurrentSession(c), searched(c))
	}
	picked := c.Request().PostForm["user"]
	if only := c.FormValue("only"); only != "" {
		picked = []string{only}
	}
	var ids []int64
	for _, text := range picked {
		if id, err := strconv.ParseInt(text, 10, 64); err == nil { // what is no number is nobody
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// withChosen does something about whom a form chose, and leads back to the list. done counts for how many it was done.
func (s *Screens) withChosen(c echo.Context, did, nobody string,
	do func(ctx context.Context, sess session.Session, client session.Client, ids []int64) (int, error),
) error {
	ids, err := s.chosen(c)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return s.refuseChoice(c, "standing.no_choice")
	}
	n, err := do(c.Request().Context(), web.CurrentSession(c), s.Client(c), ids)
	if errors.Is(err, account.ErrNoMail) {
		return s.refuseChoice(c, "standing.no_mail")
	}
	if err != nil {
		return err
	}
	if n == 0 {
		return s.Tell(c, rolloutAt(searched(c)), nobody)
	}
	return s.TellCount(c, rolloutAt(searched(c)), did, n)
}

// refuseChoice shows the list again, with what is wrong.
func (s *Screens) refuseChoice(c echo.Context, problem string) error {
	view, err := s.rolloutView(c, s.T(c, problem))
	if err != nil {
		return err
	}
	return s.showRollout(c, view)
}

// RolloutRemind reminds whom the form chose.
func (s *Screens) RolloutRemind(c echo.Context) error {
	return s.withChosen(c, "reminded", "nobody_reminded", s.rollouts.Remind)
}

// RolloutInvite invites whom the form chose anew.
func (s *Screens) RolloutInvite(c echo.Context) error {
	return s.withChosen(c, "invited_again", "invited_nobody", s.people.InviteAgain)
}

// RolloutExport is how those whom the form chose stand, as a file. It is a POST, since it is written down who took it.
func (s *Screens) RolloutExport(c echo.Context) error {
	ids, err := s.chosen(c)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return s.refuseChoice(c, "standing.no_choice")
	}
	sess := web.CurrentSession(c)
	file, err := s.rollouts.Export(c.Request().Context(), sess, s.Client(c), ids)
	if err != nil {
		return err
	}
	return web.AttachCSV(c, s.T(c, "files.readiness")+"-"+sess.OfficeCode+"-"+
		time.Now().In(web.Zone(c)).Format(time.DateOnly), file)
}
