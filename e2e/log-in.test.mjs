// The log-in page: what it keeps for the next time, and what it says to a browser that cannot log in.
import assert from 'node:assert/strict';
import { accessible } from './lib/axe.mjs';
import { setup } from './lib/scenario.mjs';

const { scenario } = setup();

scenario('a password can be shown, by keyboard, and is hidden when it is sent', async ({ app, browserUser }) => {
  const ann = await browserUser({ viewport: { width: 360, height: 740 } });
  const office = await app.office({ ann: 'user' });
  await ann.go('/login');
  const password = ann.page.locator('[name=password]');
  await ann.enterOffice(office.code);
  await ann.field('Username').fill('ann');
  await password.fill(office.password);
  await ann.page.keyboard.press('Tab');
  await ann.page.keyboard.press('Enter');
  const show = ann.button('Show Password');
  assert.equal(await show.getAttribute('aria-pressed'), 'true');
  assert.equal(await password.getAttribute('type'), 'text');
  await accessible(ann.page, 'a password that shows');
  const sent = await ann.page.evaluate(() => {
    let type;
    document.addEventListener('submit', () => (type = document.querySelector('[name=password]').type));
    document.querySelector('main form').addEventListener('submit', (event) => event.preventDefault());
    document.querySelector('main form').requestSubmit();
    return type;
  });
  assert.equal(sent, 'password', 'hidden again, so that the browser keeps it nowhere');
  await ann.page.reload();
  await ann.logIn(office, 'ann');
  await ann.go('/settings/me/password');
  assert.equal(await ann.page.locator('.reveal').count(), await ann.page.locator('[type=password]').count());
  assert.ok((await ann.page.locator('.reveal').count()) >= 3, 'on every field of a password');

  // The next time only the password is asked for.
  await ann.go('/settings/me');
  await ann.logOut();
  assert.equal(await ann.field('Office code').inputValue(), office.code);
  assert.equal(await ann.field('Office code').isVisible(), false, 'a line stands in its place');
  const kept = ann.page.locator('details.kept > summary');
  assert.equal((await kept.innerText()).replace(/\s+/g, ' ').trim(), `Office ${office.code} · change`);
  assert.equal(await ann.field('Username').inputValue(), 'ann');
  await ann.page.locator('[name=password]:focus').waitFor();
  await ann.page.locator('summary', { hasText: 'Lost your phone?' }).click();
  await ann.reads(/recovery code/);
  await accessible(ann.page, 'the log-in of somebody who was here');
  await kept.focus();
  await ann.page.keyboard.press('Enter');
  await ann.page.keyboard.press('Tab');
  await ann.page.locator('[name=office]:focus').waitFor();
  await accessible(ann.page, 'the log-in with another office');
});

scenario('Back to a form that was refused, and Reload, ask for nothing', async ({ app, browserUser }) => {
  const cas = await browserUser();
  const office = await app.office({ cas: 'superuser' });
  await cas.logIn(office, 'cas');
  await cas.activate();
  const number = await cas.enrolNumber();
  await cas.logOut();
  cas.expectRefusal('/login', '/login/code');
  await cas.field('Password').fill('not this one');
  await cas.button('Log in').click();
  await cas.reads('That did not match');
  await cas.page.reload();
  await cas.enterPassword(office, 'cas');
  await cas.at('/login/code');
  const code = await app.latestCode(number, 2);
  await cas.field('Verification code').fill(code === '123456' ? '654321' : '123456');
  await cas.button('Verify').click();
  await cas.reads(/4 tries left/);
  await cas.page.reload();
  await cas.field('Verification code').fill(code);
  await cas.button('Verify').click();
  await cas.at('/settings/me');
  const sent = [];
  cas.page.on('request', (request) => request.method() === 'POST' && sent.push(request.url()));
  await cas.page.goBack();
  await cas.at('/settings/me'); // the code page leads there, as who is in
  assert.equal(await cas.page.locator('h1').count(), 1, 'a page of ours');
  assert.deepEqual(sent, []);
});

scenario('a browser that keeps no cookies is told so, and no text is sent', async ({ app, browserUser }) => {
  const bea = await browserUser();
  await bea.page.route('**/login', async (route) => {
    const headers = { ...(await route.request().allHeaders()), cookie: '' };
    await route.continue({ headers });
  });
  bea.expectRefusal('/login');
  await bea.context.clearCookies();
  await bea.go('/login');
  await bea.context.clearCookies();
  await bea.enterOffice('DEMO');
  await bea.field('Username').fill('user-confirmed');
  await bea.field('Password').fill(app.password);
  await bea.button('Log in').click();
  await bea.reads(/Your browser keeps no cookies/);
  await accessible(bea.page, 'a browser without cookies');
});
