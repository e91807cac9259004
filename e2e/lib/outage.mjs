// What the program stands on, to be broken: a database of its own, nginx in front of it, the program itself, and the
// network of the browsers.
import { execFileSync, spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { App } from './app.mjs';
import { eventually } from './eventually.mjs';

const root = resolve(import.meta.dirname, '../..');

const freePort = () =>
  new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });

/** nginx of this machine, or where scripts/proxies.sh puts it. */
const nginxProgram = () => {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const places = ['nginx', '/usr/sbin/nginx', join(cache, 'nightlatch/tools/proxies/usr/sbin/nginx')];
  for (const path of places) {
    try {
      execFileSync(path, ['-v'], { stdio: 'ignore' });
      return path;
    } catch {} // the next place
  }
  throw new Error('there is no nginx on this machine: run make proxies');
};

class Database {
  #dir;
  #process;
  #lines;

  static async start() {
    const database = new Database();
    database.#dir = await mkdtemp(join(tmpdir(), 'nightlatch-e2e-')); // directly there: localpg's account must get in
    await chmod(database.#dir, 0o755);
    database.#process = spawn('go', ['run', './db/dbtest/server', database.#dir], {
      cwd: root,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    database.#lines = createInterface(database.#process.stdout)[Symbol.asyncIterator]();
    database.url = await database.#line();
    return database;
  }

  async #line() {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the database has ended');
    return value;
  }

  /** Stops or starts the server. */
  async tell(word) {
    this.#process.stdin.write(`${word}\n`);
    await this.#line();
  }

  /** Sends a signal to the server and every process of it. */
  async signal(name) {
    const found = execFileSync('find', [this.#dir, '-name', 'postmaster.pid'], { encoding: 'utf8' }).trim();
    const first = Number((await readFile(found, 'utf8')).split('\n')[0]);
    const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(first)], { encoding: 'utf8' });
    for (const pid of [first, ...children.trim().split(/\s+/).map(Number)]) {
      try {
        process.kill(pid, name);
      } catch {} // it has ended meanwhile
    }
  }

  async end() {
    const ended = new Promise((done) => this.#process.once('exit', done));
    this.#process.stdin.end();
    await ended;
    await rm(this.#dir, { recursive: true, force: true });
  }
}

class Nginx {
  #dir;
  #process;
  #ended;

  /** In front of the program at upstream, as docs/operating.md has it, but without a certificate. */
  static async start(port, upstream) {
    const nginx = new Nginx();
    nginx.#dir = await mkdtemp(join(tmpdir(), 'nightlatch-e2e-'));
    const bodies = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((of) => `${of}_temp_path ${of};`);
    await writeFile(
      join(nginx.#dir, 'nginx.conf'),
      `${process.getuid() === 0 ? 'user root;' : ''} daemon off; pid nginx.pid; error_log stderr crit; events {}
      http {
        access_log off; ${bodies.join(' ')}
        server {
          listen 127.0.0.1:${port};
          location / {
            proxy_pass http://127.0.0.1:${upstream};
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_read_timeout 15s;
          }
        }
      }\n`,
    );
    const args = ['-e', 'stderr', '-p', nginx.#dir, '-c', 'nginx.conf'];
    nginx.#process = spawn(nginxProgram(), args, { stdio: ['ignore', 'ignore', 'inherit'] });
    process.once('exit', () => nginx.#process.kill('SIGTERM'));
    nginx.#ended = new Promise((done) => nginx.#process.once('exit', done));
    return nginx;
  }

  async end() {
    this.#process.kill('SIGTERM');
    await this.#ended;
    await rm(this.#dir, { recursive: true, force: true });
  }
}

/** The program behind nginx, with a database that it did not start: all three can be broken. */
export class Site extends App {
  flags = ['--only=web']; // no code goes out: whoever waits for one waits as long as an outage takes
  broken = true;

  static async start() {
    const [port, upstream, database] = await Promise.all([freePort(), freePort(), Database.start()]);
    const nginx = await Nginx.start(port, upstream);
    const app = await super.start({
      DATABASE_URL: database.url,
      NIGHTLATCH_ADDR: `127.0.0.1:${upstream}`,
      NIGHTLATCH_URL: `http://localhost:${port}`,
      NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1',
    });
    return Object.assign(app, { database, nginx });
  }

  async stop() {
    try {
      await super.stop();
    } finally {
      await Promise.all([this.nginx.end(), this.database.end()]);
    }
  }

  /** Waits until the site is there again. */
  back() {
    return eventually(async () => {
      const { status } = await fetch(`${this.url}/readyz`);
      if (status !== 200) throw new Error(`/readyz answers ${status}`);
    });
  }
}

/** Each way to break the site for some browsers, and to mend it. */
export const outages = {
  'the database stopped': {
    begin: ({ database }) => database.tell('stop'),
    end: ({ database }) => database.tell('start'),
  },
  'the server killed behind nginx': {
    begin: (app) => app.kill(),
    end: (app) => app.serve(),
  },
  'the network cut': {
    begin: (_, contexts) => Promise.all(contexts.map((context) => context.setOffline(true))),
    end: (_, contexts) => Promise.all(contexts.map((context) => context.setOffline(false))),
  },
  'the database hanging': {
    hangs: true,
    begin: ({ database }) => database.signal('SIGSTOP'),
    end: ({ database }) => database.signal('SIGCONT'),
  },
};
