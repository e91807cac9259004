// Signing in with a text message: choosing it, confirming a number that the office registered, and every day after.
import assert from 'node:assert/strict';
import { eventually, sleep } from './lib/eventually.mjs';
import { officeWithTwoFactor, setup } from './lib/scenario.mjs';
import { notThis } from './lib/tools.mjs';

const { scenario } = setup();

// One office with the setting on serves this file; each scenario has a user of its own.
let office;
const enter = async (fixture, username, options) => {
  const somebody = await fixture.browserUser(options);
  await somebody.enterPassword(office, username);
  return somebody;
};

scenario('an office with the setting on', async (fixture) => {
  ({ office } = await officeWithTwoFactor(fixture, {
    ann: 'accountant',
    nora: 'user',
    uma: 'user',
    una: 'user',
    carl: 'user',
    cora: 'user',
    lena: 'user',
    rick: 'user',
    fred: 'user',
  }));
});

scenario(
  'a user without a method chooses text messages, proves a number, and is in without a second code',
  async (fixture) => {
    const { app } = fixture;
    const number = app.newNumber();
    const nora = await enter(fixture, 'nora');
    await nora.at('/login/method');
    // Nothing but the second step can be reached.
    for (const path of ['/settings/me', '/settings/me/number', '/settings/office/general', '/']) {
      await nora.go(path);
      await nora.at('/login/method');
    }
    await nora.field('Text message (SMS)').check();
    await nora.button('Continue').click();
    await nora.at('/login/number');
    await nora.enterNumber(number);
    await nora.at('/login/code');
    const code = await app.latestCode(number);
    await nora.go('/settings/me');
    await nora.at('/login/code');
    await nora.enterCode(code);
    await nora.reads(/confirmed and saved/);
    assert.equal((await nora.keepRecoveryCodes()).length, 10, 'ten recovery codes beside the first number');
    const text = await nora.text();
    assert.ok(text.replace(/[\s-]/g, '').includes(number), 'the number is shown');
    assert.match(text, /\bconfirmed\b/);
    assert.doesNotMatch(text, /not confirmed/);
    assert.equal((await app.messages(number)).length, 1);

    await nora.logOut();
    await nora.enterPassword(office, 'nora');
    await nora.at('/login/code');
    await nora.enterCodeFrom(number, 2);
    await nora.at('/settings/me');
  },
);

scenario('a number is saved only once it is proven', async (fixture) => {
  const { app } = fixture;
  const [abandoned, kept] = [app.newNumber(), app.newNumber()];
  const una = await enter(fixture, 'una');
  await una.chooseMethod('Text message (SMS)');
  await una.at('/login/number');
  await una.enterNumber(abandoned);
  await una.at('/login/code');
  await app.latestCode(abandoned);
  const again = await enter(fixture, 'una');
  await again.at('/login/method');
  await again.enrolNumber(kept);
  assert.ok((await again.text()).replace(/[\s-]/g, '').includes(kept));
});

scenario(
  'a number that the office registered is shown with its country code and last four digits, and confirmed by its code',
  async (fixture) => {
    const { app } = fixture;
    const number = app.newNumber();
    const ann = await enter(fixture, 'ann');
    await ann.enrolNumber();
    await ann.link('Users').click();
    await ann.link('Uma Tester').click();
    await ann.field('Mobile number').fill(number);
    await ann.button('Save').click();
    await ann.reads('not confirmed');

    const uma = await enter(fixture, 'uma');
    await uma.at('/login/check');
    const text = (await uma.page.locator('main').innerText()).replace(/\s+/g, ' ');
    assert.ok(text.includes(number.slice(-4)), 'the last four digits');
    assert.match(text, /\+31/);
    assert.ok(!text.replace(/\s/g, '').includes(number.slice(3, -4)), 'only the password is proven yet');
    assert.deepEqual(await app.messages(number), [], 'nothing is sent before Continue');
    await uma.page.reload();
    assert.deepEqual(await app.messages(number), []);
    assert.ok(await uma.link(/another number/i).isVisible());
    assert.ok(await uma.link(/authenticator app/i).isVisible());
    await uma.button('Continue').click();
    await uma.at('/login/code');
    await uma.enterCodeFrom(number);
    await uma.keepRecoveryCodes();
    assert.doesNotMatch(await uma.text(), /not confirmed/);
  },
);

