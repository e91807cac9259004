// Every page and state, looked at by axe in both colour schemes, and at 360 px in Dutch; and used by keyboard alone.
// With PICTURES=folder each of them is photographed as well, for people to look at.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after } from 'node:test';
import { survives } from './lib/fragments.mjs';
import { accessible } from './lib/axe.mjs';
import { eventually } from './lib/eventually.mjs';
import { enter as operatorEnters, newOperator } from './lib/operator.mjs';
import { authenticator } from './lib/passkey.mjs';
import { IdentityProvider } from './lib/provider.mjs';
import { setup } from './lib/scenario.mjs';
import { Authenticator } from './lib/tools.mjs';

const { scenario } = setup();
const csv = (text) => ({ name: 'users.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
const dead = '/link/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
const pathOf = (url) => new URL(url).pathname;

let idp;
after(() => idp?.stop());

// What people do, in whatever language: by the names of fields, not by their labels.
const submit = (who) => who.page.locator('main form button.wide').first().click();
const fill = async (who, fields) => {
  const kept = who.page.locator('details.kept:not([open]) > summary'); // the office of this browser's last log-in
  if (fields.office && (await kept.count())) await kept.click();
  for (const [name, value] of Object.entries(fields)) await who.page.locator(`main [name=${name}]`).first().fill(value);
};
const enter = async (who, office, username, password = office.password) => {
  await who.go('/login');
  await fill(who, { office: office.code, username, password });
  await submit(who);
};

/** Logs in and sets up an app; the recovery codes show. */
const enterWithApp = async (who, office, username) => {
  await enter(who, office, username);
  await who.at('/settings/me');
  await who.go('/settings/me/app');
  await fill(who, { code: await new Authenticator(await who.page.locator('[data-secret]').innerText()).code() });
  await submit(who);
  await who.page.locator('[data-recovery-code]').first().waitFor();
};
const asks = (who) => who.page.locator('dialog').waitFor();
const activate = async (who) => {
  await who.go('/settings/office/general');
  await who.page.getByRole('switch').click();
  await eventually(async () => assert.equal(await who.page.getByRole('switch').getAttribute('aria-checked'), 'true'));
  await who.page.locator('#two-factor-save').click();
  await asks(who);
};
/** From the log-in page through the provider, as this account there. */
const throughProvider = async (who, office, account) => {
  await who.context.clearCookies({ domain: '127.0.0.1' });
  await who.go('/login');
  await fill(who, { office: office.code });
  await who.page.locator('button[formaction="/login/sso"]').click();
  await who.page.waitForURL((url) => url.origin === idp.issuer);
  await who.page.getByLabel('Account').fill(account);
  await who.page.getByRole('button', { name: 'Sign in there' }).click();
  await who.page.waitForURL((url) => url.origin !== idp.issuer);
};

/** The walks. Each goes through its part of the product, in whatever language, and lets see judge every state. */
const walks = {
  async 'at the log-in and in settings'({ app, browserUser }, settings, see) {
    const office = await app.office({ chief: 'superuser', una: 'user' });
    const chief = await browserUser(settings);
    const { page } = chief;

    await chief.go('/login');
    await see(chief, 'log-in');
    chief.expectRefusal('/login', '/login/sso', '/login/number', '/login/code', '/nowhere', '/settings/me/password');
    await enter(chief, office, 'chief', 'not the password at all');
    await see(chief, 'log-in refused');
    await enter(chief, office, 'chief');
    await chief.at('/settings/me');
    await see(chief, 'my settings');
    await chief.go('/settings/me/password');
    await page.locator('[name=password]').pressSequentially('kettle umb');
    await page.locator('#strength p').waitFor();
    await see(chief, 'my password');
    await fill(chief, { present: office.password, password: 'kettle umbrella seventeen', again: 'something else' });
    await submit(chief);
    await page.locator('#again-error').waitFor();
    await see(chief, 'my password refused');

    await activate(chief);
    await see(chief, 'the question before activation');
    await page.locator('form[action$="/activate"] button').click();
    await chief.at('/login/method');
    await see(chief, 'the choice of a method');
    await page.locator('[name=method][value=sms]').check();
    await submit(chief);
    await chief.at('/login/number');
    await see(chief, 'the number');
    await page.locator('.country > button').click();
    await page.getByRole('option').first().waitFor();
    await see(chief, 'the list of countries');
    await page.keyboard.press('Escape');
    await fill(chief, { number: '+31201234567' });
    await submit(chief);
    await page.locator('#number-error').waitFor();
    await see(chief, 'a number refused');
    const number = app.newNumber();
    await fill(chief, { number });
    await submit(chief);
    await chief.at('/login/code');
    await see(chief, 'the code');
    await fill(chief, { code: '12' });
    await submit(chief);
    await page.locator('#code-error').waitFor();
    await see(chief, 'a code refused');
    await fill(chief, { code: await app.latestCode(number) });
    await submit(chief);
    await page.locator('[data-recovery-code]').first().waitFor();
    await see(chief, 'recovery codes, with a toast');
    await submit(chief);
    await chief.at('/settings/me');
    await see(chief, 'my settings, with a number');

    await chief.go('/settings/me/app');
    await see(chief, 'setting up an app');
    const secret = await page.locator('[data-secret]').innerText();
    await fill(chief, { code: await new Authenticator(secret).code() });
    await submit(chief);
    await page.locator('[data-recovery-code]').first().waitFor();
    await see(chief, 'recovery codes');
    await submit(chief);
    await chief.at('/settings/me');
    const elsewhere = await browserUser(settings);
    await enter(elsewhere, office, 'chief');
    await elsewhere.at('/login/app');
    await see(elsewhere, 'a code of the app');
    await elsewhere.go('/login/ways');
    await see(elsewhere, 'other ways, with a recovery code');
    await elsewhere.page.locator('form[action="/login/send"] button').click();
    await elsewhere.at('/login/code');
    await fill(elsewhere, { code: await app.latestCode(number, 2) });
    await submit(elsewhere);
    await elsewhere.at('/settings/me');
    await see(elsewhere, 'my settings, with everything');
    for (const [path, name] of [
      ['/settings/confirm', 'a fresh proof'],
      ['/settings/confirm/ways', 'other ways to a fresh proof'],
      ['/settings/confirm/recovery', 'a recovery code'],
      ['/settings/me/number', 'another number'],
      ['/settings/office/history', 'the history'],
      ['/settings/office/evidence', 'evidence'],
      ['/settings/office/general', 'the office with the setting on'],
      ['/settings/office/general/switch-off', 'the question before switching off'],
      ['/nowhere', 'a page that is not'],
      ['/demo/phone', 'the demo phone'],
    ]) {
      await chief.go(path);
      await see(chief, name);
    }

    const una = await browserUser(settings);
    await chief.go('/settings/users');
    await page.locator('a', { hasText: 'Una' }).click();
    await page.locator('[name=number]').fill(app.newNumber());
    await page.locator('form:has([name=number]) .button:not(.quiet)').click();
    await page.locator('.badge.warn').waitFor();
    await enter(una, office, 'una');
    await una.at('/login/check');
    await see(una, 'an unconfirmed number');
    await una.go('/login/ways');
    await see(una, 'other ways');
  },

  async 'at the office and its users'({ app, browserUser }, settings, see) {
    const office = await app.office({ chief: 'superuser', ada: 'accountant', una: 'user', otto: 'user' });
    const chief = await browserUser(settings);
    const { page } = chief;
    await enter(chief, office, 'chief');
    await chief.at('/settings/me');
    chief.expectRefusal('/settings/users/new', '/settings/users/import', '/settings/office/sign-in');

    const ada = await browserUser(settings);
    await enter(ada, office, 'ada');
    await ada.at('/settings/me');
    await ada.go('/settings/users');
    await see(ada, 'the users, for an accountant');
    // Without a factor there is nothing to reset.
    const otto = await browserUser(settings);
    await enter(otto, office, 'otto');
    await otto.at('/settings/me');
    await otto.go('/settings/me/app');
    await fill(otto, { code: await new Authenticator(await otto.page.locator('[data-secret]').innerText()).code() });
    await submit(otto);
    await otto.page.locator('[data-recovery-code]').first().waitFor();
    await submit(otto);
    await otto.at('/settings/me');
    await ada.page.locator('a', { hasText: 'Otto' }).click();
    await ada.at(/^\/settings\/users\/\d+$/);
    await see(ada, 'a user, for an accountant');
    await ada.page.locator('form[action$="/reset/ask"] button').click();
    await ada.page.locator('.toast').waitFor();
    await see(ada, 'a reset asked for');
    await ada.go('/settings/office/general');
    await see(ada, 'the office, for an accountant');

    await chief.go('/settings/users');
    await see(chief, 'users, with a request');
    await chief.go('/settings/users?q=nobody');
    await see(chief, 'nobody found');
    await chief.go('/settings/users');
    await page.locator('#users-list a', { hasText: 'Otto' }).click();
    await chief.at(/^\/settings\/users\/\d+$/);
    const path = chief.path;
    await see(chief, 'a user whose reset is asked for');
    for (const question of ['reset', 'disable', 'delete', 'end-sessions']) {
      await chief.page.locator(`a[href$="/${question}"]`).click();
      await asks(chief);
      await see(chief, `the question before: ${question}`);
      await page.keyboard.press('Escape');
      await eventually(async () => assert.equal(await page.locator('dialog[open]').count(), 0));
    }
    await chief.go(`${path}/change`);
    await see(chief, 'a user changed');
    await chief.go('/settings/users/end-sessions');
    await see(chief, 'the question before all sessions end');
    await chief.go('/settings/users');
    await page.locator('#users-list a', { hasText: 'Una' }).click();
    await chief.at(/^\/settings\/users\/\d+$/);
    await page.locator('[name=number]').fill(app.newNumber());
    await page.locator('form:has([name=number]) .button:not(.quiet)').click();
    await page.locator('.badge.warn').waitFor();
    await see(chief, 'a user with an unconfirmed number');

    await chief.go('/settings/users/new');
    await see(chief, 'a new user');
    await fill(chief, { username: 'a b', name: 'Xenia', email: 'xenia@example.org' });
    await page.locator('main form .button').first().click();
    await page.locator('#username-error').waitFor();
    await see(chief, 'a new user refused');
    await fill(chief, { username: 'xenia' });
    await page.locator('main form .button').first().click();
    await chief.at(/^\/settings\/users\/\d+$/);
    await see(chief, 'a user who is invited');
    await chief.go('/settings/users/import');
    await see(chief, 'a file is asked for');
    await page
      .locator('input[type=file]')
      .setInputFiles(csv('username;name;email;role\nxenia;Xenia;not an address;king\n'));
    await page.locator('main form .button').first().click();
    await page.locator('.badge.bad').first().waitFor();
    await see(chief, 'a bad file');
    await chief.go('/settings/users/import');
    await page
      .locator('input[type=file]')
      .setInputFiles(
        csv(
          'username;name;email;role\nxenia;Xenia with quite a long name;xenia@example.org;user\n' +
            'yara;Yara;yara@example.org;accountant\nuna;;;\n',
        ),
      );
    await page.locator('main form .button').first().click();
    await page.locator('table').waitFor();
    await see(chief, 'a good file');

    await chief.go('/settings/office/general');
    await see(chief, 'the office');
    await page.locator('#countries-add').selectOption('US');
    await page.locator('#countries form.field button').click();
    await page.locator('#countries button[name=allowed]').first().waitFor();
    await see(chief, 'the office, with another country');
    await page.getByRole('switch').click();
    await eventually(async () => assert.equal(await page.getByRole('switch').getAttribute('aria-checked'), 'true'));
    await see(chief, 'a draft');
    await chief.go('/settings/office/sign-in');
    await see(chief, 'sign-in, empty');
    await chief.go('/settings/office/history');
    await see(chief, 'the history of users');
  },

  async 'at mails and links'({ app, browserUser }, settings, see) {
    const office = await app.office({ vera: 'user' });
    const vera = await browserUser(settings);
    vera.expectRefusal('/login/forgot', dead);
    await vera.go('/login/forgot');
    await see(vera, 'the password forgotten');
    await fill(vera, { office: office.code, username: 'vera' });
    await submit(vera);
    await vera.page.locator('main form').waitFor({ state: 'detached' });
    await see(vera, 'a link is on its way');
    const { links } = await app.latestMail(app.email(office, 'vera'));
    await vera.go('/demo/mailbox');
    await vera.page.locator('.mailbox a').first().waitFor();
    await see(vera, 'the demo mailbox');
    await vera.go(dead);
    await see(vera, 'a link that opens nothing');
    vera.expectRefusal(pathOf(links[0]));
    await vera.go(pathOf(links[0]));
    await see(vera, 'a new password');
    await fill(vera, { password: 'vera vera vera', again: 'vera vera vera' });
    await submit(vera);
    await vera.page.locator('#password-error').waitFor();
    await see(vera, 'a new password refused');
    await fill(vera, { password: 'correct horse battery staple', again: 'correct horse battery staple' });
    await submit(vera);
    await vera.at('/login');
    await see(vera, 'a password is set');
    await enter(vera, office, 'vera', 'correct horse battery staple');
    await vera.at('/settings/me');
    await see(vera, 'a notice in settings');
  },

  async 'at a reset'({ app, browserUser }, settings, see) {
    const office = await app.office({ chief: 'superuser', mia: 'user' });
    await app.user(office, 'noa', 'user', '');
    const [chief, mia, noa] = [await browserUser(settings), await browserUser(settings), await browserUser(settings)];
    const reset = async (name) => {
      await chief.go('/settings/users');
      await chief.page.locator('#users-list a', { hasText: name }).click();
      await chief.at(/^\/settings\/users\/\d+$/);
      await chief.page.locator('a[href$="/reset"]').click();
      await asks(chief);
      await see(chief, `the question before the reset of ${name}`);
      await chief.page.locator('#question button').click();
      await eventually(async () => assert.equal(await chief.page.locator('dialog[open]').count(), 0));
    };
    for (const [who, username] of [[mia, 'mia'], [noa, 'noa']]) {
      await enterWithApp(who, office, username);
    }
    await enter(chief, office, 'chief');
    await chief.at('/settings/me');
    await reset('Mia');
    await see(chief, 'a user who waits for a link');
    await reset('Noa');
    const word = await chief.page.locator('code.word').innerText();
    await see(chief, 'the word of a reset');
    assert.equal(await chief.page.locator('main .badge.ok').count(), 0, 'no factor is set up any more');
    assert.equal(await chief.page.locator('#country').getAttribute('data-country'), 'NL', 'as before the question');
    await chief.go(chief.path);
    await see(chief, 'a user who owes a word');
    await activate(chief);
    await chief.page.locator('form[action$="/activate"] button').click();
    await chief.at('/login/method');

    noa.expectRefusal('/login/word');
    await enter(noa, office, 'noa');
    await noa.at('/login/word');
    await see(noa, 'the word');
    await fill(noa, { code: 'AAAAA-BBBBB-CCCCC' });
    await submit(noa);
    await noa.page.locator('#proof-error').waitFor();
    await see(noa, 'a word refused');
    await fill(noa, { code: word });
    await submit(noa);
    await noa.at('/login/method');
  },

  async 'at single sign-on'({ app, browserUser }, settings, see) {
    idp ??= await IdentityProvider.start(`${app.url}/login/sso/callback`);
    idp.says = { amr: ['pwd', 'mfa'] };
    const office = await app.office({ chief: 'superuser', una: 'user' });
    const [chief, una] = [await browserUser(settings), await browserUser(settings)];
    for (const who of [chief, una]) {
      who.expectElsewhere(idp.issuer);
      who.expectRefusal(
        '/login/sso',
        '/login/sso/go',
        '/login/sso/link',
        '/login/sso/callback',
        '/settings/office/sign-in',
      );
    }
    await una.go('/login');
    await fill(una, { office: office.code });
    await una.page.locator('button[formaction="/login/sso"]').click();
    await una.page.getByRole('alert').waitFor();
    await see(una, 'an office without single sign-on');

    await enter(chief, office, 'chief');
    await chief.at('/settings/me');
    await chief.go('/settings/office/sign-in');
    await fill(chief, { issuer: 'ftp://nowhere', client_id: idp.clientId, secret: idp.secret });
    await chief.page.locator('form[action="/settings/office/sign-in"] button:not([type])').first().click();
    await chief.page.getByRole('alert').first().waitFor();
    await see(chief, 'sign-in refused');
    await fill(chief, { issuer: idp.issuer, client_id: idp.clientId, secret: idp.secret });
    await chief.page.locator('[name=policy][value=refuse]').check();
    await chief.page.locator('form[action="/settings/office/sign-in"] button:not([type])').first().click();
    await chief.page.locator('form[action="/settings/office/sign-in/test"]').waitFor();
    await see(chief, 'sign-in, set up');
    await chief.page.locator('form[action="/settings/office/sign-in/test"] button').click();
    await chief.page.waitForURL((url) => url.origin === idp.issuer);
    await chief.page.getByLabel('Account').fill('chief-there');
    await chief.page.getByRole('button', { name: 'Sign in there' }).click();
    await chief.page.locator('[data-sso-test=ok]').waitFor();
    await see(chief, 'sign-in, tested');

    // Our script would go on by itself. axe needs a page with scripts, so ours alone is emptied.
    const plain = await browserUser(settings);
    plain.expectElsewhere(idp.issuer);
    await plain.page.route('**/static/app*.js', (route) => route.fulfill({ contentType: 'text/javascript', body: '' }));
    await plain.go('/login');
    await fill(plain, { office: office.code });
    await plain.page.locator('button[formaction="/login/sso"]').click();
    await plain.at('/login/sso/go');
    await see(plain, 'on the way to the provider');

    await throughProvider(una, office, 'una-there');
    await una.at('/login/sso/link');
    await see(una, 'an account is linked once');
    await fill(una, { username: 'una', password: 'wrong' });
    await submit(una);
    await una.page.getByRole('alert').waitFor();
    await see(una, 'an account is not linked');
    await fill(una, { username: 'una', password: office.password });
    await submit(una);
    await una.at('/settings/me');
    await see(una, 'my settings, with a linked account');
    await una.go('/login/sso/callback?state=x');
    await see(una, 'no such way back');

    await activate(chief);
    await see(chief, 'the question before activation, with single sign-on');
    await chief.page.locator('form[action$="/activate"] button').click();
    await chief.at('/login/method');
    const late = await browserUser(settings);
    late.expectElsewhere(idp.issuer);
    late.expectRefusal('/login/sso/callback');
    await throughProvider(late, office, 'una-there');
    await see(late, 'single sign-on refused');
    await chief.page.locator('[name=method][value=app]').check();
    await submit(chief);
    await chief.at('/login/app/setup');
    await fill(chief, { code: await new Authenticator(await chief.page.locator('[data-secret]').innerText()).code() });
    await submit(chief);
    await chief.page.locator('[data-recovery-code]').first().waitFor();
    await submit(chief);
    await chief.at('/settings/me');
    await chief.go('/settings/office/sign-in');
    await see(chief, 'sign-in, with somebody refused');
  },

  async 'at operators’ pages'({ app, browserUser }, settings, see) {
    const office = await app.office({ chief: 'superuser', jane: 'user' });
    const chief = await browserUser();
    await enter(chief, office, 'chief');
    await chief.at('/settings/me');
    await activate(chief);
    await chief.page.locator('form[action$="/activate"] button').click();
    await chief.at('/login/method');
    const name = `ops-${office.code.toLowerCase()}`;
    const phone = await newOperator(app, name),
      ops = await browserUser(settings);
    ops.expectRefusal('/operator/login', '/operator/login/code', '/operator/waiting');
    await ops.go('/operator/login');
    await see(ops, 'the operators’ log-in');
    await operatorEnters(ops, name, { pass: 'wrong' });
    await ops.page.getByRole('alert').waitFor();
    await see(ops, 'the operators’ log-in refused');
    await operatorEnters(ops, name);
    await ops.at('/operator/login/code');
    await see(ops, 'the operator’s code');
    await fill(ops, { code: await phone.code() });
    await submit(ops);
    await ops.at('/operator');

    const jane = await browserUser(settings);
    await enter(jane, office, 'jane');
    await jane.at('/login/method');
    await jane.page.locator('[name=method][value=sms]').check();
    await submit(jane);
    await jane.at('/login/number');
    const number = app.newNumber();
    await fill(jane, { number });
    await submit(jane);
    await jane.at('/login/code');
    await app.latestCode(number);
    await ops.go('/operator/waiting');
    await see(ops, 'who waits, not asked yet');
    await ops.go(`/operator/waiting?office=${office.code}&username=jane`);
    await ops.page.locator('.timeline li').first().waitFor();
    await see(ops, 'why somebody waits');
    await ops.page.locator('[id^=end-]').click();
    await asks(ops);
    await see(ops, 'the question before a challenge ends');
    await ops.page.keyboard.press('Escape');
    await ops.go(`/operator/waiting?office=${office.code}&username=nobody`);
    await see(ops, 'nobody waits');
    await fill(jane, { code: await app.latestCode(number) });
    await submit(jane);
    await jane.at('/settings/me/recovery-codes');
    await ops.go(`/operator/waiting?office=${office.code}&username=jane`);
    await see(ops, 'nobody waits any more');
    for (const [path, what] of [
      ['/operator', 'the overview'],
      ['/operator?period=month', 'the overview of a month'],
      ['/operator/offices', 'the offices'],
      ['/operator/history', 'the operators’ history'],
    ]) {
      await ops.go(path);
      await see(ops, what);
    }
    await ops.go('/operator');
    await ops.page.locator('details.numbers summary').press('Enter');
    await see(ops, 'the overview’s numbers');
    await ops.go('/operator/offices');
    await ops.page.locator('td a, th a').first().click();
    await ops.at(/^\/operator\/offices\/\d+$/);
    await see(ops, 'an office’s cap');
  },
};

/** What an operator does with applications. */
walks['at operators’ applications'] = async ({ app, browserUser }, settings, see) => {
  const office = await app.office({ una: 'user' });
  const name = `apps-${office.code.toLowerCase()}`;
  const phone = await newOperator(app, name),
    ops = await browserUser(settings);
  const { page } = ops;
  ops.expectRefusal('/operator/applications/new');
  await operatorEnters(ops, name);
  await ops.at('/operator/login/code');
  await fill(ops, { code: await phone.code() });
  await submit(ops);
  await ops.at('/operator');
  const save = () => page.locator('form.cards .actions .button').first().click();
  const add = async (kind, fields, { all = 'yes' } = {}) => {
    await ops.go(`/operator/applications/new?kind=${kind}`);
    await fill(ops, fields);
    await page.locator(`[name=all][value=${all}]`).check();
    await save();
  };
  const host = `${name}.example.org`;

  await ops.go('/operator/applications/new');
  await see(ops, 'a new application');
  await fill(ops, { url: 'payroll', hosts: '-', age: '0', codes: 'NOWHERE-AT-ALL' });
  await fill(ops, { name: 'Payroll' });
  await page.locator('[name=all][value=no]').check();
  for (const role of await page.locator('[name=role]').all()) await role.uncheck();
  await save();
  await page.locator('#problems').waitFor();
  await see(ops, 'a new application refused');
  const guarded = { name: `Payroll ${office.code}`, about: 'Salaries', url: `https://${host}`, codes: office.code };
  await add('forward', guarded, { all: 'no' });
  await ops.at(/^\/operator\/applications\/\d+$/);
  await see(ops, 'an application behind a proxy');
  const { path } = ops;
  ops.expectRefusal(path, `${path}/picture`);
  await ops.go(`${path}?proxy=caddy&upstream=nowhere`);
  await see(ops, 'a configuration refused');
  await ops.go(`${path}/change`);
  await see(ops, 'an application changed');
  await ops.go(path);
  await page.locator('form[action$="/remove"] button').last().click();
  await asks(ops);
  await see(ops, 'the question before an application is removed');
  await page.keyboard.press('Escape');
  await page.locator('#picture').setInputFiles({ name: 'x.png', mimeType: 'image/png', buffer: Buffer.from('no') });
  await page.locator('form[action$="/picture"] button').click();
  await page.locator('#picture-error').waitFor();
  await see(ops, 'a picture refused');
  await page.locator('#picture').setInputFiles('../static/files/apple-touch-icon.png');
  await page.locator('form[action$="/picture"] button').click();
  await page.locator('form[action$="/picture/remove"]').waitFor();
  await page.locator('form[action$="/disable"] button').click();
  await page.locator('form[action$="/enable"]').waitFor();
  await see(ops, 'a disabled application with a picture');

  await ops.go('/operator/applications/new?kind=oidc');
  await see(ops, 'a new client');
  await fill(ops, { name: 'X', url: 'https://x.example.org', redirect: 'https://x.example.org/*' });
  await page.locator('[name=auth][value=key_set]').check();
  await save();
  await page.locator('#problems').waitFor();
  await see(ops, 'a new client refused');
  const client = { name: `Ledger ${office.code}`, url: `https://ledger-${host}` };
  await add('oidc', { ...client, redirect: `${client.url}/callback` });
  await page.locator('#secret').waitFor();
  await see(ops, 'a client with its secret');
  await page.locator('form[action$="/secret"] button').click();
  await asks(ops);
  await see(ops, 'the question before another secret');
  await page.keyboard.press('Escape');
  await ops.go('/operator/applications');
  await see(ops, 'the applications');
};

/** What users and superusers see of applications: at the portal, at the door of each, and at the provider. */
walks['at applications'] = async ({ app, browserUser }, settings, see) => {
  const office = await app.office({ chief: 'superuser', una: 'user' });
  const other = await app.office({});
  const code = office.code.toLowerCase();
  const hostOf = (name) => `${name.toLowerCase()}-${code}.localhost:${new URL(app.url).port}`;
  const at = (name) => `http://${hostOf(name)}`;
  const register = async (name, { offices = office.code, ...flags } = {}, ...more) => {
    const all = { name: `${name} ${office.code}`, url: at(name), offices, ...flags };
    const args = Object.entries(all).flatMap(([flag, value]) => [`--${flag}`, value]);
    return JSON.parse(await app.command(['app', 'create', ...args, '--json', ...more]));
  };
  const [chief, una] = [await browserUser(settings), await browserUser(settings)];
  const { page } = una;

  await enter(chief, office, 'chief');
  await chief.at('/settings/me');
  await chief.go('/settings/office/applications');
  await see(chief, 'the office’s applications, none');
  await register('Payroll', { about: 'Salaries and holidays', 'max-factor-age': '15m' });
  for (const name of ['Ledger', 'Books', 'Archive', 'Planner', 'Mail', 'Drive', 'Notes', 'Forms', 'Wiki', 'Chat']) {
    await register(name);
  }
  await register('Elsewhere', { offices: other.code });
  await register('Closed', { about: 'Closed for now' });
  await app.command(['app', 'disable', `Closed ${office.code}`]);
  const client = await register('Client', {}, '--oidc', '--redirect-uri', 'https://client.example.org/callback');

  await chief.go('/settings/office/applications');
  await see(chief, 'the office’s applications');
  const row = (name) => chief.page.locator('th a', { hasText: name });
  const save = () => chief.page.locator('main form .actions .button').first().click();
  await row('Payroll').click();
  await chief.at(/^\/settings\/office\/applications\/\d+$/);
  chief.expectRefusal(chief.path);
  await see(chief, 'an application of the office');
  await fill(chief, { age: '20' });
  for (const role of await chief.page.locator('[name=role]').all()) await role.uncheck();
  await save();
  await chief.page.locator('#problems').waitFor();
  await see(chief, 'an application that cannot be loosened');
  for (const [name, change] of [
    ['Ledger', (form) => form.locator('[name=role][value=user]').uncheck()],
    ['Books', (form) => form.locator('[name=off]').check()],
  ]) {
    await chief.go('/settings/office/applications');
    await row(name).click();
    await chief.at(/^\/settings\/office\/applications\/\d+$/);
    await change(chief.page.locator('main form'));
    await save();
    await chief.at('/settings/office/applications');
  }
  await see(chief, 'the office’s applications, tightened');
  await row('Closed').click();
  await chief.at(/^\/settings\/office\/applications\/\d+$/);
  await see(chief, 'an application that its operator closed');

  await enter(una, office, 'una');
  await una.at('/applications');
  await see(una, 'the applications that a user opens');
  await una.go('/applications?q=nothing');
  await see(una, 'no application found');
  await una.go('/settings/me');
  await see(una, 'my settings, with applications');

  // A page that leads on at once is held, to be looked at.
  const held = async (path) => {
    const hold = async (route) => {
      const answer = await route.fetch({ maxRedirects: 0 });
      const headers = answer.headers();
      delete headers.refresh;
      await route.fulfill({ response: answer, headers });
    };
    await page.route((url) => url.pathname === path, hold);
  };
  for (const name of ['Archive', 'Ledger', 'Books', 'Closed', 'Elsewhere', 'Payroll', 'Nowhere']) {
    una.expectElsewhere(at(name));
  }
  una.expectRefusal('/door/open', '/door/visit', '/.nightlatch/start', '/.nightlatch/enter');
  una.expectRefusal('/oauth2/authorize', '/oauth2/continue/x');
  const start = (name) => page.goto(`${at(name)}/.nightlatch/start?to=/`);
  for (const [name, what] of [
    ['Closed', 'an application that is closed'],
    ['Elsewhere', 'an application of other offices'],
    ['Books', 'an application that the office switched off'],
    ['Ledger', 'an application of other roles'],
    ['Payroll', 'an application that asks for a second factor'],
    ['Nowhere', 'a host that nothing is behind'],
  ]) {
    await start(name);
    await see(una, what);
  }
  await page.goto(`${at('Archive')}/.nightlatch/enter?ticket=x&to=/`);
  await see(una, 'a browser without the cookie of an application');
  await start('Archive');
  await page.goto(`${at('Archive')}/.nightlatch/enter?ticket=x&to=/`);
  await una.go('/settings/me');
  await see(una, 'my settings, with an application that is open');
  await page.evaluate((to) => location.assign(to), `${at('Archive')}/.nightlatch/sign-out`);
  await page.waitForURL(/sign-out/);
  await see(una, 'a log-out from an application, asked for elsewhere');
  await page.locator('form button').click();
  await page.waitForURL(/door\/left/);
  await see(una, 'signed out of an application');

  const query = new URLSearchParams({
    client_id: client.client_id,
    response_type: 'code',
    scope: 'openid',
    prompt: 'select_account',
    redirect_uri: 'https://client.example.org/callback',
    code_challenge_method: 'S256',
    code_challenge: 'a'.repeat(43),
  });
  await una.go(`/oauth2/authorize?${query}`);
  await una.at(/^\/oauth2\/continue\//);
  await see(una, 'who is signing in to a client');
  await held(una.path);
  await page.locator('form:has([value=me]) button').click();
  await page.locator('a[href^="https://client.example.org"]').waitFor();
  await see(una, 'on to a client');
  await una.go('/oauth2/continue/x');
  await see(una, 'a sign-in that is over');
  await una.go('/oauth2/authorize?client_id=x&response_type=code');
  await see(una, 'a client that is not known');
  query.set('redirect_uri', 'https://nowhere.example.org');
  await una.go(`/oauth2/authorize?${query}`);
  await see(una, 'a client with a wrong address');
  await una.go(`/oauth2/logout?client_id=${client.client_id}`);
  await page.locator('form[action="/oauth2/leave"]').waitFor();
  await see(una, 'a log-out that a client asks for');
};

/** How an office comes to demand two factors, and what it allows: the tab, and whom its date meets. */
walks['at a date'] = async ({ app, browserUser }, settings, see) => {
  const office = await app.office({ chief: 'superuser', ada: 'accountant', una: 'user' });
  const [chief, ada, una] = [await browserUser(settings), await browserUser(settings), await browserUser(settings)];
  const { page } = chief;
  const tab = '/settings/office/two-factor';
  const press = (action) => page.locator(`form[action="${action}"] button`).last().click();
  const told = async () => {
    await page.locator('.toast').waitFor();
    await chief.at(tab);
  };
  await enter(chief, office, 'chief');
  await chief.at('/settings/me');
  chief.expectRefusal('/settings/office/general/activate', `${tab}/date`, `${tab}/wave`, `${tab}/black-out`,
    `${tab}/black-out/import`, `${tab}/rescue`);
  await chief.go('/settings/office/general');
  await page.getByRole('switch').click();
  await eventually(async () => assert.equal(await page.getByRole('switch').getAttribute('aria-checked'), 'true'));
  await page.locator('#two-factor-save').click();
  await asks(chief);
  await page.locator('[name=when][value=date]').check();
  await page.locator('form[action$="/activate"] button').click();
  await page.locator('#from-error').waitFor();
  await see(chief, 'the question before activation, with a wrong date');
  await chief.go(tab);
  await see(chief, 'two-factor authentication');
  await page.locator('#from').evaluate((field) => field.removeAttribute('min'));
  await fill(chief, { from: '2020-01-01T09:00' });
  await press(`${tab}/date`);
  await page.locator('#from-error').waitFor();
  await see(chief, 'a date refused');
  await fill(chief, { from: new Date(Date.now() + 20 * 24 * 3600_000).toISOString().slice(0, 16) });
  await press(`${tab}/date`);
  await told();
  await see(chief, 'two-factor authentication, with a date');
  await fill(chief, { usernames: 'nobody' });
  await page.locator('#wave-name').fill('Pilot');
  await page.locator('#wave-from').fill(new Date(Date.now() + 30 * 24 * 3600_000).toISOString().slice(0, 16));
  await press(`${tab}/wave`);
  await page.locator('#wave-usernames-error').waitFor();
  await see(chief, 'a wave refused');
  await fill(chief, { usernames: 'una' });
  await press(`${tab}/wave`);
  await told();
  await page.locator('#free-day').evaluate((field) => field.removeAttribute('max'));
  await page.locator('#free-day').fill('2099-01-01');
  await page.locator('#free-name').fill('Tax');
  await press(`${tab}/black-out`);
  await page.locator('#free-day-error').waitFor();
  await see(chief, 'a day kept free refused');
  const calendar = (text) =>
    page.locator('#free-file').setInputFiles({ name: 'tax.ics', mimeType: 'text/calendar', buffer: Buffer.from(text) });
  await calendar('nonsense');
  await press(`${tab}/black-out/import`);
  await page.locator('#free-file-error').waitFor();
  await see(chief, 'a calendar refused');
  await calendar(
    'BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20200501\nRRULE:FREQ=YEARLY\nSUMMARY:Tax\nEND:VEVENT\n' +
      'BEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n',
  );
  await press(`${tab}/black-out/import`);
  await page.locator('#black-outs [role=status]').waitFor();
  await see(chief, 'a calendar imported in part');
  await chief.go(await page.locator('#waves .rows a').first().getAttribute('href'));
  for (const details of await page.locator('#waves details, #reminders details').all()) {
    await details.locator('summary').click();
  }
  await see(chief, 'waves, days kept free and reminders');
  await page.locator('#hours').fill('99');
  await press(`${tab}/rescue`);
  await page.locator('#hours-error').waitFor();
  await see(chief, 'a waiting time refused');
  await page.locator('#trust-days').selectOption('7');
  await press(`${tab}/trusted`);
  await told();
  await chief.go('/settings/office/general');
  await see(chief, 'the office with a date');
  await enter(ada, office, 'ada');
  await ada.at('/settings/soon');
  await ada.go(tab);
  await see(ada, 'two-factor authentication, for an accountant');

  await enter(una, office, 'una');
  await una.at('/settings/soon');
  await see(una, 'a second factor is needed soon');
  await una.page.locator('a[href="/settings/me/passkeys/new"]').click();
  await una.at('/settings/me/passkeys/new');
  const comes = (at) =>
    app.sql(`update users u set demanded_from = ${at} from offices o
      where o.id = u.office_id and o.code = '${office.code}' and u.username = 'una'`);
  await comes(`now() + interval '5 hours'`);
  await una.go('/settings/soon');
  await see(una, 'a second factor is needed in hours');
  await una.page.locator('form[action="/settings/soon"] button').click();
  await una.at('/settings/me');
  await comes('now()');
  await una.go('/settings/me');
  await una.at('/login/method');
  await una.page.locator('[name=method][value=app]').check();
  await submit(una);
  await una.at('/login/app/setup');
  const phone = new Authenticator(await una.page.locator('[data-secret]').innerText());
  await fill(una, { code: await phone.code() });
  await submit(una);
  await una.page.locator('[data-recovery-code]').first().waitFor();
  const again = await browserUser(settings);
  await enter(again, office, 'una');
  await again.at('/login/app');
  await see(again, 'a code of the app, with trust');
  await fill(again, { code: await phone.code() });
  await again.page.locator('[name=trust]').check();
  await submit(again);
  await again.at('/settings/me');
  await see(again, 'my settings, with a trusted browser');
};

/** Codes are tried before they are needed, and what came of it. */
walks['at a fire drill'] = async ({ app, browserUser }, settings, see) => {
  const office = await app.office({ chief: 'superuser', una: 'user', otto: 'user', rik: 'user', wim: 'user' });
  const theirs = (name) => `(select u.id from users u join offices o on o.id = u.office_id
    where o.code = '${office.code}' and u.username = '${name}')`;
  const chief = await browserUser(settings);
  const drill = '/settings/office/two-factor/drill';
  const press = (who, action) => who.page.locator(`form[action="${action}"] button`).click();
  await enter(chief, office, 'chief');
  await chief.at('/settings/me');
  await chief.go(drill);
  await see(chief, 'a fire drill of nobody');
  await app.sql(`insert into mobile_numbers (user_id, number, country, confirmed_at)
    values (${theirs('una')}, '${app.newNumber()}', 'NL', now()), (${theirs('otto')}, '${app.newNumber()}', 'NL', null),
      (${theirs('rik')}, '${app.newNumber()}', 'NL', now()), (${theirs('wim')}, '${app.newNumber()}', 'NL', now())`);
  await chief.go(drill);
  await see(chief, 'a fire drill to begin');
  await press(chief, drill);
  await chief.page.locator('.toast').waitFor();
  const [una, otto, rik] = [await browserUser(settings), await browserUser(settings), await browserUser(settings)];
  await enter(una, office, 'una');
  await una.at('/settings/drill');
  await see(una, 'a code to try');
  await enter(otto, office, 'otto');
  await otto.at('/settings/drill');
  await see(otto, 'a number to confirm in a fire drill');
  await press(otto, '/settings/drill');
  await otto.at('/settings/confirm/code');
  await see(otto, 'the code of a fire drill');
  await app.sql(`update drill_users set answered_at = now() where user_id = ${theirs('una')}`);
  await una.go('/settings/drill');
  await see(una, 'a code tried');
  await enter(rik, office, 'rik');
  await rik.at('/settings/drill');
  await press(rik, '/settings/drill/skip');
  await rik.at('/settings/me');
  await app.sql(`update messages set state = 'failed', reason = 'undelivered', final = true where challenge_id in (
    select id from challenges where user_id = ${theirs('otto')})`);
  await chief.go(drill);
  await see(chief, 'a fire drill');
  await chief.page.locator('.tabs a[href$="outcome=late"]').click();
  await see(chief, 'a fire drill, nobody with an outcome');
  await press(chief, `${drill}/end`);
  await chief.page.locator('.toast').waitFor();
  await see(chief, 'a fire drill that is over');
  await app.sql(`update offices set two_factor_required = true where code = '${office.code}'`);
  await app.sql(`update sessions set level = 2, second_factor_at = now(), methods = '{pwd,otp}'
    where user_id = ${theirs('chief')}`);
  await chief.go(drill);
  await see(chief, 'no fire drill where codes are demanded');
};

/** Who is ready, who may not get in on Monday, and what is done about it. */
walks['at who is ready'] = async ({ app, browserUser }, settings, see) => {
  const users = { una: 'user', otto: 'user', rik: 'user', wim: 'user' };
  const office = await app.office({ chief: 'superuser', ada: 'accountant', ...users });
  await app.user(office, 'vera', 'user', '');
  const chief = await browserUser(settings);
  const { page } = chief;
  const list = '/settings/office/rollout';
  const theirs = (name) => `(select u.id from users u join offices o on o.id = u.office_id
    where o.code = '${office.code}' and u.username = '${name}')`;
  await app.sql(`insert into mobile_numbers (user_id, number, country, registered_at)
    values (${theirs('una')}, '+31201234567', 'NL', now() - interval '40 days'),
      (${theirs('otto')}, '+4366412345678', 'AT', now())`);
  await app.sql(`insert into authenticators (user_id, secret_ct, last_step) values (${theirs('rik')}, 'x', 0)`);
  await app.sql(`insert into coverage_days (office_id, day, users, ready)
    select o.id, current_date - d, 6, 6 - d / 5 from offices o, generate_series(0, 20) d where o.code = '${office.code}'
    on conflict do nothing`);
  await app.sql(`update users set password_hash = '' where id = ${theirs('wim')}`);
  await enter(chief, office, 'chief');
  await chief.at('/settings/me');
  await activate(chief);
  await see(chief, 'the question before activation, with lists');
  await page.locator('dialog .legend a').first().click();
  await chief.at(list);
  await see(chief, 'who is ready, from the question');
  chief.expectRefusal(`${list}/remind`, `${list}/invite`);
  await chief.go(list);
  await see(chief, 'who is ready');
  await page.locator('details.numbers summary').click();
  await see(chief, 'who is ready, day by day');
  await page.locator('#q').fill('una');
  await eventually(async () => assert.equal(await page.locator('#people tbody tr').count(), 1));
  await see(chief, 'who is ready, searched');
  await chief.go(`${list}?q=nobody`);
  await see(chief, 'nobody on a list');
  await chief.go(`${list}?show=at_risk`);
  await see(chief, 'who cannot get in on Monday');
  await page.locator('#chosen button').first().click();
  await page.locator('#all-error').waitFor();
  await see(chief, 'nobody is chosen');
  await page.locator('#all').check();
  await page.locator('#chosen button').first().click();
  await page.locator('.toast').waitFor();
  await see(chief, 'some are reminded');
  await page.locator('.remedies button[formaction$="/invite"]').first().click();
  await eventually(async () => assert.equal(await page.locator('.remedies button[formaction$="/invite"]').count(), 0));
  await see(chief, 'somebody is invited again');
};

/** A passkey: made, proven, kept, and the whole log-in. */
walks['at passkeys'] = async ({ app, browserUser }, settings, see) => {
  const office = await app.office({ chief: 'superuser', pia: 'user' });
  const [chief, pia] = [await browserUser(settings), await browserUser(settings)];
  const { page } = pia;
  await enter(chief, office, 'chief');
  await chief.at('/settings/me');
  await activate(chief);
  await chief.page.locator('form[action$="/activate"] button').click();
  await chief.at('/login/method');
  await authenticator(pia);
  const cancelled = (act) =>
    page.evaluate((act) => {
      navigator.credentials[act] = () => Promise.reject(new DOMException('', 'NotAllowedError'));
    }, act);
  await enter(pia, office, 'pia');
  await pia.at('/login/method');
  await page.locator('[name=method][value=passkey]').check();
  await submit(pia);
  await pia.at('/login/passkey/new');
  await see(pia, 'a first passkey');
  await cancelled('create');
  await submit(pia);
  await page.locator('[data-problem]:not(:empty)').waitFor();
  await see(pia, 'a passkey was not made');
  await page.reload();
  await submit(pia);
  await page.locator('[data-recovery-code]').first().waitFor();
  await submit(pia);
  await pia.at('/settings/me');
  await see(pia, 'my settings, with a passkey');
  await pia.go('/settings/me/passkeys');
  await see(pia, 'my passkeys');
  pia.expectRefusal(await page.locator('form[action$="/remove"]').getAttribute('action'));
  await page.locator('form[action$="/remove"] button').click();
  await page.locator('#problems').waitFor();
  await see(pia, 'the last passkey stays');
  await app.sql(`update passkeys set copied_at = now() where user_id in (select u.id from users u
    join offices o on o.id = u.office_id where o.code = '${office.code}')`);
  await pia.go('/settings/me/passkeys');
  await see(pia, 'a passkey out of use');
  await app.sql('update passkeys set copied_at = null');
  await pia.go('/settings/me/passkeys/new');
  await see(pia, 'another passkey');
  await pia.go('/settings/confirm/passkey');
  await see(pia, 'a fresh proof by passkey');
  await pia.context.clearCookies();
  await enter(pia, office, 'pia');
  await pia.at('/login/passkey');
  await see(pia, 'a passkey is asked for');
  await cancelled('get');
  await submit(pia);
  await page.locator('[data-problem]:not(:empty)').waitFor();
  await see(pia, 'a passkey was not used');
  await pia.go('/login/ways');
  await see(pia, 'other ways, beside a passkey');

  await app.sql(`insert into office_passkeys select id, true from offices where code = '${office.code}'`);
  const somebody = await browserUser(settings);
  await somebody.go('/login');
  await see(somebody, 'the log-in, by a passkey alone');
  await app.sql('delete from office_passkeys');
};

/** Whoever does not have their phone, who answers them, and what follows. */
walks['without a phone'] = async ({ app, browserUser }, settings, see) => {
  const office = await app.office({ chief: 'superuser', una: 'user' });
  const [chief, una] = [await browserUser(settings), await browserUser(settings)];
  const { page } = chief;
  for (const [who, username] of [[una, 'una'], [chief, 'chief']]) {
    await enterWithApp(who, office, username);
    await submit(who);
    await who.at('/settings/me');
  }
  await activate(chief);
  await page.locator('form[action$="/activate"] button').click();
  await page.locator('dialog').waitFor({ state: 'detached' });

  const asking = async (username = 'una') => {
    const who = await browserUser(settings);
    await enter(who, office, username);
    await who.at('/login/app');
    await who.go('/login/help');
    return who;
  };
  const alone = await asking('chief');
  await see(alone, 'without a phone, with nobody to ask');
  await app.user(office, 'boris', 'superuser');
  await alone.go('/login/help');
  await submit(alone);
  await alone.page.locator('[data-words]').waitFor();

  const first = await asking();
  first.expectRefusal('/login/help/line'); // which leads on, once there is an answer
  await see(first, 'without a phone');
  await submit(first);
  await first.page.locator('[data-words]').waitFor();
  await see(first, 'three words');
  const words = await first.page.locator('[data-words]').innerText();
  const jar = await first.context.cookies();
  await first.context.clearCookies({ name: /words/ });
  await first.go('/login/help');
  await see(first, 'three words, in a browser that does not have them');
  await first.context.addCookies(jar);

  const { links } = await app.latestMail(app.email(office, 'una'));
  await una.go(pathOf(links.at(-1)));
  await see(una, 'help is asked for in somebody’s name');
  await chief.go('/settings/users');
  await see(chief, 'users, with some who have no phone');
  const open = async (name) => {
    await chief.go('/settings/users');
    await page.locator('#users-list a', { hasText: name }).click();
    await chief.at(/^\/settings\/users\/\d+$/);
  };
  await open('Chief');
  await page.locator('a[href$="/help"]').click();
  await see(chief, 'help that one asks for oneself');
  await open('Una');
  await see(chief, 'a user who has no phone');
  await page.locator('a[href$="/help"]').click();
  await chief.at(/\/help$/);
  const { path } = chief;
  chief.expectRefusal(path);
  await see(chief, 'an answer to who has no phone');
  const answer = async (words, choice) => {
    await fill(chief, { words });
    await page.locator(`[name=choice][value=${choice}]`).check();
    await page.locator(`form[action="${path}"] button`).click();
  };
  await answer('not the words', 'reset');
  await page.locator('#words-error').waitFor();
  await see(chief, 'an answer refused');
  await fill(chief, { until: '23:59' });
  await answer(words, 'pass');
  await chief.at(path.replace('/help', ''));
  await first.at('/settings/me');
  await see(first, 'my settings, on a day pass');
  assert.equal(await first.page.getByRole('switch').first().getAttribute('aria-checked'), 'true', 'as in the office');
  first.expectRefusal('/settings/me/app');
  await first.go('/settings/me/app');
  await see(first, 'what a day pass does not open');
  await chief.go(path);
  await see(chief, 'nobody asks for help');

  const second = await asking();
  await submit(second);
  await second.page.locator('[data-words]').waitFor();
  await chief.go(path);
  await page.locator(`form[action="${path}/refuse"] button`).click();
  await chief.at(path.replace('/help', ''));
  await second.page.locator('main form button').waitFor();
  await see(second, 'help is refused');

  await app.sql(`insert into office_rescue (office_id, cooling_hours)
    select id, 24 from offices where code = '${office.code}'`);
  await app.sql(`update users u set factor_changed_at = now() from offices o
    where o.id = u.office_id and o.code = '${office.code}'`);
  chief.expectRefusal('/settings/users/new');
  await chief.go('/settings/users');
  await see(chief, 'users, for who cools off');
  assert.equal((await chief.go('/settings/users/new')).status(), 409);
  await see(chief, 'what waits until one has cooled off');
};

const pictures = process.env.PICTURES;
let taken = 0;
const photograph = async (page, label, name) => {
  if (!pictures) return;
  await mkdir(pictures, { recursive: true });
  await page.screenshot({
    path: `${pictures}/${label}-${String(++taken).padStart(3, '0')}-${name.replace(/[^a-z0-9]+/gi, '-')}.png`,
    fullPage: true,
  });
};
/** Waits for the page, lets look judge it, and counts it. */
const seeing = (look) => {
  const names = new Set();
  const see = async (who, name) => {
    await who.page.waitForLoadState();
    await look(who.page, name, who);
    names.add(name);
  };
  return { see, names };
};

// A link in a row's head covers its row, a label its button, and links in running text are exempt (WCAG 2.5.8).
const sentences = (text) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.split(/\s+/).filter((word) => /^[a-z]{2,}/i.test(word)).length > 3);
// What shows everybody's messages, in the language of each.
const everybodys = new Set(['the demo phone', 'the demo mailbox']);
const minutes = 60_000;
// An application of all offices would be where the next walk's users land.
const putAway = ({ app }) => app.sql('delete from applications');

for (const [place, walk] of Object.entries(walks)) {
  const english = new Set();
  let seen;
  scenario(
    `${place}, axe finds nothing, in light and in dark`,
    async (fixture) => {
      const { see, names } = seeing(async (page, name, who) => {
        await photograph(page, 'light', name);
        await survives(who, name);
        await accessible(page, name, () => photograph(page, 'dark', name));
        for (const s of sentences(await page.locator('body').innerText())) english.add(s);
      });
      await walk(fixture, {}, see);
      await putAway(fixture);
      seen = names.size;
    },
    { timeout: 10 * minutes },
  );

  scenario(
    `${place}, at 360 px nothing scrolls sideways, and in Dutch no English sentence is left`,
    async (fixture) => {
      assert.ok(english.size > 20, 'the English pages were looked at first');
      const { see, names } = seeing(async (page, name) => {
        await photograph(page, 'dutch', name);
        assert.equal(await page.locator('html').getAttribute('lang'), 'nl', name);
        assert.ok(
          (await page.evaluate(() => document.documentElement.scrollWidth)) <= 360,
          `${name} is wider than 360 px`,
        );
        const small = await page.evaluate(() =>
          [...document.querySelectorAll('button, a, input:not([type=hidden]), select, summary')]
            .filter(
              (e) =>
                e.checkVisibility({ visibilityProperty: true }) &&
                !e.closest('p, .hint, th, label, a.mention') &&
                !e.matches('.skip'),
            )
            .map((e) => ({
              e: e.outerHTML.slice(0, 90),
              w: e.getBoundingClientRect().width,
              h: e.getBoundingClientRect().height,
            }))
            .filter(({ w, h }) => w > 1 && h > 1 && (w < 23.5 || h < 23.5)),
        );
        assert.deepEqual(small, [], `${name}: targets under 24 px`);
        if (everybodys.has(name)) return;
        const files = sentences((await page.locator('pre[lang=en], #reminders [lang]').allInnerTexts()).join('\n'));
        for (const s of sentences(await page.locator('body').innerText()))
          assert.ok(!english.has(s) || files.includes(s), `${name} says in English: ${s}`);
      });
      await walk(fixture, { locale: 'nl-NL', viewport: { width: 360, height: 740 } }, see);
      await putAway(fixture);
      assert.equal(names.size, seen, 'every state that was seen in English');
    },
    { timeout: 10 * minutes },
  );
}

scenario('by keyboard alone a user logs in', async ({ app, browserUser }) => {
  const office = await app.office({ chief: 'superuser' });
  const chief = await browserUser();
  await chief.go('/login');
  const { keyboard } = chief.page;
  await chief.page.locator('[name=office]:focus').waitFor(); // a moment after the page is loaded
  await keyboard.type(office.code);
  await keyboard.press('Tab');
  await keyboard.type('chief');
  await keyboard.press('Tab');
  await keyboard.type(office.password);
  await keyboard.press('Enter');
  await chief.at('/settings/me');
  const outline = async () =>
    chief.page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      return `${outlineStyle} ${outlineWidth}`;
    });
  for (let i = 0; i < 8; i++) {
    await keyboard.press('Tab');
    assert.doesNotMatch(await outline(), /^none|^\S+ 0px/, 'the focus is visible');
  }
});

scenario('an open language menu lies over the page, which stays where it is', async ({ app, browserUser }) => {
  for (const width of [360, 1180]) {
    const somebody = await browserUser({ viewport: { width, height: 740 } });
    const places = () =>
      somebody.page
        .locator('main :is(h1, h2)')
        .evaluateAll((heads) => heads.map((head) => head.getBoundingClientRect().y));
    const opens = async (where) => {
      const before = await places();
      await somebody.page.locator('.menu summary').click();
      await somebody.button('Nederlands').waitFor();
      assert.deepEqual(await places(), before, `${where} at ${width} px`);
      assert.ok(
        await somebody.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
        `${where} at ${width} px scrolls sideways`,
      );
    };
    await somebody.go('/login');
    await opens('the log-in');
    await somebody.logIn(app.demo, 'user-new');
    await opens('my settings');
  }
});
