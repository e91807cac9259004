// Settings: one's own, and those of the office's users; who may do what.
import assert from 'node:assert/strict';
import { eventually } from './lib/eventually.mjs';
import { officeWithTwoFactor, setup } from './lib/scenario.mjs';

const { scenario } = setup();

let office, boss;
const enter = async (fixture, username, options) => {
  const somebody = await fixture.browserUser(options);
  await somebody.enterPassword(office, username);
  return somebody;
};
const openUser = async (browserUser, name) => {
  await browserUser.go('/settings/users');
  await browserUser.link(name).click();
  await browserUser.at(/^\/settings\/users\/\d+$/);
};
/** What the list of users says about one of them. */
const inList = async (browserUser, name) => {
  await browserUser.go('/settings/users');
  return (await browserUser.page.getByRole('row').filter({ hasText: name }).innerText()).replace(/\s+/g, ' ');
};
const post = (browserUser, path, form = {}) =>
  browserUser.context.request.post(browserUser.app.url + path, {
    form,
    maxRedirects: 0,
    headers: { Origin: browserUser.app.url, 'Sec-Fetch-Site': 'same-origin' },
  });
const compact = (text) => text.replace(/[\s-]/g, '');

// The superuser and the accountant keep their sessions from scenario to scenario, so they are let in here and leave
// with the browser.
let ann;
scenario('an office with the setting on', async (fixture) => {
  const staying = { ...fixture, browserUser: (options) => fixture.browserUser({ ...options, stays: true }) };
  ({ office, boss } = await officeWithTwoFactor(staying, {
    ann: 'accountant',
    otto: 'user',
    mila: 'user',
    rose: 'user',
    sam: 'user',
    cleo: 'user',
    rex: 'user',
    second: 'superuser',
  }));
  ann = await staying.browserUser();
  await ann.enterPassword(office, 'ann');
  await ann.enrolNumber();
});

scenario('in My settings the office’s setting is greyed out and says why', async () => {
  for (const somebody of [ann, boss]) {
    await somebody.go('/settings/me');
    assert.ok(await somebody.switch.isDisabled());
    assert.equal((await somebody.switch.innerText()).trim(), 'Yes');
    await somebody.switch.click({ force: true });
    assert.equal(await somebody.switch.getAttribute('aria-checked'), 'true');
    const described = await somebody.switch.evaluate((element) =>
      element
        .getAttribute('aria-describedby')
        .split(' ')
        .map((id) => document.getElementById(id).textContent)
        .join(' '),
    );
    assert.match(described, /superuser/i, 'a line that says so');
  }
});

scenario(
  'an accountant registers a number for a user without a confirmed factor, and may correct it',
  async ({ app }) => {
    const [wrong, right] = [app.newNumber(), app.newNumber()];
    await openUser(ann, 'Otto Tester');
    assert.ok(await ann.switch.isDisabled(), 'the office’s setting is not changed here either');
    for (const number of [wrong, right]) {
      ann.keepSecret(number);
      await ann.field('Mobile number').fill(number);
      await ann.button('Save').click();
      await eventually(async () => assert.ok((await ann.text()).includes(number.slice(-2))));
      await ann.reads('not confirmed');
      const shows = async () => compact(await ann.text()).includes(number.slice(3, -2));
      assert.ok(await shows(), 'whole once, for who typed it');
      await ann.go(ann.path);
      assert.ok(!(await shows()), 'then masked to the last two digits for everybody but the owner');
    }
    assert.match(await inList(ann, 'Otto Tester'), /not confirmed/);
    assert.deepEqual(await app.messages(right), [], 'registering sends nothing');
  },
);

scenario('an accountant cannot touch a confirmed factor, nor a superuser', async (fixture) => {
  const { app } = fixture;
  const mila = await enter(fixture, 'mila');
  const number = await mila.enrolNumber();
  for (const name of ['Mila Tester', 'Boss Tester', 'Second Tester']) {
    await openUser(ann, name);
    assert.equal(await ann.field('Mobile number').count(), 0, `no field for ${name}`);
    assert.equal(await ann.link('Reset').count(), 0, `no reset for ${name}: an accountant may only ask for one`);
    const other = app.newNumber();
    const answer = await post(ann, ann.path + '/number', { number: other, country: 'NL' });
    assert.ok(answer.status() >= 400, `POST a number of ${name}: ${answer.status()}`);
    assert.equal((await post(ann, ann.path + '/reset')).status(), 403, `POST a reset of ${name}`);
  }
  await mila.page.reload();
  await mila.at('/settings/me');
  assert.ok(compact(await mila.text()).includes(number), 'the number is as it was');
  // A superuser cannot replace a confirmed number by registering another one either: that is a reset.
  await openUser(boss, 'Mila Tester');
  assert.equal(await boss.field('Mobile number').count(), 0);
  assert.ok((await post(boss, boss.path + '/number', { number: app.newNumber(), country: 'NL' })).status() >= 400);
});

