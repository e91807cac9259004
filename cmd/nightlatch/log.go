package main

import (
	"context"
	"io"
	"log/slog"

	"github.com/nightlatch/nightlatch/internal/phone"
)

// newLogger writes structured lines, from level up, in which nothing secret stands: attributes that are named like a
// secret are dropped, and numbers masked, should anybody ever log one.
func newLogger(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: masked}))
}

func masked(_ []string, a slog.Attr) slog.Attr {
	switch a.Key {
	case "code", "password", "secret", "token", "key", "body", "text", "number", "to", "cookie", "encoded_args", "args":
		return slog.String(a.Key, "[not logged]")
	}
	switch a.Value.Kind() {
	case slog.KindString:
		return slog.String(a.Key, phone.Mask(a.Value.String()))
	case slog.KindAny:
		if err, ok := a.Value.Any().(error); ok {
			return slog.String(a.Key, phone.Mask(err.Error()))
		}
	}
	return a
}

// quiet is the logger without what is below a warning: River counts its jobs every half minute.
func quiet(logger *slog.Logger) *slog.Logger { return slog.New(warnings{logger.Handler()}) }

type warnings struct{ slog.Handler }

func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }
