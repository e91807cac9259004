// Somebody with a browser of their own. Every page they open is audited: errors in the console, exceptions, breaches of
// the Content-Security-Policy, requests to another host, codes or numbers in an address, and anything left in the
// browser's storage fail the scenario, whatever it is about.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { digits } from './app.mjs';
import { eventually } from './eventually.mjs';
import { Authenticator } from './tools.mjs';

export class BrowserUser {
  faults = [];
  requests = []; // { method, path, headers }, the newest last
  #announced = new Set();
  #secrets = new Set();
  #elsewhere = new Set();
  #broken = false;

  static async open(app, browser, options = {}) {
    const user = new BrowserUser();
    user.app = app;
    user.scripts = options.javaScriptEnabled !== false;
    user.context = await browser.newContext({
      viewport: { width: 1180, height: 800 },
      locale: 'en-GB',
      colorScheme: 'light',
      reducedMotion: 'reduce',
      ...options,
    });
    user.context.setDefaultTimeout(30_000);
    await user.#listen();
    user.page = await user.context.newPage();
    return user;
  }

  async #listen() {
    await this.context.addInitScript(() =>
      document.addEventListener('securitypolicyviolation', (event) =>
        console.error(`content security policy: ${event.violatedDirective} ${event.blockedURI}`),
      ),
    );
    this.context.on('console', (message) => {
      if (message.type() !== 'error') return;
      const unanswered = /^(Failed to load resource|htmx: htmx:error: (Failed to fetch|timeout))/;
      if (this.#broken && unanswered.test(message.text())) return;
      const refused = /^Failed to load resource: the server responded with a status of 4\d\d/.test(message.text());
      const path = pathOf(message.location().url);
      // The live line may ask in the very moment in which the code was right and the session got its new token, and
      // the strength of a password in the one in which it was set and its link used.
      const late = path.endsWith('/message') || path === '/link/strength';
      if (refused && (late || this.#announced.has(path))) return;
      this.faults.push(`console: ${message.text()} (${message.location().url})`);
    });
    this.context.on('weberror', (error) => this.faults.push(`exception: ${error.error().stack}`));
    this.context.on('request', (request) => {
      const url = request.url();
      if (/^(data|blob|about):/.test(url)) return;
      if (this.#elsewhere.has(new URL(url).origin)) return;
      if (!url.startsWith(this.app.url + '/')) this.faults.push(`request to another host: ${url}`);
      this.requests.push({ method: request.method(), path: pathOf(url), url, headers: request.headers() });
    });
  }

  /** Announces that the server is going to refuse something at these paths on purpose. */
  expectRefusal(...paths) {
    for (const path of paths) this.#announced.add(path);
  }

  /** Runs act while requests fail on purpose. */
  async whileBroken(act) {
    this.#broken = true;
    await act();
    this.#broken = false;
  }

  /** Announces another origin that the scenario leads to on purpose. */
  expectElsewhere(origin) {
    this.#elsewhere.add(origin);
  }

  /** Remembers what must never stand in an address. */
  keepSecret(...texts) {
    for (const text of texts) this.#secrets.add(digits(text) === '' || /[a-z]/i.test(text) ? text : digits(text));
  }

  /** Fails when the browser has reported a fault so far. */
  async audit() {
    if (this.scripts) {
      for (const page of this.context.pages()) {
        const kept = await page.evaluate(() =>
          location.protocol.startsWith('http') ? localStorage.length + sessionStorage.length : 0,
        );
        if (kept) this.faults.push('something stands in localStorage or sessionStorage');
      }
    }
    for (const { url } of this.requests) {
      // Digits of the port are nobody's code.
      const asked = decodeURIComponent(url.startsWith(this.app.url) ? url.slice(this.app.url.length) : url);
      const told = [...this.#secrets].find((secret) => !asked.includes('/static/') && asked.includes(secret));
      if (told) this.faults.push(`a code or number in an address: ${url}`);
    }
    assert.deepEqual(this.faults, [], 'the browser reported faults');
  }

  async photograph(folder, name) {
    await mkdir(folder, { recursive: true });
    for (const [i, page] of this.context.pages().entries()) {
      await page.screenshot({ path: `${folder}/${name}-${i}.png`, fullPage: true }).catch(() => {});
      await writeFile(`${folder}/${name}-${i}.html`, `<!-- ${page.url()} -->\n${await page.content().catch(() => '')}`);
    }
  }

  // What people do.

  go(path) {
    return this.page.goto(this.app.url + path);
  }
  button(name) {
    return this.page.getByRole('button', { name, exact: typeof name === 'string' });
  }
  link(name) {
    return this.page.getByRole('link', { name, exact: typeof name === 'string' });
  }
  field(name) {
    return this.page.getByLabel(name, { exact: typeof name === 'string' });
  }
  get switch() {
    return this.page.getByRole('switch', { name: 'Two-factor authentication' });
  }
  get dialog() {
    return this.page.getByRole('dialog');
  }
  get alert() {
    return this.page.getByRole('alert');
  }
  get path() {
    return pathOf(this.page.url());
  }

  /** Waits until the browser is at a path. */
  async at(path) {
    await eventually(async () => {
      const here = this.path;
      assert.ok(typeof path === 'string' ? here === path : path.test(here), `at ${here}, not at ${path}`);
    });
    await this.page.waitForLoadState();
  }

  /** Waits until a text can be read on the page. */
  reads(text) {
    return this.page.getByText(text).first().waitFor();
  }

  async text() {
    return (await this.page.locator('body').innerText()).replace(/\s+/g, ' ');
  }

  /** Types an office code, behind *change* where the page keeps the last one. */
  async enterOffice(code) {
    const kept = this.page.locator('details.kept:not([open]) > summary');
    if (await kept.count()) await kept.click();
    await this.field('Office code').fill(code);
  }

  async enterPassword(office, username, password = office.password) {
    this.keepSecret(password);
    await this.go('/login');
    await this.enterOffice(office.code);
    await this.field('Username').fill(username);
    await this.field('Password').fill(password);
    await this.button('Log in').click();
    await eventually(async () =>
      assert.notEqual(this.path, '/login', `still at the log-in: ${await this.alert.allInnerTexts()}`),
    );
    await this.page.waitForLoadState();
  }

  /** Sets a new password with the newest link that was mailed to an address, and logs in with it. */
  async takeNewPassword(office, username, address = this.app.email(office, username)) {
    const password = 'kettle umbrella seventeen';
    this.keepSecret(password);
    const link = await eventually(async () => {
      const newest = (await this.app.mails(address)).flatMap((mail) => mail.links).at(-1);
      assert.ok(newest, 'the link is not there yet');
      return newest;
    });
    await this.go(new URL(link).pathname);
    await this.field('New password').fill(password);
    await this.field('New password once more').fill(password);
    await this.page.locator('main form button.wide').click();
    await this.at('/login');
    await this.enterPassword(office, username, password);
  }

  /** A log-in without a second factor, or with whatever second step already passed. */
  async logIn(office, username) {
    await this.enterPassword(office, username);
    await this.at('/settings/me');
  }

  async logOut() {
    await this.button('Log out').click();
    await this.at('/login');
  }

  async enterCode(code) {
    this.keepSecret(code);
    await this.field('Verification code').fill(code);
    await this.button('Verify').click();
  }

  /** On the code page: enters the newest code that came to a number. */
  async enterCodeFrom(number, atLeast = 1) {
    await this.enterCode(await this.app.latestCode(number, atLeast));
  }

  async chooseMethod(name) {
    await this.at('/login/method');
    await this.field(name).check();
    await this.button('Continue').click();
  }

  async enterNumber(number) {
    this.keepSecret(number);
    await this.field('Mobile number').fill(number);
    await this.button('Continue').click();
  }

  /** From the page that asks for a method to being in, with a number of one's own. */
  async enrolNumber(number = this.app.newNumber()) {
    await this.chooseMethod('Text message (SMS)');
    await this.at('/login/number');
    await this.enterNumber(number);
    await this.at('/login/code');
    await this.enterCodeFrom(number);
    await this.keepRecoveryCodes();
    return number;
  }

  /** On the page with the QR code: types the key into an app and the app's code into the page. */
  async typeKey() {
    const app = new Authenticator(await this.page.locator('[data-secret]').innerText());
    await this.enterCode(await app.code());
    return app;
  }

  async keepRecoveryCodes() {
    const shown = this.page.locator('[data-recovery-code]');
    await shown.first().waitFor();
    const codes = (await shown.allInnerTexts()).map((code) => code.trim());
    this.keepSecret(...codes);
    await this.button('I have kept these codes').click();
    await this.at('/settings/me');
    return codes;
  }

  /** From the page that asks for a method to being in, with an authenticator app. */
  async enrolApp() {
    await this.chooseMethod('Authenticator app');
    await this.at('/login/app/setup');
    const app = await this.typeKey();
    const recoveryCodes = await this.keepRecoveryCodes();
    return { app, recoveryCodes };
  }

  /** Flips the setting and says yes to the question. Ends wherever that leads. */
  async activate() {
    await this.go('/settings/office/general');
    await this.switch.click();
    await eventually(async () => assert.equal(await this.switch.getAttribute('aria-checked'), 'true'));
    await this.button('Save').click();
    await this.button('Yes, activate this setting').click();
    await this.page.locator('dialog').waitFor({ state: 'detached' });
    await this.page.waitForLoadState();
  }
}

export const pathOf = (url) => {
  try {
    return new URL(url).pathname;
  } catch {
    return '';
  }
};
