// A superuser and the office's users: made, changed, disabled, deleted, from a file, logged out; and the last
// superuser.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { accessible } from './lib/axe.mjs';
import { eventually } from './lib/eventually.mjs';
import { setup } from './lib/scenario.mjs';

const { scenario } = setup();
let office, boss;

const csv = (text) => ({ name: 'users.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
const fill = async (browserUser, fields) => {
  for (const [label, value] of Object.entries(fields)) await browserUser.field(label).fill(value);
};

scenario('a superuser makes a user, who cannot log in before they have a password', async (fixture) => {
  office = await fixture.app.office({
    boss: 'superuser',
    vice: 'superuser',
    ann: 'accountant',
    otto: 'user',
    cleo: 'user',
  });
  boss = await fixture.browserUser({ stays: true });
  await boss.logIn(office, 'boss');
  await boss.go('/settings/users');
  await boss.link('New user').click();
  await boss.at('/settings/users/new');
  await boss.reads('The user gets an invitation by mail and chooses a password.');
  await fill(boss, { Username: 'OTTO', Name: 'Zoë Jansen', 'E-mail address': 'zoe@example.org' });
  boss.expectRefusal('/settings/users/new');
  await boss.button('Create user').click();
  await boss.reads(/has a user of this username already/);
  assert.equal(await boss.field('Name').inputValue(), 'Zoë Jansen', 'what was typed is still there');
  await fill(boss, { Username: 'Zoe' });
  await boss.field('Role').selectOption('accountant');
  await boss.button('Create user').click();
  await boss.at(/^\/settings\/users\/\d+$/);
  await boss.reads('The user is created and invited by mail.');
  await boss.reads(/Has no password yet/);
  const invitation = await fixture.app.latestMail('zoe@example.org');
  assert.equal(invitation.subject, `Set your password for Nightlatch (${office.name})`);
  const zoe = await fixture.browserUser();
  zoe.expectRefusal('/login');
  await zoe.go('/login');
  await fill(zoe, { 'Office code': office.code, Username: 'zoe', Password: office.password });
  await zoe.button('Log in').click();
  await zoe.alert.waitFor();
  assert.equal(zoe.path, '/login');
});

scenario(
  'another role and a disabling end the sessions at once; who is disabled is greyed and it is said',
  async (fixture) => {
    const otto = await fixture.browserUser();
    await otto.logIn(office, 'otto');
    await boss.go('/settings/users');
    await boss.link('Otto Tester').click();
    await boss.reads(/1 session is open/);
    await boss.link(/^Change/).click();
    await boss.field('Role').selectOption('accountant');
    await boss.button('Save').click();
    await boss.reads(/Saved/);
    await otto.go('/settings/me');
    await otto.at('/login');
    await otto.logIn(office, 'otto');
    await otto.link('Users').waitFor();
    await boss.link('Disable').click();
    await boss.dialog.waitFor();
    assert.match(await boss.dialog.innerText(), /Disable Otto Tester\?/);
    await boss.page.keyboard.press('Escape');
    await eventually(async () => assert.equal(await boss.dialog.count(), 0));
    await boss.link('Disable').click();
    await boss.button('Yes, disable this user').click();
    await boss.reads(/disabled and logged out everywhere/);
    await otto.go('/settings/users');
    await otto.at('/login');
    await boss.go('/settings/users');
    assert.match(await boss.page.getByRole('row', { name: /Otto/ }).innerText(), /disabled/);
    await boss.link('Otto Tester').click();
    await boss.button('Enable').click();
    await boss.reads(/can log in again/);
  },
);

scenario('a user is deleted after a question that names them; the last superuser stays', async (fixture) => {
  await boss.go('/settings/users');
  await boss.link('Cleo Tester').click();
  await boss.link('Delete').click();
  assert.match(await boss.dialog.innerText(), /Delete Cleo Tester \(cleo\)\?/);
  await boss.button('Yes, delete this user').click();
  await boss.at('/settings/users');
  await boss.reads(/user is deleted/);
  assert.equal(await boss.link('Cleo Tester').count(), 0);
  await boss.link('Vice Tester').click();
  await boss.link('Delete').click();
  await boss.button('Yes, delete this user').click();
  await boss.at('/settings/users');
  await boss.link('Boss Tester').click();
  await boss.reads(/cannot disable or delete yourself/);
  await boss.link(/^Change/).click();
  await boss.field('Role').selectOption('user');
  boss.expectRefusal(boss.path);
  await boss.button('Save').click();
  await boss.reads(/last superuser who can log in/);
});

scenario('a file is looked at before it is imported, each bad line with its reason', async (fixture) => {
  await boss.go('/settings/users/import');
  boss.expectRefusal('/settings/users/import');
  await boss
    .field('CSV file')
    .setInputFiles(csv('username;name;email;role\nbert;Bert;bert@example.org;king\notto;;nowhere;\n'));
  await boss.button('Look at it first').click();
  await boss.reads(/2 bad lines/);
  assert.match(await boss.page.locator('[data-line="2"]').innerText(), /king[\s\S]*not a role/);
  assert.match(await boss.page.locator('[data-line="3"]').innerText(), /nowhere[\s\S]*e-mail/);
  assert.equal(await boss.button('Import').count(), 0);
  await boss.link('Choose another file').click();
  await boss
    .field('CSV file')
    .setInputFiles({ ...csv(''), buffer: Buffer.from('username,name\nbert,Andr\xe9\n', 'latin1') });
  await boss.button('Look at it first').click();
  await boss.reads(/not UTF-8/);
  await boss
    .field('CSV file')
    .setInputFiles(
      csv(
        '\uFEFFGebruikersnaam;Naam;E-mailadres;Rol\r\nbert;"Bakker, ""Bert""";bert@example.org;\r\n' +
          'otto;Otto Otterman;otto@example.org;user\r\nann;;;\r\n',
      ),
    );
  await boss.button('Look at it first').click();
  await boss.reads(/1 new user/);
  await boss.reads(/1 stays the same/);
  await boss.button('Import').click();
  await boss.at('/settings/users');
  await boss.reads(/file is imported/);
  await boss.link('Bakker, "Bert"').waitFor();
  await boss.link('Otto Otterman').waitFor();
  const [download] = await Promise.all([boss.page.waitForEvent('download'), boss.button('Export').click()]);
  const file = await readFile(await download.path(), 'utf8');
  assert.match(file, /^\uFEFF"username","name","email","role","language","second factor","disabled"\r\n/);
  assert.match(file, /"bert","Bakker, ""Bert""","bert@example\.org","user","","none","no"\r\n/);
});

scenario('an accountant asks for a reset, and the superuser sees who asks', async (fixture) => {
  const ann = await fixture.browserUser();
  const otto = await fixture.browserUser();
  await otto.logIn(office, 'otto');
  await otto.link(/^Set up/).click();
  await otto.typeKey();
  await otto.keepRecoveryCodes();
  await ann.logIn(office, 'ann');
  await ann.go('/settings/users');
  await ann.link('Otto Otterman').click();
  assert.equal((await ann.link('Delete').count()) + (await ann.link('Reset').count()), 0);
  await ann.button('Ask for a reset').click();
  await ann.reads(/superusers see that you ask/);
  await boss.go('/settings/users');
  await boss.link(/Ann Tester asks for a reset for Otto/).click();
  await boss.reads(/Ann Tester asked for a reset/);
  await boss.link('Reset').click();
  await boss.button(/Yes, reset/).click();
  await boss.reads(/second factor is reset/);
  assert.doesNotMatch(await boss.text(), /asked for a reset/);
  await otto.go('/settings/me');
  await otto.at('/login');
  await otto.takeNewPassword(office, 'otto', 'otto@example.org');
  await otto.reads(/second factor was reset/);
});

scenario("sessions end: all others of one's own, and the whole office's", async (fixture) => {
  const there = await fixture.browserUser();
  await there.logIn(office, 'boss');
  const ann = await fixture.browserUser();
  await ann.logIn(office, 'ann');
  await boss.go('/settings/me');
  await boss.button('End all other sessions').click();
  await boss.reads(/sessions are ended/);
  await there.go('/settings/me');
  await there.at('/login');
  await boss.go('/settings/users');
  await boss.link('End all sessions').click();
  await boss.dialog.waitFor();
  await boss.button('Yes, end all sessions').click();
  await boss.reads(/sessions are ended/);
  await ann.go('/settings/me');
  await ann.at('/login');
});

scenario('in a thousand users the search finds while one types, and without JavaScript', async (fixture) => {
  const lines = Array.from({ length: 1000 }, (_, i) => `u${i},Number ${i} Tester,u${i}@example.org`);
  await boss.go('/settings/users/import');
  await boss.field('CSV file').setInputFiles(csv(['username,name,email', ...lines].join('\n')));
  await boss.button('Look at it first').click();
  await boss.reads(/1000 new users/);
  await boss.reads(/and 800 more lines/);
  await boss.button('Import').click();
  await boss.at('/settings/users');
  await boss.reads(/Page 1 of 21/);
  const before = boss.requests.length;
  await boss.field('Search by name or username').pressSequentially('number 77');
  await boss.reads(/11 users found/);
  assert.ok(
    boss.requests.slice(before).every(({ headers }) => headers['hx-request-type'] === 'partial'),
    'the page itself stays',
  );
  assert.equal(await boss.page.getByRole('row').count(), 12);
  await boss.field('Search by name or username').fill('nobody at all');
  await boss.reads(/No user has this/);
  const { cookies } = await boss.context.storageState();
  const plain = await fixture.browserUser({ javaScriptEnabled: false });
  await plain.context.addCookies(cookies);
  await plain.go('/settings/users');
  await plain.link('Next').click();
  await plain.reads(/Page 2 of 21/);
  await plain.field('Search by name or username').fill('u77');
  await plain.button('Search').click();
  await plain.reads(/11 users found/);
  await plain.link('Number 770 Tester').click();
  await plain.link('Delete').click();
  await plain.reads(/Delete Number 770 Tester \(u770\)\?/);
  await plain.button('Yes, delete this user').click();
  await plain.reads(/user is deleted/);
});

scenario('axe finds nothing here in light and dark, and nothing is wider than 360 px', async (fixture) => {
  const { cookies } = await boss.context.storageState();
  const small = await fixture.browserUser({ viewport: { width: 360, height: 740 }, locale: 'nl-NL' });
  await small.context.addCookies(cookies);
  small.expectRefusal('/settings/users/new', '/settings/users/import');
  const look = async (state) => {
    await accessible(small.page, state);
    const wide = await small.page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 360, `${state} is ${wide} px wide`);
  };
  await small.go('/settings/users?q=tester&page=2');
  await look('a page of the list');
  await small.go('/settings/users?q=nobody');
  await look('nobody found');
  await small.go('/settings/users/end-sessions');
  await look('the question before all sessions end');
  await small.go('/settings/users/new');
  await look('a new user');
  await small.page.getByLabel('Gebruikersnaam').fill('a b');
  await small.page.getByLabel('Naam', { exact: true }).fill('X');
  await small.page.getByLabel('E-mailadres').fill('x@example.org');
  await small.page.getByRole('button', { name: 'Gebruiker aanmaken' }).click();
  await look('a new user, refused');
  await small.go('/settings/users?q=otto');
  await small.page.getByRole('link', { name: /Otto/ }).click();
  await look('a user');
  const user = small.path;
  for (const question of ['/disable', '/delete', '/end-sessions', '/change']) {
    await small.go(user + question);
    await look(question);
  }
  await small.go('/settings/users/import');
  await look('a file is asked for');
  await small.page.getByLabel('CSV-bestand').setInputFiles(csv('username;role\notto;king\n'));
  await small.page.getByRole('button', { name: 'Eerst bekijken' }).click();
  await look('a bad file');
  await small.go('/settings/users/import');
  await small.page
    .getByLabel('CSV-bestand')
    .setInputFiles(csv('username;name\notto;A quite long name of somebody else\n'));
  await small.page.getByRole('button', { name: 'Eerst bekijken' }).click();
  await look('a good file');
});
