// A bookkeeper's day, by keyboard alone and at 360 px: the first log-in, a wrong code, a late one, an answer that is
// lost, a second tab, a session that has ended. Each step is a page that says what happened and what to do.
import assert from 'node:assert/strict';
import { accessible } from './lib/axe.mjs';
import { eventually } from './lib/eventually.mjs';
import { officeWithTwoFactor, setup } from './lib/scenario.mjs';
import { notThis } from './lib/tools.mjs';

const { scenario } = setup();

/** Moves the focus by Tab to what is called so, and fails when Tab does not get there. */
async function tabTo(page, name) {
  const here = () =>
    page.evaluate(() => {
      const e = document.activeElement;
      const label = e.labels?.[0]?.innerText ?? '';
      if (!/^(A|BUTTON|INPUT|SELECT|SUMMARY)$/.test(e.tagName)) return { name: '' };
      return { name: `${label} ${e.innerText ?? ''} ${e.getAttribute('aria-label') ?? ''}`.trim() };
    });
  for (let i = 0; i < 60; i++) {
    if ((await here()).name.includes(name)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not lead to ${name}`);
}

scenario('a bookkeeper’s day, by keyboard alone and at 360 px', async (fixture) => {
  const { app, browserUser } = fixture;
  const { office } = await officeWithTwoFactor(fixture, { bea: 'user' });
  const bea = await browserUser({ viewport: { width: 360, height: 740 } });
  const { page } = bea;
  const { keyboard } = page;
  bea.expectRefusal('/login/code');
  bea.keepSecret(office.password);
  const see = async (what) => {
    await accessible(page, what);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${what} fits`);
  };
  const press = async (name, key = 'Enter') => {
    await tabTo(page, name);
    await keyboard.press(key);
  };
  const type = async (name, text) => {
    await tabTo(page, name);
    await keyboard.press('ControlOrMeta+A');
    await keyboard.type(text);
  };

  // The first log-in.
  const number = app.newNumber();
  await bea.go('/login');
  await see('the log-in');
  await type('Office code', office.code);
  await type('Username', 'bea');
  await type('Password', office.password);
  await keyboard.press('Enter');
  await bea.at('/login/method');
  await see('which method');
  await page.locator('[name=method]').first().focus();
  await keyboard.press('Space');
  await keyboard.press('Enter');
  await bea.at('/login/number');
  await type('Mobile number', number);
  await see('the number');
  await keyboard.press('Enter');
  await bea.at('/login/code');
  await see('the first code');

  // A wrong code, then the right one.
  const first = await app.latestCode(number);
  await type('Verification code', notThis(first, 1));
  await keyboard.press('Enter');
  await bea.reads(/4 tries left/);
  await see('a wrong code');
  await type('Verification code', first);
  await keyboard.press('Enter');
  await bea.at('/settings/me/recovery-codes');
  await see('recovery codes');
  await press('I have kept these codes');
  await bea.at('/settings/me');

  // The next day: office and name are known. The code comes late, and is another one than the first.
  await press('Log out');
  await bea.at('/login');
  await type('Password', office.password);
  await keyboard.press('Enter');
  await bea.at('/login/code');
  const late = await app.latestCode(number, 2);
  await app.sql(`update challenges set created_at = now() - interval '6 minutes',
    asked_at = now() - interval '6 minutes', expires_at = now() - interval '1 minute' where ended_at is null`);
  await type('Verification code', late);
  await keyboard.press('Enter');
  await bea.reads('Your code has expired');
  await see('a late code');
  await press('Resend code');
  await bea.at('/login/code');
  const fresh = await app.latestCode(number, 3);

  // The answer to the right code is lost on the way: the same code once more, and she is in.
  let lost = 0;
  await page.route('**/login/code', async (route) => {
    if (route.request().method() !== 'POST' || lost++) return route.continue();
    await route.fetch({ maxRedirects: 0 }).catch(() => {});
    await route.abort('connectionreset');
  });
  bea.faults.length = 0;
  await type('Verification code', fresh);
  await keyboard.press('Enter');
  await eventually(() => assert.equal(lost, 1));
  await page.waitForFunction(() => !document.querySelector('#code')); // the browser’s page of a lost connection
  await page.reload().catch(() => {}); // the browser's own page offers to send the form again
  await bea.at('/settings/me');
  bea.faults = bea.faults.filter((fault) => !/ERR_CONNECTION_RESET/.test(fault));
  await see('in, after all');

  // A second tab is in at once.
  const second = await bea.context.newPage();
  await second.goto(`${app.url}/login`);
  await second.waitForURL('**/settings/me');
  await second.close();

  // Lunch took long. She is told why, and is back where she was.
  await bea.go('/settings/office/general');
  await app.sql(`update sessions set last_seen_at = now() - interval '31 minutes'
    where user_id in (select id from users where username = 'bea')`);
  await page.reload();
  await bea.at('/login');
  await bea.reads('You were logged out because nothing happened for 30 minutes.');
  await see('a session that ended');
  await type('Password', office.password);
  await keyboard.press('Enter');
  await bea.at('/login/code');
  await type('Verification code', await app.latestCode(number, 4));
  await keyboard.press('Enter');
  await bea.at('/settings/office/general');
  await see('back where she was');
});
