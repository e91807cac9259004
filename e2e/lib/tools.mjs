// Other people's programs, so that codes and QR codes are not judged by our own. When one is missing the test fails.
import { execFileSync } from 'node:child_process';
import { sleep } from './eventually.mjs';

const stepSeconds = 30;
const stepNow = () => Math.floor(Date.now() / 1000 / stepSeconds);

/** An authenticator app on somebody's phone. */
export class Authenticator {
  #wrong = '';
  #secret;
  #last = 0;

  constructor(secret) {
    this.#secret = secret.replace(/\s/g, '');
  }

  /**
   * A code that it has not shown before: the present one, else the next, which a clock that runs a little ahead shows.
   */
  async code() {
    const step = Math.max(this.#last + 1, stepNow());
    while (step > stepNow() + 1) await sleep(200);
    this.#last = step;
    return this.#at(step);
  }

  /** The code it showed last. */
  lastCode() {
    return this.#at(this.#last);
  }

  /** A code that is wrong now, and another than the one before: the same form twice has the effect of one. */
  wrongCode() {
    const near = [-2, -1, 0, 1, 2].map((offset) => this.#at(stepNow() + offset));
    const codes = ['000000', '111111', '222222', '333333', '444444', '555555', '666666', '777777'];
    return (this.#wrong = codes.find((code) => !near.includes(code) && code > this.#wrong) ?? codes[0]);
  }

  #at(step) {
    const now = new Date(step * stepSeconds * 1000).toISOString().replace('T', ' ').replace(/\..*/, ' UTC');
    return execFileSync('oathtool', ['--totp', '-b', '--now', now, this.#secret], { encoding: 'utf8' }).trim();
  }
}

/** What a scanner reads in a PNG of a QR code. */
export const scan = (file) =>
  execFileSync('zbarimg', ['--raw', '-q', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

/** A code of six digits that is not this one. */
export const notThis = (code, by = 1) => String((Number(code) + by) % 1_000_000).padStart(6, '0');
