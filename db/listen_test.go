package db_test

import (
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
)

// A way to the database on which nothing is told, as behind a pooler in transaction mode, is not taken for one on which
// nothing happens: what was read before would be believed for half a minute, whatever was changed elsewhere. Nor is a
// way to another database.
func TestNothingHoldsWhereChangesAreNotHeard(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]func(t *testing.T, url string) string{
		"a pooler": deaf, "another database": func(t *testing.T, _ string) string { return dbtest.URL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, pgxPool, _ := dbtest.Counted(t)
			url := address(t, pgxPool.Config().ConnString())
			changes := db.NewChanges(time.Now)
			pool := db.NewPool(pgxPool, changes)
			said := make(warnings, 10)
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() {
				db.Listen(ctx, url, pool, changes, slog.New(said))
				close(ended)
			}()
			defer func() { stop(); <-ended }()
			for {
				select {
				case why := <-said:
					if !strings.Contains(why, "DATABASE_LISTEN_URL") {
						t.Errorf("it does not say what to do: %s", why)
					}
					return
				default:
				}
				if changes.Hold(changes.Mark()) {
					t.Fatal("what was read is said to hold, and no change would be heard")
				}
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
}

// deaf returns an address that leads to the server of another, and passes on nothing that is told.
func deaf(t *testing.T, url string) string {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	network, server := pgconn.NetworkAddress(config.Host, config.Port)
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			conn, err := (&net.Dialer{}).DialContext(t.Context(), network, server)
			if err != nil {
				_ = client.Close()
				continue
			}
			go func() {
				_, _ = io.Copy(conn, client)
				_ = conn.Close()
			}()
			go func() {
				hush(client, conn)
				_ = client.Close()
			}()
		}
	}()
	return "postgres://" + config.User + "@" + listener.Addr().String() + "/" + config.Database + "?sslmode=disable"
}

// hush copies messages of the server but for notifications, which are of the type A.
func hush(client io.Writer, server io.Reader) {
	for {
		head := make([]byte, 5)
		if _, err := io.ReadFull(server, head); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(head[1:])-4)
		if _, err := io.ReadFull(server, body); err != nil {
			return
		}
		if head[0] == 'A' {
			continue
		}
		if _, err := client.Write(append(head, body...)); err != nil {
			return
		}
	}
}

// warnings is a log that passes on the errors in it.
type warnings chan string

func (warnings) Enabled(context.Context, slog.Level) bool { return true }
func (w warnings) WithAttrs([]slog.Attr) slog.Handler     { return w }
func (w warnings) WithGroup(string) slog.Handler          { return w }

func (w warnings) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		w <- a.Value.String()
		return true
	})
	return nil
}
