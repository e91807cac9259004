// No mouse: signing in, activating and enrolling with the keyboard alone.
import assert from 'node:assert/strict';
import { eventually } from './lib/eventually.mjs';
import { stage } from './lib/story.mjs';
import { Authenticator } from './lib/tools.mjs';

const { story } = stage();

/** Presses Tab until what has the focus is called so; it must be visible there, with a visible focus. */
async function tabTo(visitor, name) {
  const seen = [];
  for (let i = 0; i < 40; i++) {
    const here = await visitor.page.evaluate(() => {
      const element = document.activeElement;
      const labels = element.labels?.length ? [...element.labels].map((label) => label.innerText) : [];
      const labelled = element.getAttribute('aria-labelledby')?.split(' ').map((id) => document.getElementById(id)?.textContent) ?? [];
      const box = element.getBoundingClientRect();
      const style = getComputedStyle(element);
      const around = element.closest('tr, .choice, label');
      return {
        name: [element.getAttribute('aria-label') ?? '', ...labelled, ...labels, element.innerText ?? ''].join(' ').replace(/\s+/g, ' ').trim(),
        visible: box.width > 0 && box.height > 0 && box.bottom > 0 && box.right > 0,
        focus: [style, ...(around ? [getComputedStyle(around)] : [])].some((s) => parseFloat(s.outlineWidth) >= 2 && s.outlineStyle !== 'none' && s.outlineStyle !== 'auto'),
      };
    });
    if (name.test(here.name)) {
      assert.ok(here.visible, `${here.name} is visible when it has the focus`);
      assert.ok(here.focus, `the focus on ${here.name} is visible`);
      return;
    }
    seen.push(here.name);
    await visitor.page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not reach ${name}; it went by ${seen.join(' | ')}`);
}

async function passwordByKeyboard(visitor, office, username) {
  const keys = visitor.page.keyboard;
  await visitor.go('/login');
  await keys.type(office.code); // the page begins in its first field
  await keys.press('Tab');
  await keys.type(username);
  await keys.press('Tab');
  await keys.type(office.password);
  await keys.press('Enter');
  await eventually(async () => assert.notEqual(visitor.path, '/login'));
  await visitor.page.waitForLoadState();
}

story('a superuser logs in, activates the setting and chooses an app with the keyboard alone', async ({ app, visitor }) => {
  const office = await app.office({ boss: 'superuser', una: 'user' });
  const boss = await visitor();
  const keys = boss.page.keyboard;
  await passwordByKeyboard(boss, office, 'boss');
  await boss.at('/settings/me');
  await keys.press('Tab');
  assert.match(await boss.page.evaluate(() => document.activeElement.innerText), /skip/i, 'the first Tab offers to skip the navigation');
  await tabTo(boss, /^Office$/);
  await keys.press('Enter');
  await boss.at('/settings/office/general');
  await tabTo(boss, /^Two-factor authentication/);
  await keys.press('Space');
  await eventually(async () => assert.equal(await boss.switch.getAttribute('aria-checked'), 'true'));
  await tabTo(boss, /^Save$/);
  await keys.press('Enter');
  await boss.dialog.waitFor();
  await tabTo(boss, /^Yes, activate this setting$/);
  await keys.press('Enter');
  await boss.at('/login/method');
  await tabTo(boss, /Text message \(SMS\)/);
  await keys.press('ArrowDown');
  await eventually(async () => assert.ok(await boss.field('Authenticator app').isChecked()));
  await tabTo(boss, /^Continue$/);
  await keys.press('Enter');
  await boss.at('/login/app/setup');
  const phone = new Authenticator(await boss.page.locator('[data-secret]').innerText());
  await tabTo(boss, /^Verification code/);
  await keys.type(await phone.code());
  await keys.press('Enter');
  await boss.page.locator('[data-recovery-code]').first().waitFor();
  await tabTo(boss, /^I have kept these codes$/);
  await keys.press('Enter');
  await boss.at('/settings/me');

  const una = await visitor();
  await passwordByKeyboard(una, office, 'una');
  await una.at('/login/method');
  await tabTo(una, /Text message \(SMS\)/);
  await una.page.keyboard.press('Space');
  await una.page.keyboard.press('Enter');
  await una.at('/login/number');
  assert.ok(await una.field('Mobile number').evaluate((element) => element === document.activeElement), 'the number can be typed at once');
  const number = app.newNumber();
  await una.page.keyboard.type(number);
  await una.page.keyboard.press('Enter');
  await una.at('/login/code');
  await una.page.keyboard.type(await app.latestCode(number));
  await una.page.keyboard.press('Enter');
  await una.at('/settings/me');
  await tabTo(una, /^Log out$/);
  await una.page.keyboard.press('Enter');
  await una.at('/login');
});

story('the language is changed with the keyboard alone', async ({ visitor }) => {
  const somebody = await visitor();
  await somebody.go('/login');
  await somebody.page.evaluate(() => document.activeElement.blur());
  await tabTo(somebody, /Language|English/);
  await somebody.page.keyboard.press('Enter');
  await tabTo(somebody, /^Nederlands$/);
  await somebody.page.keyboard.press('Enter');
  await somebody.page.getByLabel('Kantoorcode').waitFor();
});

story('Escape and Cancel work by keyboard in the dialog of a reset, and the focus returns', async ({ app, visitor }) => {
  const superuser = await visitor();
  await superuser.logIn(app.demo, 'superuser');
  await superuser.go('/settings/users');
  await tabTo(superuser, /^Daan Visser/);
  await superuser.page.keyboard.press('Enter');
  await superuser.at(/^\/settings\/users\/\d+$/);
  await tabTo(superuser, /^Reset$/);
  await superuser.page.keyboard.press('Enter');
  await superuser.dialog.waitFor();
  await superuser.page.keyboard.press('Escape');
  await superuser.dialog.waitFor({ state: 'hidden' });
  assert.equal(await superuser.page.evaluate(() => document.activeElement.innerText.trim()), 'Reset');
});

story('forced colours and reduced motion leave everything usable', async ({ app, visitor }) => {
  const superuser = await visitor({ forcedColors: 'active', reducedMotion: 'reduce' });
  await superuser.logIn(app.demo, 'superuser');
  await superuser.go('/settings/office/general');
  await superuser.switch.click();
  await superuser.button('Save').click();
  await superuser.dialog.waitFor();
  const moving = await superuser.page.evaluate(() => document.getAnimations().filter((a) => (a.effect.getComputedTiming().duration ?? 0) > 1).length);
  assert.equal(moving, 0, 'nothing moves that asks not to');
  await superuser.button('Cancel').click();
});