scenario(
  'a confirmed number gets its code at once, and a wrong code keeps the page and tells the tries left',
  async (fixture) => {
    const { app } = fixture;
    const number = app.newNumber();
    const carl = await enter(fixture, 'carl');
    await carl.enrolNumber(number);
    await carl.logOut();
    await carl.enterPassword(office, 'carl');
    await carl.at('/login/code');
    const code = await app.latestCode(number, 2);
    carl.expectRefusal('/login/code');

    const input = carl.field('Verification code');
    assert.equal(await input.getAttribute('autocomplete'), 'one-time-code');
    assert.equal(await input.getAttribute('inputmode'), 'numeric');
    assert.ok(await input.evaluate((element) => element === document.activeElement), 'the code can be typed at once');
    assert.doesNotMatch(await carl.text(), new RegExp(number.slice(-4)), 'masked to the last two digits');
    for (const left of [4, 3]) {
      await carl.enterCode(notThis(code, left));
      await carl.reads(new RegExp(`\\b${left} tries left`));
      await carl.at('/login/code');
    }
    await carl.enterCode('12');
    await carl.alert.first().waitFor();
    await carl.reads(/six digits/);

    // Reloading never sends, and neither does going back and forth.
    await carl.go('/login/code');
    for (let i = 0; i < 3; i++) await carl.page.reload();
    await carl.go('/login/second-step');
    await carl.go('/');
    await carl.link('Try another way').click();
    await carl.at('/login/ways');
    await carl.link('Back').click();
    await carl.at('/login/code');
    assert.equal((await app.messages(number)).length, 2);

    await carl.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: app.url });
    await carl.page.evaluate((text) => navigator.clipboard.writeText(text), `${code.slice(0, 3)} ${code.slice(3)}`);
    await input.focus();
    await carl.page.keyboard.press('ControlOrMeta+V');
    assert.equal(await input.inputValue(), `${code.slice(0, 3)} ${code.slice(3)}`);
    await carl.button('Verify').click();
    await carl.at('/settings/me');
  },
);

scenario('a code works once, and only in the log-in it was made for', async (fixture) => {
  const { app } = fixture;
  const number = app.newNumber();
  const cora = await enter(fixture, 'cora');
  await cora.enrolNumber(number);
  const [one, two] = [await enter(fixture, 'cora'), await enter(fixture, 'cora')];
  const codeOfTwo = await eventually(async () => {
    const sent = (await app.messages(number)).map((body) => /#(\d{6})$/.exec(body)[1]);
    assert.equal(sent.length, 3);
    return sent;
  });
  // Messages may overtake each other: try whichever code is not for the first browser, which refuses it.
  one.expectRefusal('/login/code');
  two.expectRefusal('/login/code');
  await one.enterCode(codeOfTwo[0]);
  await one.reads(/4 tries left/);
  await one.enterCode(codeOfTwo[1]);
  const oneIsIn = await eventually(async () => {
    if (one.path === '/settings/me') return true;
    assert.match(await one.text(), /3 tries left/);
    return false;
  });
  const [first, second] = oneIsIn ? [one, two] : [two, one];
  if (!oneIsIn) {
    await first.enterCode(codeOfTwo[1]);
    await first.at('/settings/me');
  }
  await second.enterCode(codeOfTwo[1]);
  await second.reads(/tries left/);
  await second.enterCode(codeOfTwo[2]);
  await second.at('/settings/me');
});

scenario('five wrong codes end the log-in', async (fixture) => {
  const { app } = fixture;
  const number = app.newNumber();
  const fred = await enter(fixture, 'fred');
  await fred.enrolNumber(number);
  await fred.logOut();
  await fred.enterPassword(office, 'fred');
  await fred.at('/login/code');
  const code = await app.latestCode(number, 2);
  fred.expectRefusal('/login/code');
  for (const left of [4, 3, 2]) {
    await fred.enterCode(notThis(code, left));
    await fred.reads(new RegExp(`\\b${left} tries left`));
  }
  await fred.enterCode(notThis(code, 1));
  await fred.reads(/\b1 try left/);
  await fred.enterCode(notThis(code, 9));
  await fred.at('/login');
  await fred.reads(/five codes were wrong/i);
  await fred.go('/login/code');
  await fred.at('/login');

  // The next log-in works, and tells of what happened.
  await fred.enterPassword(office, 'fred');
  await fred.at('/login/code');
  await fred.enterCodeFrom(number, 3);
  await fred.at('/settings/me');
  await fred.reads(/five wrong codes/i);
});

scenario('the live line does not overtake the answer to a code, and the recovery codes are seen', async (fixture) => {
  const number = fixture.app.newNumber();
  const lena = await enter(fixture, 'lena');
  await lena.page.route('**/login/code', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    const answer = await route.fetch({ maxRedirects: 0 });
    await sleep(3000); // the line asks every second, and its session is over now
    return route.fulfill({ response: answer });
  });
  await lena.enrolNumber(number);
});

