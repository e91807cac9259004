// Passwords by mail, as people see it: forgotten, invited, changed, and the notices that follow.
import assert from 'node:assert/strict';
import { fullName } from './lib/app.mjs';
import { accessible } from './lib/axe.mjs';
import { eventually } from './lib/eventually.mjs';
import { officeWithTwoFactor, setup } from './lib/scenario.mjs';

const { scenario } = setup();
const fresh = 'correct horse battery staple';
const pathOf = (url) => new URL(url).pathname;

async function forget(browserUser, office, username) {
  await browserUser.go('/login');
  await browserUser.page.locator('a[href="/login/forgot"]').click();
  await browserUser.at('/login/forgot');
  await browserUser.page.locator('[name=office]').fill(office.code);
  await browserUser.page.locator('[name=username]').fill(username);
  await browserUser.page.locator('main form button.wide').click();
  await browserUser.page.locator('main form').waitFor({ state: 'detached' });
}

async function choose(browserUser, password, again = password) {
  await browserUser.page.locator('[name=password]').fill(password);
  await browserUser.page.locator('[name=again]').fill(again);
  await browserUser.page.locator('main form button.wide').first().click();
  await browserUser.page.waitForLoadState();
}

scenario('who forgot their password sets a new one with a link from their mailbox', async ({ app, browserUser }) => {
  const office = await app.office({ una: 'user' });
  const elsewhere = await browserUser();
  await elsewhere.logIn(office, 'una');

  const una = await browserUser();
  await forget(una, office, 'una');
  await una.reads(/a link is on its way/);
  const mail = await app.latestMail(app.email(office, 'una'));
  assert.equal(mail.subject, `Set a new password for Nightlatch (${office.name})`);
  assert.equal(mail.links.length, 1);
  assert.ok(mail.links[0].startsWith(`${app.url}/link/`), 'the link is under the public origin');

  await una.go('/demo/mailbox');
  await una.link(mail.links[0]).click();
  await una.at(pathOf(mail.links[0]));
  // The strength of what is typed is said in words, by the server.
  await una.page.locator('[name=password]').pressSequentially('Welcome2024!');
  await una.reads(/Too easy to guess/);
  await una.page.locator('[name=password]').fill('kettle umbrella seventeen');
  await eventually(async () => assert.match(await una.page.locator('#strength').innerText(), /Strength: strong/));
  una.expectRefusal(pathOf(mail.links[0]));
  await choose(una, fresh, 'something else');
  await una.reads('The two new passwords are not the same. Type them again.');
  await choose(una, 'tooshort');
  await una.reads('Too short: a password needs at least 12 characters.');
  await choose(una, fresh);
  await una.at('/login');
  await una.reads('Your password is set. Log in with it now.');

  // Everywhere else una is out; the old password is none, the new one is; the link is used.
  await elsewhere.go('/settings/me');
  await elsewhere.at('/login');
  await una.logIn({ ...office, password: fresh }, 'una');
  await una.reads('Your password was changed. If it was not you, tell a superuser of your office.');
  await una.go(pathOf(mail.links[0]));
  await una.reads('This link does not work any more');
  const notice = await app.latestMail(app.email(office, 'una'), 2);
  assert.equal(notice.subject, `Your password was set anew (${office.name})`);
  assert.match(notice.body, /Chrome on Linux/);
  assert.deepEqual(notice.links, []);
});

scenario('a new password does not open the second lock', async ({ app, browserUser }) => {
  const { office } = await officeWithTwoFactor({ app, browserUser }, { udo: 'user' });
  const udo = await browserUser();
  await forget(udo, office, 'udo');
  const mail = await app.latestMail(app.email(office, 'udo'));
  await udo.go(pathOf(mail.links[0]));
  await choose(udo, 'eight ch');
  await udo.at('/login');
  await udo.enterPassword(office, 'udo', 'eight ch');
  await udo.at('/login/method');
  await udo.go('/settings/me');
  await udo.at('/login/method');
  await udo.enrolNumber();
  const added = await app.latestMail(app.email(office, 'udo'), 3);
  assert.equal(added.subject, `A mobile number was added (${office.name})`);
});

scenario('who is invited sets the first password, and then logs in', async ({ app, browserUser }) => {
  const office = await app.office({ chief: 'superuser' });
  const address = app.email(office, 'ivy');
  await app.command([
    'user',
    'create',
    '--office',
    office.code,
    '--username',
    'ivy',
    '--name',
    fullName('ivy'),
    '--email',
    address,
    '--invite',
  ]);
  const mail = await app.latestMail(address);
  assert.equal(mail.subject, `Set your password for Nightlatch (${office.name})`);
  const ivy = await browserUser();
  ivy.expectRefusal('/login', pathOf(mail.links[0]));
  await ivy.go('/login');
  await ivy.enterOffice(office.code);
  await ivy.field('Username').fill('ivy');
  await ivy.field('Password').fill(fresh);
  await ivy.button('Log in').click();
  await ivy.reads(/That did not match/);
  await ivy.go(pathOf(mail.links[0]));
  await ivy.reads(`Welcome to ${office.name}.`);
  await choose(ivy, fresh);
  await ivy.at('/login');
  await ivy.logIn({ ...office, password: fresh }, 'ivy');
});

