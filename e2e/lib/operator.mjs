// Operators: made on the command line, in with an app's code.
import assert from 'node:assert/strict';
import { Authenticator } from './tools.mjs';

const password = 'an operator has a long one';

/** Makes an operator, and returns the app that has the printed key. */
export async function newOperator(app, username) {
  const out = await app.command(['operator', 'create', '--username', username, '--password-stdin'], password);
  const key = /^(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}$/m.exec(out)[0];
  assert.equal(
    new URL(/^otpauth:\S+$/m.exec(out)[0]).searchParams.get('secret'),
    key.replaceAll(' ', ''),
    'the address has the same key',
  );
  return new Authenticator(key);
}

/** Fills the operators' log-in and presses its button. */
export async function enter(somebody, username, { code = '', pass = password } = {}) {
  somebody.keepSecret(pass, ...(code ? [code] : []));
  await somebody.go('/operator/login');
  await somebody.page.locator('[name=username]').fill(username);
  await somebody.page.locator('[name=password]').fill(pass);
  await somebody.page.locator('[name=code]').fill(code);
  await somebody.page.locator('main form button.wide').click();
}
