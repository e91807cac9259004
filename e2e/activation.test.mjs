// A superuser makes two-factor authentication mandatory for the whole office, and switches it off again.
import assert from 'node:assert/strict';
import { eventually } from './lib/eventually.mjs';
import { officeWithTwoFactor, setup } from './lib/scenario.mjs';

const { scenario } = setup();

const shows = (browserUser, word) =>
  eventually(async () => {
    assert.equal((await browserUser.switch.innerText()).trim(), word);
    assert.equal(await browserUser.switch.getAttribute('aria-checked'), String(word === 'Yes'));
  });

/** The superuser's draft of Yes, and the question that Save asks. */
async function askToActivate(superuser) {
  await superuser.go('/settings/office/general');
  await shows(superuser, 'No');
  await superuser.switch.click();
  await shows(superuser, 'Yes');
  await superuser.button('Save').click();
  await superuser.dialog.waitFor();
}

scenario(
  'a click on No makes it a draft of Yes, in a fragment, and nothing is active',
  async ({ app, browserUser }) => {
    const superuser = await browserUser();
    await superuser.logIn(app.demo, 'superuser');
    await superuser.go('/settings/office/general');
    await shows(superuser, 'No');
    await superuser.page.evaluate(() => {
      window.samePage = true;
    });
    await superuser.page.getByText('No', { exact: true }).click();
    await shows(superuser, 'Yes');
    assert.ok(await superuser.page.evaluate(() => window.samePage), 'the page was not loaded again');
    assert.equal(superuser.requests.at(-1).headers['hx-request'], 'true');

    const user = await browserUser();
    await user.logIn(app.demo, 'user-new');
    await user.link('Office').click();
    await user.at('/settings/office/general');

    await superuser.switch.click();
    await shows(superuser, 'No');
    await superuser.switch.click();
    await shows(superuser, 'Yes');
    await superuser.page.reload();
    await shows(superuser, 'No');
  },
);

scenario('the question says what will happen and to whom', async ({ app, browserUser }) => {
  const superuser = await browserUser();
  await superuser.logIn(app.demo, 'superuser');
  await askToActivate(superuser);
  const text = (await superuser.dialog.innerText()).replace(/\s+/g, ' ');
  assert.match(text, /\b5 users\b/);
  assert.match(text, /\b1 ready\b/);
  assert.match(text, /\b1 number not confirmed\b/);
  assert.match(text, /\b3 no method yet\b/);
  assert.match(text, /text messages/i, 'whether text messages can be sent');
  await superuser.button('Yes, activate this setting').waitFor();
});

for (const [how, close] of [
  ['Cancel', (superuser) => superuser.button('Cancel').click()],
  ['Escape', (superuser) => superuser.page.keyboard.press('Escape')],
  ['a click on the backdrop', (superuser) => superuser.page.mouse.click(8, 8)],
]) {
  scenario(`${how} leaves it at No, and the switch shows No again`, async ({ app, browserUser }) => {
    const superuser = await browserUser();
    await superuser.logIn(app.demo, 'superuser');
    await askToActivate(superuser);
    await close(superuser);
    await superuser.dialog.waitFor({ state: 'hidden' });
    await shows(superuser, 'No');
    await superuser.page.reload();
    await shows(superuser, 'No');
    const user = await browserUser();
    await user.logIn(app.demo, 'user-new');
  });
}

scenario('a click inside the question does not close it', async ({ app, browserUser }) => {
  const superuser = await browserUser();
  await superuser.logIn(app.demo, 'superuser');
  await askToActivate(superuser);
  const box = await superuser.dialog.boundingBox();
  await superuser.page.mouse.click(box.x + 6, box.y + 6);
  await superuser.dialog.getByRole('heading').click();
  assert.ok(await superuser.dialog.isVisible());
});

scenario('the question can be asked again after it was closed', async ({ app, browserUser }) => {
  const superuser = await browserUser();
  await superuser.logIn(app.demo, 'superuser');
  await askToActivate(superuser);
  await superuser.page.keyboard.press('Escape');
  await shows(superuser, 'No');
  await superuser.switch.click();
  await shows(superuser, 'Yes');
  await superuser.button('Save').click();
  await superuser.button('Yes, activate this setting').waitFor();
});

scenario('Save without a draft asks nothing', async ({ app, browserUser }) => {
  const superuser = await browserUser();
  await superuser.logIn(app.demo, 'superuser');
  await superuser.go('/settings/office/general');
  await superuser.button('Save').click();
  await superuser.reads(/nothing to save/i);
  assert.equal(await superuser.dialog.count(), 0);
  await shows(superuser, 'No');
});

scenario('the keyboard stays inside the question and returns to the setting', async ({ app, browserUser }) => {
  const superuser = await browserUser();
  await superuser.logIn(app.demo, 'superuser');
  await superuser.go('/settings/office/general');
  await superuser.switch.focus();
  await superuser.page.keyboard.press('Space');
  await shows(superuser, 'Yes');
  const focused = () => superuser.page.evaluate(() => document.activeElement.textContent.trim());
  assert.equal(await focused(), 'Yes', 'the focus stays on the switch');
  await superuser.page.keyboard.press('Tab');
  assert.equal(await focused(), 'Save');
  await superuser.page.keyboard.press('Enter');
  await superuser.dialog.waitFor();

  // Chromium lets Tab leave the page for its own buttons on the way round; nothing behind the question may get it.
  const where = () =>
    superuser.page.evaluate(() => {
      const here = document.activeElement;
      return here === document.body || here.closest('dialog')
        ? here.closest('dialog')
          ? 'inside'
          : 'browser'
        : here.outerHTML;
    });
  for (const key of ['Tab', 'Shift+Tab']) {
    for (let i = 0; i < 8; i++) {
      await superuser.page.keyboard.press(key);
      assert.match(await where(), /^(inside|browser)$/, `${key}, ${i + 1} times`);
    }
  }
  await superuser.page.keyboard.press('Escape');
  await shows(superuser, 'No');
  await eventually(async () => assert.match(await focused(), /^(Save|No)$/, 'the focus is back on the setting'));
});

