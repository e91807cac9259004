// Package metrics exposes to Prometheus what the program does: it counts in this process (log-ins, sends, receipts,
// requests) and asks the database at each scrape for what all processes share (queues, breakers, money).
//
// Its rule: a label is a word from a short list of ours, never a name, a number or an address, so that the
// metrics stay few and say nothing about a person. What each alert over them means stands in docs/operating.md.
// Start at New.
package metrics

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/nightlatch/nightlatch/db"
)

// Buckets in seconds.
var (
	// A call to a provider has 8 s, a request has 10 s.
	callBuckets = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}
	// From queued to accepted and to delivered: a code lives 300 s.
	wayBuckets = []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300}
)

// Metrics counts. Its methods may be called from any goroutine, and none waits.
type Metrics struct {
	registry *prometheus.Registry

	logins          *prometheus.CounterVec
	sends           *prometheus.CounterVec
	sendSeconds     *prometheus.HistogramVec
	accepted        *prometheus.HistogramVec
	delivered       *prometheus.HistogramVec
	wasted          *prometheus.CounterVec
	receipts        *prometheus.CounterVec
	receiptsRefused *prometheus.CounterVec
	sendsRefused    *prometheus.CounterVec
	requests        *prometheus.CounterVec
	proxies         *prometheus.CounterVec
	door            *prometheus.CounterVec
	requestSeconds  *prometheus.HistogramVec
}

// New returns the metrics of one process. A scrape asks pool; providers are the names of the configured
// providers, as in the sends. Every series of a known word begins at 0, so that a first increase is seen as one.
func New(pool *db.Pool, providers []string, logger *slog.Logger) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		logins: counter("logins_total", "Steps of log-ins by outcome; method is the factor of a log-in that ended "+
			"or was refused.", "outcome", "method"),
		sends:       counter("sends_total", "Calls to a provider by the class of their outcome.", "provider", "class"),
		sendSeconds: histogram("send_seconds", "Time of a call to a provider.", callBuckets, "provider"),
		accepted: histogram("message_accepted_seconds", "From queued to accepted by a provider.",
			wayBuckets, "channel"),
		delivered: histogram("message_delivered_seconds", "From queued to on the phone, as a receipt said.",
			wayBuckets, "channel"),
		wasted:          counter("sends_wasted_total", "Sends accepted when their challenge was over already.", "provider"),
		receipts:        counter("receipts_total", "Receipts taken, by status.", "provider", "status"),
		receiptsRefused: counter("receipts_refused_total", "Receipts refused: a wrong signature, or too old.", "provider"),
		sendsRefused:    counter("sends_refused_total", "Codes that a limit stopped, by the limit's word.", "reason"),
		proxies: counter("proxy_findings_total", "Requests for a page that came by a proxy which does not tell who "+
			"comes.", "finding"),
		door:     counter("door_checks_total", "Answers to proxies that asked who stands before an application.", "status"),
		requests: counter("http_requests_total", "Requests by route.", "route", "method", "status"),
		requestSeconds: histogram("http_request_seconds", "Time to answer a request.", callBuckets, "route",
			"method", "status"),
	}
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.logins, m.sends, m.sendSeconds, m.accepted, m.delivered, m.wasted, m.receipts, m.receiptsRefused, m.sendsRefused,
		m.requests, m.requestSeconds, m.proxies, m.door, newShared(pool, providers, logger),
	)
	m.begin(providers)
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: namespace, Name: name, Help: help, Buckets: buckets,
	}, labels)
}

const namespace = "nightlatch"

// Watch exposes the figures of a connection pool, labelled with name. A name can be used once.
func (m *Metrics) Watch(name string, pool *db.Pool) {
	labels := prometheus.Labels{"pool": name}
	gauge := func(what, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: namespace, Subsystem: "db", Name: what, Help: help, ConstLabels: labels,
		}, value)
	}
	count := func(what, help string, value func() float64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: "db", Name: what, Help: help, ConstLabels: labels,
		}, value)
	}
	m.registry.MustRegister(
		gauge("connections_in_use", "Connections taken.", func() float64 { return float64(pool.Stat().AcquiredConns()) }),
		gauge("connections_idle", "Connections open and free.", func() float64 { return float64(pool.Stat().IdleConns()) }),
		gauge("connections_max", "The most connections this pool opens.", func() float64 {
			return float64(pool.Stat().MaxConns())
		}),
		count("connection_waits_total", "Times that a connection had to be waited for.", func() float64 {
			return float64(pool.Stat().EmptyAcquireCount())
		}),
		count("connection_wait_seconds_total", "Time waited for connections.", func() float64 {
			return pool.Stat().EmptyAcquireWaitTime().Seconds()
		}),
	)
}

// Handler serves a scrape.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		// A partial scrape is served: nightlatch_scrape_ok is 0 when the part of the database is missing.
		ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4, Timeout: 5 * time.Second,
	})
}
