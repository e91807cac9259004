// The door itself: who is let in, what the browser keeps, what a page gives away.
import assert from 'node:assert/strict';
import { officeWithTwoFactor, setup } from './lib/scenario.mjs';

const { scenario } = setup();

scenario('a wrong office, user or password gives one and the same answer', async ({ app, browserUser }) => {
  const somebody = await browserUser();
  somebody.expectRefusal('/login');
  const answers = [];
  for (const [office, username, password] of [
    ['NOBODY', 'user-new', app.password],
    ['DEMO', 'nobody', app.password],
    ['DEMO', 'user-new', 'wrong'],
  ]) {
    await somebody.go('/login');
    await somebody.enterOffice(office);
    await somebody.field('Username').fill(username);
    await somebody.field('Password').fill(password);
    const [answer] = await Promise.all([
      somebody.page.waitForResponse((response) => response.request().method() === 'POST'),
      somebody.button('Log in').click(),
    ]);
    await somebody.page.waitForLoadState();
    answers.push({ status: answer.status(), text: await somebody.page.locator('main').innerText() });
    assert.equal(await somebody.field('Office code').inputValue(), office, 'what was typed is still there');
    assert.equal(await somebody.field('Username').inputValue(), username);
    assert.equal(await somebody.field('Password').inputValue(), '');
  }
  assert.deepEqual(answers[1], answers[0]);
  assert.deepEqual(answers[2], answers[0]);
});

scenario(
  'with the setting off the password is enough, whatever the office code’s case',
  async ({ app, browserUser }) => {
    const somebody = await browserUser();
    await somebody.logIn({ ...app.demo, code: 'demo' }, 'USER-new');
    await somebody.go('/login');
    await somebody.at('/settings/me');
    await somebody.go('/');
    await somebody.at('/settings/me');
  },
);

scenario('every cookie has the __Host- prefix and is Secure, HttpOnly and SameSite', async (fixture) => {
  const { office } = await officeWithTwoFactor(fixture, { una: 'user' });
  const una = await fixture.browserUser();
  const check = async (where) => {
    const cookies = await una.context.cookies();
    assert.ok(cookies.length > 0, where);
    for (const cookie of cookies) {
      assert.match(cookie.name, /^__Host-/, where);
      assert.equal(cookie.secure, true, cookie.name);
      // The browser's time zone is told by the page's script, and is no secret.
      assert.equal(cookie.httpOnly, cookie.name !== '__Host-nightlatch-zone', cookie.name);
      assert.match(cookie.sameSite, /^(Lax|Strict)$/, cookie.name);
      assert.equal(cookie.path, '/');
      assert.equal(cookie.domain, 'localhost');
    }
    return Object.fromEntries(cookies.map(({ name, value }) => [name, value]));
  };
  await una.go('/login');
  await check('at the log-in');
  await una.enterPassword(office, 'una');
  const pending = await check('after the password');
  await una.enrolNumber();
  const signedIn = await check('after the code');
  await una.logOut();
  const after = await check('after logging out');
  const session = '__Host-nightlatch';
  assert.ok(signedIn[session], 'a session has a cookie of its own');
  assert.notEqual(pending[session], signedIn[session], 'a second factor gives a new session token');
  assert.ok(!after[session], 'and logging out takes it away');
});

scenario('every page carries the headers that keep it private', async (fixture) => {
  const { app } = fixture;
  const somebody = await fixture.browserUser();
  for (const path of ['/login', '/demo/phone']) {
    const headers = (await somebody.go(path)).headers();
    assert.match(headers['content-security-policy'], /script-src 'self'/);
    assert.doesNotMatch(headers['content-security-policy'], /unsafe|\*/);
    assert.match(headers['content-security-policy'], /frame-ancestors 'none'/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.match(headers['cache-control'], /no-store/);
  }
  assert.ok(app.url);
});

scenario('a form sent from another site changes nothing', async ({ app, browserUser }) => {
  const user = await browserUser();
  await user.logIn(app.demo, 'user-new');
  const answer = await user.context.request.post(`${app.url}/logout`, {
    headers: { Origin: 'https://elsewhere.example', 'Sec-Fetch-Site': 'cross-site' },
    maxRedirects: 0,
  });
  assert.equal(answer.status(), 403);
  await user.page.reload();
  await user.at('/settings/me');
});

scenario('pages that do not exist, and the second step without a log-in', async ({ browserUser }) => {
  const somebody = await browserUser();
  somebody.expectRefusal('/nowhere', '/settings/nowhere');
  assert.equal((await somebody.go('/nowhere')).status(), 404);
  await somebody.reads(/does not exist/);
  for (const path of [
    '/login/code',
    '/login/method',
    '/login/number',
    '/login/app/setup',
    '/login/recovery',
    '/settings/me',
    '/settings/office/general',
    '/settings/users',
  ]) {
    await somebody.go(path);
    await somebody.at('/login');
  }
});

scenario(
  'a fragment asked for after the session ended sends the whole page to the log-in',
  async ({ app, browserUser }) => {
    const superuser = await browserUser();
    await superuser.logIn(app.demo, 'superuser');
    await superuser.go('/settings/office/general');
    superuser.expectRefusal('/settings/office/general/switch');
    await superuser.context.clearCookies({ name: /nightlatch$/ });
    await superuser.switch.click();
    await superuser.at('/login');
    assert.equal(await superuser.page.locator('h1').count(), 1, 'a whole page, not one inside another');
  },
);
