package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // so that every machine knows every zone

	"github.com/nightlatch/nightlatch/internal/loopback"
	"github.com/nightlatch/nightlatch/internal/mail"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/proxy"
	"github.com/nightlatch/nightlatch/internal/sms"
	"github.com/nightlatch/nightlatch/internal/typed"
)

// config is what the environment says. The variables are listed in the README.
type config struct {
	databaseURL   string // "" for a local server under data
	listenURL     string // the same database past a pooler, "" for databaseURL
	data          string // folder of local files
	addr          string // listen address
	url           *url.URL
	urlGiven      bool // else it follows the listen address
	product       string
	keyFile       string // "" when the operator has to name one
	keyFileMake   bool   // may be made when it is missing
	registry      []sms.Provider
	sms           sms.Config     // which of the registry send
	proxies       proxy.Trusted  // whose X-Forwarded-For is believed
	appNetworks   []netip.Prefix // private networks in which applications are told of log-outs
	ssoNetworks   []netip.Prefix // private networks in which a provider of single sign-on may be
	rate          int            // calls a second to one provider, all processes together
	pgBinDir      string
	currency      string         // of the providers' accounts
	balanceWarn   float64        // a provider's balance below which operators are warned
	zone          *time.Location // of readers whose browser tells none
	retentionDays int            // how long challenges and their messages are kept
	metricsAddr   string         // "" when there are no metrics
	profiles      bool           // the metrics' address tells where time and memory go, too
	mail          *mail.Settings // nil when there is no mail server
	pollOnly      bool           // workers ask for jobs and never listen: see docs/operating.md, PgBouncer
}

// get returns a variable without white space about it, or other where it is not set.
func (env variables) get(name, other string) string {
	if v := strings.TrimSpace(env[name]); v != "" {
		return v
	}
	return other
}

// readConfig reads the environment, the settings of every provider of the registry included. Its errors say which
// variable is wrong, and how it should be.
func readConfig(registry []sms.Provider, env variables) (config, error) {
	get := env.get
	c := config{
		databaseURL: get("DATABASE_URL", ""), listenURL: get("DATABASE_LISTEN_URL", ""),
		data: get("NIGHTLATCH_DATA", ".nightlatch"),
		addr: get("NIGHTLATCH_ADDR", "localhost:8080"), product: get("NIGHTLATCH_NAME", "Nightlatch"),
		pgBinDir: get("PG_BINDIR", ""), registry: registry,
		sms: sms.Config{
			Provider: get("SMS_PROVIDER", ""), Routes: get("SMS_ROUTES", ""), Env: sms.Settings(registry, env),
			IsCountry: func(code string) bool { return phone.Country(code).CallingCode() != 0 },
		},
	}
	c.keyFile = get("NIGHTLATCH_KEY_FILE", "")
	if c.keyFile == "" && (c.databaseURL == "" || env["NIGHTLATCH_DATA"] != "" || c.isDemo()) {
		c.keyFile, c.keyFileMake = filepath.Join(c.data, "keys"), true
	}
	if len([]rune(c.product)) > 30 {
		return c, errors.New("NIGHTLATCH_NAME has more than 30 characters: it would not fit into a text message")
	}
	if _, _, err := net.SplitHostPort(c.addr); err != nil {
		return c, fmt.Errorf("NIGHTLATCH_ADDR is %q and should be host:port, such as localhost:8080", c.addr)
	}
	var err error
	if c.zone, err = readZone(get("NIGHTLATCH_TIME_ZONE", "")); err != nil {
		return c, err
	}
	// Vonage takes 30 a second; what is left is for its own counting.
	if c.rate, err = strconv.Atoi(get("SMS_RATE", "25")); err != nil || c.rate < 1 || c.rate > 100_000 {
		return c, fmt.Errorf("SMS_RATE is %q and should be how many messages a second a provider may be given, such as 25",
			env["SMS_RATE"])
	}
	const proxies, sso, apps = "NIGHTLATCH_TRUSTED_PROXIES", "NIGHTLATCH_SSO_NETWORKS", "NIGHTLATCH_APP_NETWORKS"
	if c.appNetworks, err = readNetworks(apps, get(apps, "")); err != nil {
		return c, err
	}
	if c.proxies, err = readNetworks(proxies, get(proxies, "")); err != nil {
		return c, err
	}
	if c.ssoNetworks, err = readNetworks(sso, get(sso, "")); err != nil {
		return c, err
	}
	public := get("NIGHTLATCH_URL", "")
	c.urlGiven = public != ""
	if public == "" {
		public = "http://" + localhost(c.addr)
	}
	if c.metricsAddr = get("NIGHTLATCH_METRICS_ADDR", ""); c.metricsAddr != "" {
		if _, _, err := net.SplitHostPort(c.metricsAddr); err != nil {
			return c, fmt.Errorf("NIGHTLATCH_METRICS_ADDR is %q and should be host:port, such as localhost:9090", c.metricsAddr)
		}
	}
	if err := c.readNumbers(env); err != nil {
		return c, err
	}
	if c.url, err = readURL(public); err != nil {
		return c, err
	}
	if c.mail, err = readMail(get("SMTP_URL", ""), get("MAIL_FROM", ""),
		get("SMTP_HELO", c.url.Hostname()), c.isDemo()); err != nil {
		return c, err
	}
	return c, c.checkProvider()
}

// readZone reads a time zone; "" is that of the machine.
func readZone(name string) (*time.Location, error) {
	if name == "" {
		return time.Local, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("NIGHTLATCH_TIME_ZONE is %q and should be a name such as Europe/Amsterdam", name)
	}
	return zone, nil
}