scenario(
  'the live line reaches a final state, Resend is offered after 30 seconds with the same code, ' +
    'and then nothing asks any more',
  async (fixture) => {
    const { app } = fixture;
    const number = app.newNumber();
    const rick = await enter(fixture, 'rick');
    await rick.enrolNumber(number);
    await rick.logOut();
    await rick.enterPassword(office, 'rick');
    await rick.at('/login/code');
    const began = Date.now();
    const asked = () => rick.requests.filter(({ path }) => path === '/login/message').length;
    const resend = rick.button('Resend code');
    assert.ok(!(await resend.isVisible()), 'not offered yet');
    await rick.reads(/Resend code in/);
    await rick.reads('Delivered');
    await eventually(async () => assert.ok(asked() > 0, 'the line is live'));
    const line = rick.page.locator('[aria-live="polite"]').filter({ hasText: 'Delivered' });
    assert.equal(await line.locator('[data-countdown]').count(), 0, 'the countdown stands outside the live region');
    for (const { path, url } of rick.requests.filter(({ path }) => path.startsWith('/login/message'))) {
      assert.equal(url, app.url + path, 'the fragment takes no id');
    }
    await resend.waitFor({ timeout: 32_000 });
    const waited = (Date.now() - began) / 1000;
    assert.ok(waited > 25 && waited < 33, `offered after ${waited} s`);
    await sleep(1500);
    const before = asked();
    await sleep(2500);
    assert.equal(asked(), before, 'the message is final and Resend is open: nothing asks any more');

    await resend.click();
    await eventually(async () => assert.equal((await app.messages(number)).length, 3));
    const [, first, second] = (await app.messages(number)).map((body) => /#(\d{6})$/.exec(body)[1]);
    assert.equal(second, first, 'the same code');
    assert.ok(!(await resend.isVisible()), 'offered again only later');
    await rick.at('/login/code');
    await rick.reads('Delivered');
    await rick.enterCode(first);
    await rick.at('/settings/me');
    await sleep(1500);
    const over = asked();
    await sleep(1500);
    assert.equal(asked(), over);
  },
  { timeout: 120_000 },
);

scenario('the demo phone shows each message as it was sent', async (fixture) => {
  const { app } = fixture;
  const somebody = await fixture.browserUser();
  const nora = await enter(fixture, 'una');
  await nora.at('/login/code');
  await nora.page.close();
  await somebody.go('/demo/phone');
  const code = await eventually(async () => {
    const texts = await somebody.page.locator('li[data-to] p:first-child').allInnerTexts();
    assert.ok(texts.length > 0);
    const lines = texts.at(-1).trim().split('\n');
    const [, last] =
      /^(\d{6}) is your Nightlatch verification code\. It is valid for [1-5] minutes?\.$/.exec(lines[0]) ??
      assert.fail(lines[0]);
    assert.equal(lines.at(-1), `@localhost #${last}`);
    assert.ok(texts.at(-1).length <= 160, 'one segment');
    return last;
  });
  assert.match(code, /^\d{6}$/);

  // A message that arrives shows by itself.
  const shown = await somebody.page.locator('li[data-to]').count();
  const carl = await enter(fixture, 'carl');
  await carl.at('/login/code');
  await eventually(async () => assert.equal(await somebody.page.locator('li[data-to]').count(), shown + 1));
});
