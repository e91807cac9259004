// Package home is the page from which a user opens their applications.
package home

import (
	"embed"

	"github.com/nightlatch/nightlatch/templates"
)

//go:embed *.html
var files embed.FS

// View is the applications that a user may open, and what is worth doing.
type View struct {
	Advice []Advice
	Tiles  []Tile
	Search bool   // there are enough of them to search
	Words  string // that were searched for
}

// Advice is something that is worth doing, and where.
type Advice struct{ Text, URL, Do string }

// Tile is an application.
type Tile struct {
	ID               int64
	Name, About, URL string
	HasPicture       bool
	Letter           string // its name's first, where it has no picture
}

// Home is the page.
var Home = templates.NewPage[View](files, templates.App, "home.html")