scenario(
  'a user reaches neither the users nor the office’s settings, and nobody reaches another office',
  async (fixture) => {
    const { app } = fixture;
    const sam = await enter(fixture, 'sam');
    await sam.enrolNumber();
    assert.equal(await sam.link('Users').count(), 0);
    await openUser(boss, 'Sam Tester');
    const user = boss.path;
    sam.expectRefusal('/settings/users', user, '/settings/office/history');
    for (const path of ['/settings/users', user, '/settings/office/history']) {
      assert.equal((await sam.go(path)).status(), 403, path);
    }
    const elsewhere = await app.office({ chief: 'superuser' });
    const chief = await fixture.browserUser();
    await chief.logIn(elsewhere, 'chief');
    chief.expectRefusal(user);
    assert.equal((await chief.go(user)).status(), 404);
    for (const path of [`${user}/number`, `${user}/reset`]) {
      assert.equal((await post(chief, path, { number: app.newNumber(), country: 'NL' })).status(), 404, path);
    }
  },
);

scenario('the list of users says what each proves the second step with', async (fixture) => {
  assert.match(await inList(boss, 'Boss Tester'), /Superuser.*authenticator app/);
  assert.match(await inList(boss, 'Ann Tester'), /Accountant.*confirmed number/);
  assert.match(await inList(boss, 'Otto Tester'), /User.*number not confirmed/);
  assert.match(await inList(boss, 'Rose Tester'), /User.*no method yet/);
  const rose = await enter(fixture, 'rose');
  await rose.enrolNumber();
  assert.match(await inList(boss, 'Rose Tester'), /confirmed number/);
});

scenario('a superuser resets a second factor: sessions end, the user enrols anew and is told', async (fixture) => {
  const rex = await enter(fixture, 'rex');
  await rex.enrolNumber();
  await openUser(boss, 'Rex Tester');
  await boss.page.getByText('Reset', { exact: true }).click();
  await boss.dialog.waitFor();
  assert.match(await boss.dialog.innerText(), /Rex Tester/);
  await boss.button('Cancel').click();
  await boss.dialog.waitFor({ state: 'hidden' });
  await rex.page.reload();
  await rex.at('/settings/me');

  await boss.page.getByText('Reset', { exact: true }).click();
  await boss.button('Yes, reset the second factor').click();
  await boss.reads(/is reset/);
  assert.match(await inList(boss, 'Rex Tester'), /no method yet/);
  await rex.link('Office').click();
  await rex.at('/login');
  // The password went with the factor: a link to another came by mail.
  rex.expectRefusal('/login');
  await rex.enterOffice(office.code);
  await rex.field('Username').fill('rex');
  await rex.field('Password').fill(office.password);
  await rex.button('Log in').click();
  await rex.reads(/did not match/);
  await rex.takeNewPassword(office, 'rex');
  await rex.enrolApp();
  await rex.reads(/second factor was reset/i);
  await rex.button('I have read this').click();
  await eventually(async () => assert.doesNotMatch(await rex.text(), /second factor was reset/i));
});

scenario('nobody resets their own second factor', async () => {
  await openUser(boss, 'Boss Tester');
  assert.equal(await boss.page.getByText('Reset', { exact: true }).count(), 0);
  const answer = await post(boss, boss.path + '/reset');
  assert.ok(answer.status() >= 400, `answered ${answer.status()}`);
  await boss.go('/settings/me');
  await boss.at('/settings/me');
});

