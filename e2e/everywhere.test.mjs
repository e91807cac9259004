// Every page and state, looked at by axe in both colour schemes, at 360 px in Dutch, and used without JavaScript.
import assert from 'node:assert/strict';
import { AxeBuilder } from '@axe-core/playwright';
import { eventually } from './lib/eventually.mjs';
import { stage } from './lib/story.mjs';
import { Authenticator } from './lib/tools.mjs';

const { story } = stage();
const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Walks through everything, in whatever language, and lets look judge each state. */
async function walk({ app, visitor }, settings, look) {
  const office = await app.office({ chief: 'superuser', una: 'user' });
  const chief = await visitor(settings);
  const { page } = chief;
  const see = async (name, who = chief) => { await who.page.waitForLoadState(); await look(who.page, name); };
  const submit = (who = chief) => who.page.locator('main form button.wide').first().click();
  const enter = async (who, username, password) => {
    await who.go('/login');
    await who.page.locator('[name=office]').fill(office.code);
    await who.page.locator('[name=username]').fill(username);
    await who.page.locator('[name=password]').fill(password);
    await submit(who);
  };

  await chief.go('/login');
  await see('log-in');
  chief.expectRefusal('/login', '/login/number', '/login/code', '/nowhere');
  await enter(chief, 'chief', 'not the password at all');
  await see('log-in refused');
  await enter(chief, 'chief', office.password);
  await chief.at('/settings/me');
  await see('my settings');

  await chief.go('/settings/users');
  await see('users');
  await page.locator('a', { hasText: 'Una' }).click();
  await chief.at(/^\/settings\/users\/\d+$/);
  await see('a user');
  await page.locator('[name=number]').fill(app.newNumber());
  await page.locator('form:has([name=number]) .button:not(.quiet)').click();
  await page.locator('.badge.warn').waitFor();
  await see('a user with an unconfirmed number');
  await page.locator('.toast [data-close]').click();
  await page.locator('a[href$="/reset"]').click();
  await page.locator('dialog').waitFor();
  await see('the question before a reset');

  await chief.go('/settings/office/general');
  await see('the office');
  await chief.page.getByRole('switch').click();
  await eventually(async () => assert.equal(await page.getByRole('switch').getAttribute('aria-checked'), 'true'));
  await see('a draft');
  await page.locator('#two-factor-save').click();
  await page.locator('dialog').waitFor();
  await see('the question before activation');
  await page.locator('form[action$="/activate"] button').click();

  await chief.at('/login/method');
  await see('the choice of a method');
  await page.locator('[name=method][value=sms]').check();
  await submit();
  await chief.at('/login/number');
  await see('the number');
  await page.locator('.country > button').click();
  await page.getByRole('option').first().waitFor();
  await see('the list of countries');
  await page.keyboard.press('Escape');
  await page.locator('[name=number]').fill('+31201234567');
  await submit();
  await page.locator('#number-error').waitFor();
  await see('a number refused');
  const number = app.newNumber();
  await page.locator('[name=number]').fill(number);
  await submit();
  await chief.at('/login/code');
  await see('the code');
  await page.locator('[name=code]').fill('12');
  await submit();
  await page.locator('#code-error').waitFor();
  await see('a code refused');
  await page.locator('[name=code]').fill(await app.latestCode(number));
  await submit();
  await chief.at('/settings/me');
  await see('my settings, with a toast and a number');

  await chief.go('/settings/me/app');
  await see('setting up an app');
  const secret = await page.locator('[data-secret]').innerText();
  await page.locator('[name=code]').fill(await new Authenticator(secret).code());
  await submit();
  await page.locator('[data-recovery-code]').first().waitFor();
  await see('recovery codes');
  await submit();
  await chief.at('/settings/me');
  for (const [path, name] of [['/settings/confirm', 'a fresh proof'], ['/settings/confirm/ways', 'other ways to a fresh proof'], ['/settings/confirm/recovery', 'a recovery code'],
    ['/settings/me/number', 'another number'], ['/settings/office/history', 'the history'], ['/settings/office/general', 'the office with the setting on'],
    ['/settings/office/general/switch-off', 'the question before switching off'], ['/nowhere', 'a page that is not'], ['/demo/phone', 'the demo phone']]) {
    await chief.go(path);
    await see(name);
  }

  const una = await visitor(settings);
  await enter(una, 'una', office.password);
  await una.at('/login/check');
  await see('an unconfirmed number', una);
  await una.go('/login/ways');
  await see('other ways', una);
}