// readNumbers reads what is a number, or a yes or no; the address of the metrics has been read.
func (c *config) readNumbers(env variables) (err error) {
	c.balanceWarn, err = strconv.ParseFloat(env.get("NIGHTLATCH_BALANCE_WARN", "10"), 64)
	if err != nil || c.balanceWarn < 0 {
		return errors.New("NIGHTLATCH_BALANCE_WARN should be an amount, such as 10, in the currency of the provider's " +
			"account")
	}
	c.currency = env.get("NIGHTLATCH_CURRENCY", "EUR")
	if !regexp.MustCompile(`^[A-Z]{3}$`).MatchString(c.currency) {
		return errors.New("NIGHTLATCH_CURRENCY should be a code of three capitals, such as EUR, GBP or USD: " +
			"the currency of the providers' accounts")
	}
	if c.retentionDays, err = strconv.Atoi(env.get("NIGHTLATCH_RETENTION_DAYS", "30")); err != nil || c.retentionDays < 1 {
		return errors.New("NIGHTLATCH_RETENTION_DAYS should be a number of days, 1 or more")
	}
	if c.pollOnly, err = strconv.ParseBool(env.get("NIGHTLATCH_POLL_ONLY", "false")); err != nil {
		return fmt.Errorf("NIGHTLATCH_POLL_ONLY is %q and should be true or false", env["NIGHTLATCH_POLL_ONLY"])
	}
	if c.profiles, err = strconv.ParseBool(env.get("NIGHTLATCH_PPROF", "false")); err != nil {
		return fmt.Errorf("NIGHTLATCH_PPROF is %q and should be true or false", env["NIGHTLATCH_PPROF"])
	}
	if c.profiles && c.metricsAddr == "" {
		return errors.New("NIGHTLATCH_PPROF is set, but NIGHTLATCH_METRICS_ADDR is not: profiles are served there alone")
	}
	return nil
}

// readMail reads the settings of mail: address and sender are given, or neither.
func readMail(smtpURL, from, name string, demo bool) (*mail.Settings, error) {
	switch {
	case smtpURL == "" && from == "":
		return nil, nil
	case smtpURL == "":
		return nil, errors.New("MAIL_FROM is set, but SMTP_URL is not: where should mails go?")
	case demo:
		return nil, errors.New("SMS_PROVIDER is demo, where mails are shown at /demo/mailbox, but SMTP_URL is set: unset it")
	case from == "":
		return nil, errors.New("SMTP_URL is set, but MAIL_FROM is not: set it to the address that mails come from")
	}
	settings, err := mail.ReadSettings(smtpURL, from, name)
	if err != nil {
		return nil, err
	}
	return &settings, nil
}

func readURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || (u.Path != "" && u.Path != "/") ||
		u.RawQuery != "" || u.User != nil {
		return nil, errors.New("NIGHTLATCH_URL should be an origin, such as https://login.acme.example: no path, no query, " +
			"no password")
	}
	if u.Scheme == "http" && !loopback.Host(strings.ToLower(u.Hostname())) {
		return nil, errors.New("NIGHTLATCH_URL is plain http off loopback: passwords and cookies would travel in clear. " +
			"Put a proxy with TLS in front and use https")
	}
	host, ok := originHost(u)
	if !ok {
		return nil, fmt.Errorf("NIGHTLATCH_URL has the host %q, which is no name of a host", u.Hostname())
	}
	u.Path, u.Host = "", host
	return u, nil
}

// originHost returns the host of an origin as browsers have it: lower case, punycode, without the port of its scheme.
func originHost(u *url.URL) (string, bool) {
	name := strings.ToLower(u.Hostname())
	if net.ParseIP(name) == nil && name != "localhost" {
		var ok bool
		if name, ok = typed.Host(name); !ok {
			return "", false
		}
	}
	port := u.Port()
	if port == "" || u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		if strings.Contains(name, ":") {
			name = "[" + name + "]"
		}
		return name, true
	}
	return net.JoinHostPort(name, port), true
}

func (c config) checkProvider() error {
	if err := c.sms.Check(c.registry); err != nil {
		return err
	}
	host, _, _ := net.SplitHostPort(c.addr)
	if c.isDemo() && (!loopback.Host(host) || !loopback.Host(c.url.Hostname())) {
		return errors.New("SMS_PROVIDER=demo shows every code on a page, so it serves loopback alone: " +
			"check NIGHTLATCH_ADDR and NIGHTLATCH_URL")
	}
	return nil
}

// isDemo reports whether the program runs in demo mode.
func (c config) isDemo() bool { return c.sms.IsDemo(c.registry) }

// localhost is how a browser on this machine reaches a listen address.
func localhost(addr string) string {
	host, port, _ := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// readNetworks reads addresses and networks between commas, such as 127.0.0.1, 10.0.0.0/8, as the variable name has
// them.
func readNetworks(name, text string) (networks []netip.Prefix, err error) {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		if ip, err := netip.ParseAddr(word); err == nil && ip.Zone() == "" {
			ip = ip.Unmap()
			networks = append(networks, netip.PrefixFrom(ip, ip.BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(word)
		if err != nil || network.Addr().Is4In6() {
			return nil, fmt.Errorf("%s has %q and should be addresses or networks between commas, "+
				"such as 127.0.0.1, 10.0.0.0/8", name, word)
		}
		networks = append(networks, network.Masked())
	}
	return networks, nil
}
