// Vonagestub is a stand-in for Vonage's SMS and Voice APIs on this machine, to try
// Nightlatch by hand and to test the whole program:
//
//	go run ./internal/sms/smstest/vonagestub -addr localhost:8025 -script "1,1,0"
//	SMS_PROVIDER=vonage VONAGE_API_KEY=abcd1234 VONAGE_API_SECRET=secret \
//	VONAGE_FROM=Nightlatch VONAGE_BASE_URL=http://localhost:8025/sms nightlatch serve
//
// With -signature-secret and -report it posts receipts, and it takes calls at
// VONAGE_VOICE_BASE_URL=http://localhost:8025/v1/calls: it presses a key and prints what
// it hears.
//
// Each message is printed as one line of JSON, code and number included.
// GET /received returns all of them, PUT /script replaces what is left of the
// script. It must never stand where others can reach it: it listens on loopback
// alone.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "vonagestub:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. The address is told on notes, the messages on out.
func run(ctx context.Context, args []string, out, notes io.Writer) error {
	flags := flag.NewFlagSet("vonagestub", flag.ContinueOnError)
	flags.SetOutput(notes)
	addr := flags.String("addr", "localhost:8025", "address to listen on, of this machine; port 0 takes a free one")
	script := flags.String("script", "", `what to do with each message, such as "1,1,0": a status, an HTTP status `+
		"(429:2 with Retry-After), 0+9 for two parts, slow:3s, hang, stall, reset, garbage, empty; x4 after a step repeats "+
		"it; everything after the script is accepted")
	key := flags.String("key", "", "the only API key to take (any)")
	secret := flags.String("secret", "", "the only API secret to take (any)")
	signature := flags.String("signature-secret", "", "signs receipts and events, as VONAGE_SIGNATURE_SECRET (unsigned)")
	method := flags.String("signature-method", "sha256", "sha256, sha512 or md5")
	report := flags.String("report", "",
		`what is reported of each accepted message, such as "buffered>delivered:2s" (nothing)`)
	press := flags.String("press", "1", "the key that is pressed in each call; empty for none")
	if err := flags.Parse(args); err != nil {
		return err
	}
	receipts, err := receiptsOf(*report)
	if err != nil {
		return err
	}
	steps, err := smstest.Parse(*script)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, *addr)
	if err != nil {
		return err
	}

	var printing sync.Mutex
	stub := smstest.New(func(m smstest.Message) {
		printing.Lock()
		defer printing.Unlock()
		_ = json.NewEncoder(out).Encode(m)
	}, steps...)
	stub.Credentials(*key, *secret)
	stub.Sign(*signature, *method)
	stub.Report(receipts...)
	voice := smstest.NewVoice()
	defer voice.Close()
	voice.Sign(*signature)
	voice.OnCall(func(c smstest.Call) {
		heard := taken(voice, c, *press)
		printing.Lock()
		defer printing.Unlock()
		_ = json.NewEncoder(out).Encode(heard)
	})
	_, _ = fmt.Fprintf(notes, "vonagestub: VONAGE_BASE_URL=http://%s/sms\n", listener.Addr())

	return serve(ctx, listener, stub, voice)
}

func serve(ctx context.Context, listener net.Listener, stub *smstest.Stub, voice *smstest.Voice) error {
	server := &http.Server{Handler: routes(stub, voice), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		stub.Close()
		_ = server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func receiptsOf(report string) ([]smstest.Receipt, error) {
	if report == "" {
		return nil, nil
	}
	return smstest.ParseReceipts(report)
}

// listen takes an address of this machine alone.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if tcp, ok := listener.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		_ = listener.Close()
		return nil, errors.New("the address must be one of this machine alone, such as localhost:8025")
	}
	return listener, nil
}

// heard is a call as it went.
type heard struct {
	Call   smstest.Call `json:"call"`
	Status int          `json:"status"` // of the answer to the key
	Said   string       `json:"said"`   // after it
}

// taken is how a phone takes a call.
func taken(voice *smstest.Voice, c smstest.Call, key string) heard {
	for _, status := range []string{"started", "ringing", "answered"} {
		voice.Event(c, status)
	}
	code, ncco := voice.Press(c, key)
	voice.Event(c, "completed")
	return heard{c, code, smstest.Talk(ncco)}
}

func routes(stub *smstest.Stub, voice *smstest.Voice) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /sms/json", stub)
	mux.Handle("POST /v1/calls", voice)
	mux.HandleFunc("GET /received", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(append([]smstest.Message{}, stub.Received()...))
	})
	mux.HandleFunc("PUT /script", func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
		if err != nil {
			http.Error(w, "cannot read the script", http.StatusBadRequest)
			return
		}
		steps, err := smstest.Parse(string(raw))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		stub.Script(steps...)
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}
