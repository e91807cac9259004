package metrics

import "github.com/prometheus/client_golang/prometheus"

var (
	scrapeOK = describe("scrape_ok", "1 when the database answered this scrape within a second; 0: what it tells "+
		"is missing.")
	queueJobs   = describe("queue_jobs", "Jobs that wait or run.", "queue", "state")
	queueOldest = describe("queue_oldest_seconds", "How long the oldest due job has been waiting.", "queue")
	workers     = describe("workers_alive", "1 while any process works jobs.")
	challenges  = describe("challenges_last_hour", "Challenges made in the last hour, by how they ended.", "outcome")
	messages    = describe("messages_last_hour", "Messages queued in the last hour, by where they stand.",
		"channel", "state")
	breakerOpen = describe("breaker_open", "1 while a provider's breaker is open; class is what opened it.",
		"provider", "class")
	balance = describe("provider_balance", "What is left of a prepaid account, in its currency, as last told.",
		"provider")
	clockDrift      = describe("app_clock_drift_seconds", "The median by which apps' clocks are off, over the last day.")
	helpWaiting     = describe("help_requests_waiting", "Users without their phone who wait for their office.")
	dayPasses       = describe("day_passes", "Browsers that are let in without a second factor until a time today.")
	exemptions      = describe("exemptions", "Users who are exempt from the second factor for a while.")
	prefixesStopped = describe("prefixes_stopped", "Ranges of numbers stopped because few of their codes are entered.")
	spent           = describe("spend_this_month", "Paid for messages this month, in the provider's currency.")
	spendCap        = describe("spend_cap", "The most the installation may pay a month; absent without a cap.")
	officesNearCap  = describe("offices_near_cap", "Offices that have spent 80 % or more of their own cap this month.")
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(namespace+"_"+name, help, labels, nil)
}

// Describe sends the descriptions of everything that Collect may send.
func (s *shared) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		scrapeOK, queueJobs, queueOldest, workers, challenges, messages, breakerOpen, balance, prefixesStopped, clockDrift,
		helpWaiting, dayPasses, exemptions, spent, spendCap, officesNearCap,
	} {
		out <- d
	}
}
