// The code page over time: what is true is said in one sentence, and readers are told it once.
import assert from 'node:assert/strict';
import { accessible } from './lib/axe.mjs';
import { listen } from './lib/announcements.mjs';
import { digits } from './lib/app.mjs';
import { eventually, sleep } from './lib/eventually.mjs';
import { officeWithTwoFactor, setup } from './lib/scenario.mjs';

const { scenario } = setup();

let office;
scenario('an office with the setting on', async (fixture) => {
  const roles = { ada: 'user', bob: 'user', cas: 'user', dot: 'user', eve: 'user' };
  ({ office } = await officeWithTwoFactor(fixture, roles));
});

const enter = async (fixture, username, options) => {
  const somebody = await fixture.browserUser(options);
  await somebody.enterPassword(office, username);
  return somebody;
};
const failed = (app, username, reason = 'number') =>
  app.sql(`update messages set state = 'failed', reason = '${reason}', final = true where challenge_id in
    (select c.id from challenges c join users u on u.id = c.user_id where u.username = '${username}')`);

scenario('who typed a number sees it whole, each state is told once, and nothing else changes', async (fixture) => {
  const { app } = fixture;
  const ada = await enter(fixture, 'ada');
  const number = app.newNumber();
  const told = await listen(ada.page, '/login/code');
  await ada.chooseMethod('Text message (SMS)');
  await ada.enterNumber(number);
  await ada.at('/login/code');
  const line = ada.page.getByRole('status').first();
  assert.equal(digits(await line.innerText()).slice(0, 11), digits(number), 'whole, to check it');
  const region = await line.elementHandle();
  await ada.reads('Delivered');
  await sleep(3500); // three polls of a page that shows what is true
  assert.ok(await region.evaluate((e) => e.isConnected), 'the live region stayed');
  const { sentences, quiet } = await told();
  assert.deepEqual(
    sentences.filter((s, i) => sentences.indexOf(s) !== i),
    [],
    'nothing is told twice',
  );
  assert.match(sentences.at(-1), /^Delivered to \+31 .* at \d\d:\d\d$/);
  assert.ok(sentences.length <= 2, `one sentence a state: ${sentences}`);
  assert.ok(quiet >= 2, `${quiet} answers had nothing to say, and changed nothing`);
  await accessible(ada.page, 'the code page');
  await ada.enterCodeFrom(number);
  await ada.keepRecoveryCodes();
  await ada.logOut();
  await ada.enterPassword(office, 'ada');
  await ada.at('/login/code');
  assert.ok(!digits(await ada.page.locator('main').innerText()).includes(number.slice(3, -2)), 'masked at a log-in');
});

scenario('“Not received?” holds what can be done, and opens when a message may be asked for', async (fixture) => {
  const { app } = fixture;
  const bob = await enter(fixture, 'bob');
  await bob.chooseMethod('Text message (SMS)');
  await bob.enterNumber(app.newNumber());
  await bob.at('/login/code');
  const ways = bob.page.locator('details', { hasText: 'Not received?' });
  assert.equal(await ways.getAttribute('open'), null, 'closed while the message is young');
  await ways.locator('summary').click();
  await bob.link('Use another number').waitFor();
  assert.ok(!(await bob.button('Resend code').isVisible()), 'not yet');
  await app.sql(`update challenges set asked_at = asked_at - interval '28 seconds'`);
  await bob.page.reload();
  await bob.button('Resend code').waitFor();
  await accessible(bob.page, 'what else can be done');
});

scenario('a message that cannot arrive makes another page, whose first button works', async (fixture) => {
  const { app } = fixture;
  const cas = await enter(fixture, 'cas');
  await cas.chooseMethod('Text message (SMS)');
  await cas.enterNumber(app.newNumber());
  await cas.at('/login/code');
  await failed(app, 'cas');
  const head = cas.page.getByRole('heading', { level: 1 });
  await eventually(async () => assert.equal(await head.innerText(), 'We could not send you a text message'));
  const page = await cas.page.locator('main').innerText();
  assert.equal(await cas.page.locator('[name=code]').count(), 0, 'no code can come');
  assert.doesNotMatch(page, /until|Resend code in|Resend code/);
  await accessible(cas.page, 'a message that cannot arrive');
  await cas.page.locator('main .button').first().click();
  await cas.at('/login/number');
  await cas.go('/login/code');
  await failed(app, 'cas', 'account');
  await cas.page.reload();
  await cas.page.locator('main .button').first().click();
  await cas.at('/login/app/setup');
});

scenario('who has another way is offered it first, also in settings', async (fixture) => {
  const { app } = fixture;
  const dot = await enter(fixture, 'dot');
  const number = await dot.enrolNumber();
  await dot.logOut();
  await dot.enterPassword(office, 'dot');
  await dot.at('/login/code');
  await failed(app, 'dot');
  await dot.page.reload();
  await dot.page.locator('main .button').first().click();
  await dot.at('/login/recovery');
  await dot.go('/login/code');
  await app.sql(`update messages set state = 'delivered', reason = '' where state = 'failed'`);
  await dot.page.reload();
  await dot.enterCodeFrom(number, 2);
  await dot.at('/settings/me');
  await app.sql(`update sessions set second_factor_at = now() - interval '1 hour' where second_factor_at is not null`);
  await dot.go('/settings/me/number');
  await dot.at('/settings/confirm');
  await dot.button(/text message|send/i).first().click();
  await dot.at('/settings/confirm/code');
  await failed(app, 'dot');
  await eventually(async () =>
    assert.equal(await dot.page.locator('h1').innerText(), 'We could not send you a text message'),
  );
  assert.match(dot.page.url(), /next=\/settings\/me\/number$/, 'and still knows where to go on');
  await dot.page.locator('main .button').first().click();
  await dot.at('/settings/confirm/recovery');
});

scenario('a line that is put away while it asks is not missed, and breaks nothing', async (fixture) => {
  const eve = await enter(fixture, 'eve');
  await eve.enrolNumber();
  await eve.logOut();
  await eve.enterPassword(office, 'eve');
  await eve.at('/login/code');
  const { page } = eve;
  for (const answer of [{ status: 200, body: '<p>news</p>' }, { status: 502, body: '' }, null]) {
    await page.reload();
    const asked = new Promise((tell) => page.route('**/login/message*', tell));
    const route = await asked;
    await eve.whileBroken(async () => {
      await page.locator('#message-line').evaluate((line) => line.remove());
      const over = page.evaluate(
        () => new Promise((tell) => document.addEventListener('htmx:finally:request', () => tell(), { once: true })),
      );
      await (answer ? route.fulfill(answer) : route.abort('internetdisconnected'));
      await over;
      assert.equal(await page.locator('#toasts .error').count(), 0);
    });
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  }
});
