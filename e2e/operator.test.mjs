// Operators: made on the command line, in with an app's code, and the page of the job queue, which is theirs alone.
import assert from 'node:assert/strict';
import { accessible } from './lib/axe.mjs';
import { eventually } from './lib/eventually.mjs';
import { enter, newOperator } from './lib/operator.mjs';
import { setup } from './lib/scenario.mjs';

const { scenario } = setup();
let phone;

scenario('an operator signs in with username, password and the code of an app', async ({ app, browserUser }) => {
  phone = await newOperator(app, 'ops');
  const ops = await browserUser();
  await ops.go('/operator/login');
  for (const label of ['Username', 'Password', 'Verification code'])
    assert.equal(await ops.field(label).count(), 1, label);
  const code = ops.field('Verification code');
  assert.equal(await code.getAttribute('autocomplete'), 'one-time-code');
  assert.equal(await code.getAttribute('inputmode'), 'numeric');
  await enter(ops, 'ops', { code: await phone.code() });
  await ops.at('/operator');
  await ops.go('/operator/history');
  await ops.reads('The command line created the operator ops');
  for (const name of ['Overview', 'Why is this user waiting?', 'Jobs', 'Offices', 'History'])
    assert.equal(await ops.link(name).count(), 1, name);

  await ops.go('/settings/me');
  await ops.at('/operator');
  await ops.button('Log out').click();
  await ops.at('/operator/login');
  await ops.reads('You are logged out.');

  // The same code again is as wrong as a wrong one, and the page asks for the next.
  await enter(ops, 'ops', { code: phone.lastCode() });
  await ops.at('/operator/login/code');
  await ops.reads('That code is not right.');
  await ops.enterCode(await phone.code());
  await ops.at('/operator');
});

scenario(
  'a wrong password is told as at the other door, and without a code the app is asked for alone',
  async ({ app, browserUser }) => {
    const app2 = await newOperator(app, 'second');
    const ops = await browserUser();
    ops.expectRefusal('/operator/login', '/operator/login/code');
    await enter(ops, 'second', { pass: 'not the password at all' });
    await ops.reads('That did not match.');
    await enter(ops, 'second');
    await ops.at('/operator/login/code');
    await ops.go('/operator/jobs');
    await ops.at('/operator/login/code');
    await ops.go('/login/app/setup');
    await ops.at('/operator/login/code');
    await ops.enterCode(app2.wrongCode());
    await ops.reads('You have 4 tries left.');
    await ops.enterCode(await app2.code());
    await ops.at('/operator');
  },
);

scenario(
  'the page of the queue opens for an operator, hides arguments and breaks no policy; nobody else sees a byte of it',
  async ({ app, browserUser }) => {
    const office = await app.office({ boss: 'superuser' });
    const boss = await browserUser();
    await boss.logIn(office, 'boss');
    await boss.activate();
    await boss.enrolNumber();
    boss.expectRefusal('/operator/jobs', '/operator/jobs/');
    for (const path of ['/operator/jobs', '/operator/jobs/']) {
      assert.equal((await boss.go(path)).status(), 404, `a superuser at ${path}`);
      assert.doesNotMatch(await boss.page.content(), /River|send_code|jobs\/api/);
    }

    const app2 = await newOperator(app, 'queue');
    const ops = await browserUser({ viewport: { width: 1280, height: 900 } });
    await enter(ops, 'queue', { code: await app2.code() });
    await ops.at('/operator');
    await ops.link('Jobs').click();
    await ops.at('/operator/jobs/jobs');
    await ops.go('/operator/jobs/jobs?state=completed');
    const job = ops.page.getByText('send_code').first();
    await job.waitFor();
    assert.doesNotMatch(await ops.text(), /challenge_id/, 'the list shows arguments');
    await ops.photograph(new URL('./out', import.meta.url).pathname, 'jobs');

    // A retry is written down.
    await job.click();
    await ops.at(/^\/operator\/jobs\/jobs\/\d+$/);
    const id = ops.path.split('/').at(-1);
    await ops.reads('challenge_id');
    assert.doesNotMatch(await ops.text(), /\d{9}/, 'a number or more than an id');
    await ops.button('Retry').click();
    await eventually(async () =>
      assert.ok(ops.requests.some(({ method, path }) => method === 'POST' && path === '/operator/jobs/api/jobs/retry')),
    );
    await ops.page.evaluate(() => {
      localStorage.clear();
      sessionStorage.clear();
    }); // River UI remembers where one scrolled
    await ops.go('/operator/history');
    await ops.reads(`POST /jobs/retry ${id}`);
    // A library of River UI's tries once whether eval is allowed, is told no, and goes on without: the policy stays as
    // it is.
    ops.faults = ops.faults.filter((fault) => fault !== 'console: content security policy: script-src eval ()');
  },
);

scenario("axe finds nothing on the operators' pages, in light and in dark", async ({ app, browserUser }) => {
  const name = 'axe',
    app2 = await newOperator(app, name),
    ops = await browserUser();
  const look = (what) => accessible(ops.page, what);
  await ops.go('/operator/login');
  await look('the log-in');
  ops.expectRefusal('/operator/login', '/operator/login/code');
  await enter(ops, name, { pass: 'wrong' });
  await look('the log-in refused');
  await enter(ops, name);
  await ops.at('/operator/login/code');
  await look('the code');
  await ops.enterCode(app2.wrongCode());
  await look('the code refused');
  await ops.enterCode(await app2.code());
  await ops.at('/operator');
  await ops.go('/operator/history');
  await look('the history');
});

scenario('at 360 px in Dutch nothing scrolls sideways and no English is left', async ({ app, browserUser }) => {
  const app2 = await newOperator(app, 'dutch');
  const ops = await browserUser({ locale: 'nl-NL', viewport: { width: 360, height: 740 } });
  const fits = async (what) => {
    assert.equal(await ops.page.locator('html').getAttribute('lang'), 'nl', what);
    assert.ok(
      (await ops.page.evaluate(() => document.documentElement.scrollWidth)) <= 360,
      `${what} is wider than 360 px`,
    );
    assert.doesNotMatch(await ops.text(), /\b(the|your|Overview|Offices|History|Log out|Operator)\b/, what);
  };
  await ops.go('/operator/login');
  await fits('the log-in');
  await enter(ops, 'dutch');
  await ops.at('/operator/login/code');
  await fits('the code');
  await ops.page.locator('[name=code]').fill(await app2.code());
  await ops.page.locator('main form button.wide').click();
  await ops.at('/operator');
  await ops.go('/operator/history');
  await fits('the history');
  await ops.photograph(new URL('./out', import.meta.url).pathname, 'operator-360');
  // The language is changed here as well.
  await ops.page.locator('main .menu summary').click();
  await ops.button('English').click();
  await ops.at('/operator/history');
  assert.equal(await ops.page.locator('html').getAttribute('lang'), 'en');
});
