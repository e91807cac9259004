package web

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// csvType is the media type of the files that spreadsheets open.
const csvType = "text/csv; charset=utf-8"

// Attach answers with a file that the browser keeps. Its page stays as it is: a form that asks for one says data-file.
func Attach(c echo.Context, name, mediaType string, file []byte) error {
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	return c.Blob(http.StatusOK, mediaType, file)
}

// AttachCSV answers with a CSV file.
func AttachCSV(c echo.Context, name string, file []byte) error {
	return Attach(c, name+".csv", csvType, file)
}
