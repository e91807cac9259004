// Somebody without a browser window: the forms that a user of an office posts, by fetch, with the cookies of their own.
// For scenarios with many people, of whom the ones in question have a browser.
import assert from 'node:assert/strict';

export class Visitor {
  #cookies = new Map();

  constructor(app, language = 'en') {
    this.app = app;
    this.language = language;
  }

  /** Asks, and returns where the answer leads, or the page's address where it leads nowhere; text is the page. */
  async ask(path, form) {
    const answer = await fetch(this.app.url + path, {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: {
        'Accept-Language': this.language,
        'Sec-Fetch-Site': 'same-origin',
        Cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(form && { 'Content-Type': 'application/x-www-form-urlencoded' }),
      },
      body: form && new URLSearchParams(form),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair] = line.split(';');
      const at = pair.indexOf('=');
      this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    this.text = await answer.text();
    assert.ok(answer.status < 400, `${path} is answered ${answer.status}: ${this.text.replace(/<[^>]*>/g, ' ')}`);
    return answer.headers.get('location') ?? path;
  }

  /** Goes where an answer leads until it leads nowhere, and returns that path. */
  async follow(to) {
    for (let i = 0; i < 8; i++) {
      const next = await this.ask(to);
      if (next === to) return to;
      to = next;
    }
    assert.fail(`${to} leads on and on`);
  }

  /** Sets the first password with the link of an invitation. */
  async acceptInvitation(link, password) {
    const path = new URL(link).pathname;
    await this.ask(path);
    assert.equal(await this.ask(path, { password, again: password }), '/login');
  }

  /** Logs in with the password, and returns where that leads. */
  async logIn(office, username, password) {
    await this.ask('/login');
    return this.follow(await this.ask('/login', { office: office.code, username, password }));
  }

  /** Enters the newest code that came to a number, keeps the recovery codes that it brings, and is in. */
  async enterCodeFrom(number, atLeast = 1) {
    const to = await this.ask('/login/code', { code: await this.app.latestCode(number, atLeast) });
    if (to === '/settings/me/recovery-codes') await this.ask('/settings/me/recovery-codes/kept', {});
    return this.follow('/settings/me');
  }
}
