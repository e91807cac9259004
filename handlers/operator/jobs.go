package operator

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/audit"
)

// jobsPolicy is web.PagePolicy with what River UI's bundle needs: its libraries write style elements and attributes,
// and its style sheet draws the marks of checkboxes as data: images. One of them (zod) tries whether eval is allowed
// and does without: it is not.
const jobsPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"

// TouchUnlessPolled is Touch for River UI, whose page asks its API every two seconds how things stand: that neither
// keeps a session alive nor fills the log. Which of its addresses do so is River UI's own affair, behind one route of
// ours.
func (s *Screens) TouchUnlessPolled(next echo.HandlerFunc) echo.HandlerFunc {
	touch, quiet := s.Touch(next), web.Quiet(next)
	return func(c echo.Context) error {
		path := c.Request().URL.Path
		api := path == paths.OperatorJobsAPI || strings.HasPrefix(path, paths.OperatorJobsAPI+"/")
		if api && web.IsSafe(c.Request().Method) {
			return quiet(c)
		}
		return touch(c)
	}
}

// Jobs hands the request on to River UI. What could change the queue is written down first: when that fails, nothing is
// done.
func (s *Screens) Jobs(c echo.Context) error {
	c.Response().Header().Set("Content-Security-Policy", jobsPolicy)
	if !web.IsSafe(c.Request().Method) {
		if err := s.recordJobs(c); err != nil {
			return err
		}
	}
	return s.serveJobs(c)
}

func (s *Screens) recordJobs(c echo.Context) error {
	r := c.Request()
	ids, err := takeJobIDs(r)
	if err != nil {
		return err
	}
	event := web.CurrentSession(c).Event(audit.JobsChanged, s.Client(c))
	for _, detail := range jobDetails(r.Method+" "+strings.TrimPrefix(strings.TrimPrefix(r.URL.EscapedPath(),
		paths.OperatorJobsAPI), paths.OperatorJobs), ids) {
		event.Detail = detail
		if err := s.installation.Record(r.Context(), event); err != nil {
			return err
		}
	}
	return nil
}

// takeJobIDs reads the jobs that a request is about from its body, and puts a body in its place that has
// them and nothing else: what is written down is what is done. Requests about queues have none.
func takeJobIDs(r *http.Request) ([]int64, error) {
	if !strings.HasPrefix(r.URL.Path, paths.OperatorJobsAPI+"/jobs") {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var asked struct {
		IDs []json.Number `json:"ids"` // numbers or strings: JavaScript has no 64-bit numbers
	}
	if err := json.Unmarshal(body, &asked); err != nil || len(asked.IDs) == 0 {
		return nil, echo.ErrBadRequest
	}
	ids, words := make([]int64, len(asked.IDs)), make([]string, len(asked.IDs))
	for i, id := range asked.IDs {
		if ids[i], err = strconv.ParseInt(id.String(), 10, 64); err != nil {
			return nil, echo.ErrBadRequest
		}
		words[i] = strconv.FormatInt(ids[i], 10)
	}
	body, err = json.Marshal(map[string][]string{"ids": words})
	if err != nil {
		return nil, err
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return ids, nil
}

// jobDetails is an action with its ids in as many details as they need: an audit event keeps 120 characters.
func jobDetails(action string, ids []int64) []string {
	const limit = 110
	details := []string{action}
	for _, id := range ids {
		word, last := " "+strconv.FormatInt(id, 10), len(details)-1
		if len(details[last])+len(word) > limit && details[last] != action {
			details = append(details, action)
			last++
		}
		details[last] += word
	}
	return details
}
