// The program under test: the real binary with a data folder and a PostgreSQL of its own, on a port of its own.
// Everything a test knows about it, it learns as a user, a carrier's customer or an administrator would:
// from its pages, its demo phone and its command line.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually } from './eventually.mjs';

const root = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../..');
const binary = resolve(root, process.env.NIGHTLATCH_BIN ?? 'bin/nightlatch');

export class App {
  #process;
  #exited;
  #data;
  #offices = 0;
  #numbers = 0;
  log = '';
  flags = []; // of serve
  broken = false; // a test breaks what the program stands on: its log may tell of errors

  static async start(settings = {}) {
    const app = new this();
    app.#data = await mkdtemp(join(tmpdir(), 'nightlatch-e2e-'));
    // Nothing of the caller's environment but what a program needs to run at all.
    const { PATH, HOME, TMPDIR, PG_BINDIR } = process.env;
    app.env = {
      ...Object.fromEntries(
        Object.entries({ PATH, HOME, TMPDIR, PG_BINDIR }).filter(([, value]) => value !== undefined),
      ),
      SMS_PROVIDER: 'demo',
      NIGHTLATCH_ADDR: 'localhost:0',
      NIGHTLATCH_DATA: app.#data,
      ...settings,
    };
    if (settings.DATABASE_URL) await app.command(['migrate']);
    await app.command(['demo']);
    app.password = (await readFile(join(app.#data, 'demo-password'), 'utf8')).trim();
    await app.serve();
    return app;
  }

  /** Starts the program, at first and after kill. */
  async serve() {
    const options = { cwd: root, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] };
    this.#process = spawn(binary, ['serve', ...this.flags], options);
    this.#exited = new Promise((done) => this.#process.once('exit', (code, signal) => done({ code, signal })));
    process.once('exit', () => this.#process.kill('SIGTERM'));
    let out = '';
    this.#process.stderr.setEncoding('utf8').on('data', (text) => {
      this.log += text;
    });
    this.url = await new Promise((found, failed) => {
      this.#process.stdout.setEncoding('utf8').on('data', (text) => {
        out += text;
        const address = /^\S.* is at (http:\/\/\S+)$/m.exec(out);
        if (address) found(address[1]);
      });
      this.#exited.then(() => failed(new Error(`nightlatch serve ended at once:\n${out}${this.log}`)));
    });
  }

  /** Ends the program where it stands. */
  async kill() {
    this.#process.kill('SIGKILL');
    await this.#exited;
  }

  /** Asks the program to stop, and insists that it does so in good order. */
  async stop() {
    this.#process.kill('SIGTERM');
    const { code, signal } = await this.#exited;
    await rm(this.#data, { recursive: true, force: true });
    assert.deepEqual(
      { code, signal },
      { code: 0, signal: null },
      `nightlatch serve did not stop in good order:\n${this.log}`,
    );
    const unwanted = this.broken ? /panic/ : /level=ERROR|panic/;
    const errors = this.log.split('\n').filter((line) => unwanted.test(line));
    assert.deepEqual(errors, [], 'the log tells of errors');
  }

  /** Changes rows of the database, which a test would otherwise have to wait for. */
  sql(statement) {
    return new Promise((done, failed) => {
      const args = ['run', './db/dbtest/statement', this.#data, statement];
      execFile('go', args, { cwd: root }, (error, out, err) => (error ? failed(new Error(err || error)) : done()));
    });
  }

  /** Runs a command of the program beside the serving one, and returns what it printed. */
  command(args, input = '') {
    return new Promise((done, failed) => {
      const child = execFile(binary, args, { cwd: root, env: this.env }, (error, out, err) => {
        if (error) failed(new Error(`nightlatch ${args.join(' ')}: ${err || error.message}`));
        else done(out);
      });
      child.stdin.end(input);
    });
  }

  /** A new office, with a user for each name; its users have their own password. roles: { name: role }. */
  async office(roles) {
    const office = {
      code: `E2E-${++this.#offices}`,
      name: `Office ${this.#offices}`,
      password: `pw-${randomBytes(12).toString('hex')}`,
    };
    await this.command(['office', 'create', '--code', office.code, '--name', office.name]);
    for (const [username, role] of Object.entries(roles)) await this.user(office, username, role);
    return office;
  }

  /** A user of an office, with its users' password; without an address nothing can be mailed to them. */
  user(office, username, role, email = this.email(office, username)) {
    const who = ['--username', username, '--name', fullName(username), '--role', role, '--email', email];
    return this.command(['user', 'create', '--office', office.code, ...who, '--password-stdin'], office.password);
  }

  email(office, username) {
    return `${username}@${office.code.toLowerCase()}.example`;
  }

  /** The mails to an address in the demo mailbox, the oldest first: { subject, body, links }. */
  async mails(address) {
    const page = await (await fetch(`${this.url}/demo/mailbox`)).text();
    return [...page.matchAll(/<li data-to="([^"]*)">([\s\S]*?)<\/li>/g)]
      .filter(([, to]) => unescaped(to) === address)
      .map(([, , html]) => ({
        subject: unescaped(/<h3>([\s\S]*?)<\/h3>/.exec(html)[1]),
        body: unescaped(html),
        links: [...html.matchAll(/href="([^"]*)"/g)].map(([, url]) => url),
      }))
      .reverse();
  }

  /** The newest mail to an address, once there are at least so many. */
  async latestMail(address, atLeast = 1) {
    return eventually(async () => {
      const mails = await this.mails(address);
      assert.ok(mails.length >= atLeast, `${mails.length} of ${atLeast} mails to ${address} are in the demo mailbox`);
      return mails.at(-1);
    });
  }

  get demo() {
    return { code: 'DEMO', name: 'Demo Accountants', password: this.password };
  }

  /** A Dutch mobile number that nobody has yet. */
  newNumber() {
    return `+316123${String(45000 + ++this.#numbers)}`;
  }

  /** The text messages to a number on the demo phone, the oldest first. */
  async messages(number) {
    const page = await (await fetch(`${this.url}/demo/phone`)).text();
    const all = [...page.matchAll(/<li[^>]*\bdata-to="([^"]*)"[^>]*>\s*<p>([\s\S]*?)<\/p>/g)];
    return all.filter(([, to]) => digits(unescaped(to)) === digits(number)).map(([, , body]) => unescaped(body));
  }

  /** The code in the newest message to a number, once there are at least so many. */
  async latestCode(number, atLeast = 1) {
    return eventually(async () => {
      const messages = await this.messages(number);
      assert.ok(
        messages.length >= atLeast,
        `${messages.length} of ${atLeast} messages to ${number} are on the demo phone`,
      );
      return /#(\d{6})$/.exec(messages.at(-1).trim())[1];
    });
  }
}

export const fullName = (username) => username[0].toUpperCase() + username.slice(1) + ' Tester';
export const digits = (text) => text.replace(/\D/g, '');
const unescaped = (html) =>
  html
    .replace(/<[^>]*>/g, '')
    .replace(/&#(\d+);/g, (_, n) => String.fromCodePoint(n))
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&');