scenario('a user sees their sessions and ends another one', async (fixture) => {
  const here = await enter(fixture, 'cleo');
  const number = await here.enrolNumber();
  const there = await enter(fixture, 'cleo', {
    userAgent:
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 ' +
        '(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
  });
  await there.enterCodeFrom(number, 2);
  await there.at('/settings/me');
  await here.page.reload();
  const rows = here.page.getByRole('listitem').filter({ hasText: 'Last seen' });
  assert.equal(await rows.count(), 2);
  assert.equal(await rows.filter({ hasText: 'this session' }).count(), 1);
  assert.equal(await rows.filter({ hasText: 'this session' }).getByRole('button').count(), 0);
  const other = rows.filter({ hasText: 'iPhone' });
  await other.getByRole('button').click();
  await here.reads(/session is ended/);
  assert.equal(await rows.count(), 1);
  await there.link('Office').click();
  await there.at('/login');
  await here.page.reload();
  await here.at('/settings/me');
});

scenario('a user changes their own number by proving the new one', async (fixture) => {
  const { app } = fixture;
  const sue = await fixture.browserUser();
  const own = await app.office({ sue: 'superuser' });
  await sue.logIn(own, 'sue');
  await sue.activate();
  const first = await sue.enrolNumber();
  const second = app.newNumber();
  await sue.link(/^Change.*mobile number/).click();
  await sue.at('/settings/me/number');
  await sue.enterNumber(second);
  await sue.at('/settings/confirm/code');
  await app.latestCode(second);
  await sue.go('/settings/me');
  assert.ok(compact(await sue.text()).includes(first), 'the old number until the new one is proven');
  await sue.go('/settings/confirm/code');
  await sue.enterCodeFrom(second);
  await sue.at('/settings/me');
  assert.ok(compact(await sue.text()).includes(second));
  assert.doesNotMatch(await sue.text(), /not confirmed/);
  await sue.reads(/mobile number was changed/i);
  await sue.logOut();
  await sue.enterPassword(own, 'sue');
  await sue.at('/login/code');
  await sue.enterCodeFrom(second, 2);
  await sue.at('/settings/me');
  assert.equal((await app.messages(first)).length, 1, 'nothing goes to the old number');
});

scenario(
  'the last factor cannot be removed where the office demands one; the app can, once there is a number',
  async (fixture) => {
    await boss.go('/settings/me');
    boss.expectRefusal('/settings/me/app/remove');
    await boss.button(/^Remove/).click();
    await boss.reads(/only one/i);
    await boss.go('/settings/me');
    await boss.link('Add (Your mobile number)').click();
    await boss.at('/settings/me/number');
    const number = fixture.app.newNumber();
    await boss.enterNumber(number);
    await boss.at('/settings/confirm/code');
    await boss.enterCodeFrom(number);
    await boss.at('/settings/me');
    await boss.button(/^Remove/).click();
    await boss.reads(/app is removed/);
    await boss.link(/^Set up/).waitFor();
  },
);

scenario('new recovery codes replace the old ones', async () => {
  await boss.go('/settings/me');
  await boss.link(/^Set up/).click();
  await boss.at('/settings/me/app');
  await boss.typeKey();
  const old = await boss.keepRecoveryCodes();
  await boss.button('Make new codes').click();
  const fresh = await boss.keepRecoveryCodes();
  assert.equal(fresh.length, 10);
  assert.equal(fresh.filter((code) => old.includes(code)).length, 0);
  await boss.reads(/10 codes are left/);
});

scenario('the history tells the superuser who did what', async () => {
  await boss.go('/settings/office/history');
  const text = await boss.text();
  for (const said of [
    /boss.* activated two-factor authentication/i,
    /ann.* registered a mobile number for otto/i,
    /boss.* reset the second factor of rex/i,
  ]) {
    assert.match(text, said);
  }
  assert.doesNotMatch(text, /\+31\s?6\s?123/, 'no number in it');
});

scenario('whoever logs out is out, in this browser, also by the back button', async (fixture) => {
  const otto = await enter(fixture, 'otto');
  await otto.at('/login/check');
  await otto.button('Continue').click();
  await otto.at('/login/code');
  await otto.link('Try another way').click();
  await otto.button(/Cancel this log-in/).click();
  await otto.at('/login');
  await otto.go('/login/code');
  await otto.at('/login');
  const { cookies } = await ann.context.storageState();
  await ann.go('/settings/me');
  await ann.logOut();
  await ann.page.goBack();
  await ann.at('/login');
  await ann.context.addCookies(cookies);
  await ann.go('/settings/me');
  await ann.at('/login');
});