for (const colorScheme of ['light', 'dark']) {
  story(`axe finds nothing on any page, ${colorScheme}`, async (scene) => {
    let looked = 0;
    await walk(scene, { colorScheme }, async (page, name) => {
      looked++;
      const { violations } = await new AxeBuilder({ page }).withTags(standards).analyze();
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`), [], name);
    });
    assert.ok(looked > 25);
  }, { timeout: 240_000 });
}

// A link in a row's head covers its row, a label its button, and links in running text are exempt (WCAG 2.5.8).
const sentences = (text) => text.split('\n').map((line) => line.trim()).filter((line) => line.split(/\s+/).filter((word) => /^[a-z]{2,}/i.test(word)).length > 3);

story('at 360 px nothing scrolls sideways, and in Dutch no English sentence is left', async (scene) => {
  const english = new Set();
  await walk(scene, {}, async (page) => { for (const s of sentences(await page.locator('body').innerText())) english.add(s); });
  await walk(scene, { locale: 'nl-NL', viewport: { width: 360, height: 740 } }, async (page, name) => {
    assert.equal(await page.locator('html').getAttribute('lang'), 'nl', name);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 360, `${name} is wider than 360 px`);
    const small = await page.evaluate(() => [...document.querySelectorAll('button, a, input:not([type=hidden]), select, summary')]
      .filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest('p, .hint, th, label') && !e.matches('.skip'))
      .map((e) => ({ e: e.outerHTML.slice(0, 90), w: e.getBoundingClientRect().width, h: e.getBoundingClientRect().height }))
      .filter(({ w, h }) => w > 1 && h > 1 && (w < 23.5 || h < 23.5)));
    assert.deepEqual(small, [], `${name}: targets under 24 px`);
    if (name === 'the demo phone') return; // shows messages in both languages
    for (const s of sentences(await page.locator('body').innerText())) assert.ok(!english.has(s), `${name} says in English: ${s}`);
  });
}, { timeout: 240_000 });

story('without JavaScript an office activates the setting and its user confirms a number', async ({ app, visitor }) => {
  const office = await app.office({ chief: 'superuser' });
  const chief = await visitor({ javaScriptEnabled: false });
  await chief.logIn(office, 'chief');
  await chief.go('/settings/office/general');
  await chief.switch.click();
  await chief.reads('Not active yet. Save to continue.');
  await chief.button('Save').click();
  await chief.reads('Make two-factor authentication mandatory?');
  await chief.button('Yes, activate this setting').click();
  await chief.chooseMethod('Text message (SMS)');
  await chief.at('/login/number');
  const number = app.newNumber();
  await chief.page.locator('select[name=country]').selectOption('NL');
  await chief.field('Mobile number').fill(number.replace('+31', '0'));
  await chief.button('Continue').click();
  await chief.at('/login/code');
  await chief.enterCodeFrom(number);
  await chief.at('/settings/me');
  await chief.reads('confirmed');
  await chief.go('/settings/me/app');
  await chief.typeKey();
  await chief.page.locator('[data-recovery-code]').first().waitFor();
  await chief.button('I have kept these codes').click();
  await chief.at('/settings/me');
  await chief.logOut();
});

story('by keyboard alone a user logs in', async ({ app, visitor }) => {
  const office = await app.office({ chief: 'superuser' });
  const chief = await visitor();
  await chief.go('/login');
  const { keyboard } = chief.page;
  await keyboard.type(office.code); // the first field has the focus
  await keyboard.press('Tab');
  await keyboard.type('chief');
  await keyboard.press('Tab');
  await keyboard.type(office.password);
  await keyboard.press('Enter');
  await chief.at('/settings/me');
  const outline = async () => chief.page.evaluate(() => { const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement); return `${outlineStyle} ${outlineWidth}`; });
  for (let i = 0; i < 8; i++) {
    await keyboard.press('Tab');
    assert.doesNotMatch(await outline(), /^none|^\S+ 0px/, 'the focus is visible');
  }
});