scenario('an accountant and a user see the setting greyed out and cannot change it', async ({ app, browserUser }) => {
  for (const name of ['accountant', 'user-new']) {
    const somebody = await browserUser();
    await somebody.logIn(app.demo, name);
    await somebody.go('/settings/office/general');
    assert.ok(await somebody.switch.isDisabled(), `disabled for ${name}`);
    assert.equal(await somebody.button('Save').count(), 0);
    await somebody.switch.click({ force: true });
    await shows(somebody, 'No');
    for (const path of [
      '/settings/office/general',
      '/settings/office/general/switch',
      '/settings/office/general/activate',
      '/settings/office/general/switch-off',
    ]) {
      const answer = await somebody.context.request.post(app.url + path, {
        form: { shown: 'yes' },
        headers: { Origin: app.url, 'Sec-Fetch-Site': 'same-origin' },
      });
      assert.equal(answer.status(), 403, `POST ${path} as ${name}`);
    }
    await somebody.page.reload();
    await shows(somebody, 'No');
  }
});

scenario(
  'activating leads everybody without a second factor to their second step, the superuser at once',
  async ({ app, browserUser }) => {
    const number = app.newNumber();
    const office = await app.office({ boss: 'superuser', ann: 'accountant', mila: 'user', otto: 'user' });
    const [boss, otto, mila] = [await browserUser(), await browserUser(), await browserUser()];
    await otto.logIn(office, 'otto');
    await mila.logIn(office, 'mila');
    const ann = await browserUser();
    await ann.logIn(office, 'ann');
    await ann.link('Users').click();
    await ann.link('Mila Tester').click();
    await ann.field('Mobile number').fill(number);
    await ann.button('Save').click();
    await ann.reads('not confirmed');

    await boss.logIn(office, 'boss');
    await boss.activate();
    await boss.at('/login/method');
    await boss.go('/settings/office/general');
    await boss.at('/login/method');

    await otto.link('Office').click();
    await otto.at('/login/method');
    await otto.go('/settings/me');
    await otto.at('/login/method');
    await mila.link('Office').click();
    await mila.at('/login/check');

    await boss.enrolNumber();
    await boss.go('/settings/office/general');
    await shows(boss, 'Yes');
    await otto.enrolApp();
    await mila.button('Continue').click();
    await mila.at('/login/code');
    await mila.enterCodeFrom(number);
    await mila.keepRecoveryCodes();
  },
);

scenario(
  'activating leads a user with a confirmed number to the code, and tells the truth about the message',
  async (fixture) => {
    const { browserUser, app } = fixture;
    const { office, boss } = await officeWithTwoFactor(fixture, { kim: 'user' });
    const kim = await browserUser();
    await kim.enterPassword(office, 'kim');
    const number = await kim.enrolNumber();
    await boss.go('/settings/office/general');
    await boss.switch.click();
    await shows(boss, 'No');
    await boss.button('Save').click();
    await boss.button('Yes, switch off this setting').click();
    await boss.reads('switched off');

    const later = await browserUser();
    await later.logIn(office, 'kim');
    await boss.activate();
    await boss.at('/settings/office/general');
    await later.link('Office').click();
    await later.at('/login/code');
    assert.doesNotMatch(
      await later.text(),
      /several codes|cannot be used any more|expired/i,
      'nothing was sent in this log-in before',
    );
    const before = (await app.messages(number)).length;
    const send = later.button(/^(Send|Resend) code$/);
    if (before < 2 && (await send.isVisible())) await send.click();
    await later.enterCodeFrom(number, 2);
    await later.at('/settings/me');
  },
);

scenario('a superuser with a second factor that is fresh stays in when activating', async (fixture) => {
  const { office, boss } = await officeWithTwoFactor(fixture, {});
  assert.equal(boss.path, '/settings/me');
  await boss.go('/settings/office/general');
  await shows(boss, 'Yes');
  assert.ok(office.code);
});

scenario('switching off asks the same way, and then the password alone is enough', async (fixture) => {
  const { browserUser } = fixture;
  const { office, boss } = await officeWithTwoFactor(fixture, { bert: 'superuser', ann: 'accountant', otto: 'user' });

  // Another superuser, who signs in with a text message, switches off what the first switched on.
  const bert = await browserUser();
  await bert.enterPassword(office, 'bert');
  await bert.enrolNumber();
  await bert.go('/settings/office/general');
  await shows(bert, 'Yes');
  await bert.switch.click();
  await shows(bert, 'No');
  await boss.go('/settings/office/general');
  await shows(boss, 'Yes');

  for (const close of [() => bert.page.keyboard.press('Escape'), () => bert.button('Cancel').click()]) {
    await bert.button('Save').click();
    await bert.button('Yes, switch off this setting').waitFor();
    await close();
    await bert.dialog.waitFor({ state: 'hidden' });
    await shows(bert, 'Yes');
    await bert.switch.click();
    await shows(bert, 'No');
  }
  const waiting = await browserUser();
  await waiting.enterPassword(office, 'otto');
  await waiting.at('/login/method');

  await bert.button('Save').click();
  await bert.button('Yes, switch off this setting').click();
  await bert.reads('switched off');
  await shows(bert, 'No');
  const otto = await browserUser();
  await otto.logIn(office, 'otto');
  await waiting.go('/');
  await waiting.at('/settings/me');
  await boss.go('/settings/office/general');
  await shows(boss, 'No');
});
