package operator

import "github.com/nightlatch/nightlatch/templates"

// JobsBar is what stands above the queue's page, which is River UI's own, and JobsHead what it takes.
var (
	JobsBar  = templates.NewFragment[JobsView](files, "jobs.html", "jobs-bar")
	JobsHead = templates.NewFragment[JobsView](files, "jobs.html", "jobs-head")
)

// JobsView is who we are, in the language of the page.
type JobsView struct{ Product, Lang string }
