package operator

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/operator"
	pages "github.com/nightlatch/nightlatch/templates/operator"
)

// serveJobs has River UI answer. Its page, and nothing else, is given our name and a bar above it: without, nothing in
// it leads back, and nobody could log out.
func (s *Screens) serveJobs(c echo.Context) error {
	r := c.Request()
	page := web.IsSafe(r.Method) && path.Ext(r.URL.Path) == "" && !strings.HasPrefix(r.URL.Path, paths.OperatorJobsAPI)
	if !page {
		s.jobs.ServeHTTP(c.Response(), r)
		return nil
	}
	answer := &web.HeldAnswer{ResponseWriter: c.Response(), Status: http.StatusOK}
	s.jobs.ServeHTTP(answer, r)
	body, header := answer.Body.Bytes(), answer.Header()
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", http.DetectContentType(body))
	}
	if answer.Status == http.StatusOK && strings.HasPrefix(header.Get("Content-Type"), "text/html") {
		var err error
		if body, err = s.framed(c, body); err != nil {
			return err
		}
		header.Del("Content-Length")
		header.Del("Etag")
		header.Del("Last-Modified")
	}
	c.Response().WriteHeader(answer.Status)
	_, _ = c.Response().Write(body) // the browser went away: nothing to tell anybody
	return nil
}

var (
	jobsTitle = regexp.MustCompile(`<title>[^<]*</title>`)
	jobsBody  = regexp.MustCompile(`<body[^>]*>`)
)

// framed puts title, style sheet, script and bar into River UI's page.
func (s *Screens) framed(c echo.Context, body []byte) ([]byte, error) {
	view := pages.JobsView{Product: s.Product, Lang: s.Lang(c)}
	var head, bar bytes.Buffer
	if err := errors.Join(pages.JobsHead.Render(&head, s.Lang(c), view), pages.JobsBar.Render(&bar, s.Lang(c),
		view)); err != nil {
		return nil, err
	}
	body = jobsTitle.ReplaceAllLiteral(body, head.Bytes())
	if at := jobsBody.FindIndex(body); at != nil {
		body = bytes.Join([][]byte{body[:at[1]], bar.Bytes(), body[at[1]:]}, nil)
	}
	return body, nil
}

var jobPage = regexp.MustCompile(`^` + paths.OperatorJobs + `/jobs/([0-9]{1,18})$`)

// JobUser leads from a job's page to the story of the user whose job it is. Which job it is says the page it comes
// from: River UI changes the address itself, and knows nothing of users.
func (s *Screens) JobUser(c echo.Context) error {
	from, err := url.Parse(c.Request().Referer())
	found := []string(nil)
	if err == nil {
		found = jobPage.FindStringSubmatch(from.Path)
	}
	if found == nil {
		return s.Tell(c, paths.OperatorWaiting, "job_of_nobody")
	}
	id, err := strconv.ParseInt(found[1], 10, 64)
	if err != nil {
		return echo.ErrBadRequest
	}
	office, username, err := s.operator.UserOfJob(c.Request().Context(), id)
	if errors.Is(err, operator.ErrUnknown) {
		return s.Tell(c, paths.OperatorWaiting, "job_of_nobody")
	}
	if err != nil {
		return err
	}
	return s.Redirect(c, searchPath(paths.OperatorWaiting, office, username))
}
