package web

import (
	"bytes"
	"net/http"
)

// HeldAnswer is a response that is held back, so that it can be kept or changed. Its headers are those of the response
// that it stands before.
type HeldAnswer struct {
	http.ResponseWriter
	Status int // 0: nothing was written
	Body   bytes.Buffer
}

// WriteHeader notes the status.
func (h *HeldAnswer) WriteHeader(status int) { h.Status = status }

// Write holds a part of the body back.
func (h *HeldAnswer) Write(b []byte) (int, error) {
	if h.Status == 0 {
		h.Status = http.StatusOK
	}
	return h.Body.Write(b)
}