scenario(
  'a password is changed in settings with the present one, and other sessions end',
  async ({ app, browserUser }) => {
    const office = await app.office({ pia: 'user' });
    const elsewhere = await browserUser();
    await elsewhere.logIn(office, 'pia');
    const pia = await browserUser();
    await pia.logIn(office, 'pia');
    await pia.page.locator('a[href="/settings/me/password"]').click();
    await pia.at('/settings/me/password');
    pia.expectRefusal('/settings/me/password');
    await pia.field('Present password').fill('not mine at all');
    await choose(pia, fresh);
    await pia.reads('That is not your password.');
    await pia.field('Present password').fill(office.password);
    await choose(pia, fresh);
    await pia.at('/settings/me');
    await pia.reads('Your password is changed, and you are logged out everywhere else.');
    await elsewhere.go('/settings/me');
    await elsewhere.at('/login');
    const changed = await app.latestMail(app.email(office, 'pia'));
    assert.equal(changed.subject, `Your password was changed (${office.name})`);
  },
);

scenario(
  'a short password has to be changed when the office no longer asks for a code',
  async ({ app, browserUser }) => {
    const { office } = await officeWithTwoFactor({ app, browserUser }, {});
    const address = app.email(office, 'sam');
    await app.command(
      [
        'user',
        'create',
        '--office',
        office.code,
        '--username',
        'sam',
        '--name',
        'Sam',
        '--email',
        address,
        '--password-stdin',
      ],
      'ninechars',
    );
    await app.command(['office', 'two-factor', '--code', office.code, 'off']);
    const sam = await browserUser();
    await sam.enterPassword(office, 'sam', 'ninechars');
    await sam.at('/settings/me/password');
    await sam.reads(/Yours is too short for that/);
    await sam.go('/settings/office/general');
    await sam.at('/settings/me/password');
    await sam.field('Present password').fill('ninechars');
    await choose(sam, fresh);
    await sam.at('/settings/me');
  },
);

/** Every page of this, in whatever state. */
async function walk({ app, browserUser }, settings, look) {
  const office = await app.office({ vera: 'user' });
  const vera = await browserUser(settings);
  const see = async (name) => {
    await vera.page.waitForLoadState();
    await look(vera.page, name);
  };
  vera.expectRefusal('/login/forgot', '/link/nothing', '/settings/me/password');
  await vera.go('/login/forgot');
  await see('forgotten');
  await forget(vera, office, 'vera');
  await see('a link is on its way');
  const mail = await app.latestMail(app.email(office, 'vera'));
  await vera.go('/demo/mailbox');
  await vera.page.locator('.mailbox a').first().waitFor();
  await see('the mailbox');
  await vera.go('/link/nothing');
  await see('a link that opens nothing');
  vera.expectRefusal(pathOf(mail.links[0]));
  await vera.go(pathOf(mail.links[0]));
  await see('a new password');
  await choose(vera, 'vera vera vera');
  await vera.page.locator('#password-error').waitFor();
  await see('a password refused');
  await choose(vera, fresh);
  await vera.at('/login');
  await see('set');
  for (const [name, known] of [['office', office.code], ['username', 'vera']]) {
    assert.equal(await vera.page.locator(`[name=${name}]`).inputValue(), known);
  }
  await vera.page.locator('[name=password]').fill(fresh);
  await vera.page.locator('main form button.wide').first().click();
  await vera.at('/settings/me');
  await see('a notice in settings');
  await vera.go('/settings/me/password');
  await see('my password');
}

scenario('axe finds nothing on these pages, in light and in dark', (fixture) => walk(fixture, {}, accessible));

scenario('at 360 px in Dutch nothing is cut off or left in English', async (fixture) => {
  await walk(fixture, { viewport: { width: 360, height: 740 }, locale: 'nl-NL' }, async (page, name) => {
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `${name} is ${wide} px too wide`);
    // The mailbox is everybody's: only the newest mail is in this user's language.
    const text = await page.locator(name === 'the mailbox' ? '.mailbox li >> nth=0' : 'main').innerText();
    assert.doesNotMatch(text, /\[[a-z_.]+\]|\b(password|the|your|link works)\b/i, name);
  });
});

scenario('without JavaScript the whole way works', async (fixture) => {
  await walk(fixture, { javaScriptEnabled: false }, async () => {});
});
