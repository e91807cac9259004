// The end of a session: it is warned of, it can be put off, and what was going on goes on after the next log-in.
import assert from 'node:assert/strict';
import { accessible } from './lib/axe.mjs';
import { eventually, sleep } from './lib/eventually.mjs';
import { enter as operatorEnters, newOperator } from './lib/operator.mjs';
import { setup } from './lib/scenario.mjs';

const { scenario } = setup();

let office;
scenario('an office', async ({ app }) => {
  office = await app.office({ ann: 'superuser', ben: 'user', cor: 'user', eve: 'superuser' });
});

const idle = (app, username, minutes) =>
  app.sql(`update sessions set last_seen_at = now() - interval '${minutes} minutes'
    where user_id in (select id from users where username = '${username}')`);
const dialog = (who, page = who.page) => page.getByRole('dialog', { name: 'You will be logged out soon' });

scenario('two minutes before the end a page asks, one button stays, and other tabs follow', async (fixture) => {
  const { app, browserUser } = fixture;
  const ben = await browserUser();
  await ben.logIn(office, 'ben');
  await idle(app, 'ben', 28.2);
  await ben.page.reload(); // the last touch is over a minute old: it is one
  await sleep(1200);
  assert.equal(await dialog(ben).count(), 0, 'whoever loads a page is there');
  await idle(app, 'ben', 28.2);
  const other = await ben.context.newPage();
  await other.clock.install();
  await ben.page.clock.install();
  for (const page of [ben.page, other]) await page.goto(`${app.url}/settings/office/general`);
  await idle(app, 'ben', 28.2);
  for (const page of [ben.page, other]) await page.clock.fastForward(28.1 * 60_000);
  await dialog(ben).waitFor();
  await dialog(ben, other).waitFor();
  assert.match(await dialog(ben).innerText(), /1:\d\d/);
  assert.equal(await ben.page.evaluate(() => document.activeElement.innerText), 'Stay logged in');
  await accessible(ben.page, 'the warning');
  await ben.page.keyboard.press('Enter');
  await eventually(async () => assert.equal(await dialog(ben).count(), 0));
  await eventually(async () => assert.equal(await dialog(ben, other).count(), 0, 'the other tab follows'));
  await ben.page.reload();
  await ben.at('/settings/office/general');
});

scenario('at the overall limit the warning says that nothing prolongs it', async ({ app, browserUser }) => {
  const cor = await browserUser();
  await cor.logIn(office, 'cor');
  await app.sql(`update sessions set expires_at = now() + interval '100 seconds' where user_id in
    (select id from users where username = 'cor')`);
  await cor.page.reload();
  await dialog(cor).waitFor();
  await cor.reads(/cannot be prolonged/);
  assert.ok(!(await cor.button('Stay logged in').isVisible()));
  await accessible(cor.page, 'the warning at the limit');
  await cor.button('Go on working').click();
  await sleep(1500);
  assert.equal(await dialog(cor).count(), 0, 'once');
});

scenario('a session that ends unseen leads back to the page and to what was typed', async ({ app, browserUser }) => {
  const ann = await browserUser();
  await ann.logIn(office, 'ann');
  await ann.page.clock.install();
  for (const by of ['the clock', 'the button']) {
    await ann.go('/settings/users/new');
    await ann.field('Name').fill('Femke Bakker');
    await ann.field('Username').fill(`fbakker-${by.length}`);
    await ann.page.locator('[name=email]').fill('femke@acme.example');
    await idle(app, 'ann', 16);
    if (by === 'the clock') await ann.page.clock.fastForward(15 * 60_000);
    else await ann.page.locator('main form button.button').last().click();
    await ann.at('/login');
    await ann.reads('You were logged out because nothing happened for 15 minutes.');
    await ann.enterOffice(office.code);
    await ann.field('Username').fill('ann');
    await ann.field('Password').fill(office.password);
    await ann.button('Log in').click();
    await ann.at('/settings/users/new');
    await ann.reads('back where you were');
    assert.equal(await ann.field('Name').inputValue(), 'Femke Bakker', by);
    assert.equal(await ann.field('Username').inputValue(), `fbakker-${by.length}`, by);
    await ann.go('/settings/me');
  }
});

scenario('what was typed is nobody else’s, and log-out forgets it', async ({ app, browserUser }) => {
  const ann = await browserUser();
  await ann.logIn(office, 'ann');
  await ann.go('/settings/users/new');
  await ann.field('Name').fill('Femke Bakker');
  await ann.field('Username').fill('fbakker');
  await ann.page.locator('[name=email]').fill('femke@acme.example');
  await idle(app, 'ann', 16);
  await ann.page.locator('main form button.button').last().click();
  await ann.at('/login');
  assert.match(await ann.page.evaluate(() => sessionStorage.kept), /Femke/);
  await ann.logIn(office, 'eve');
  assert.equal(await ann.page.evaluate(() => sessionStorage.length), 0);
  await ann.go('/settings/users/new');
  assert.equal(await ann.field('Name').inputValue(), '');

  // Another tab that logs out ends this one, in its own words.
  const other = await ann.context.newPage();
  await other.goto(`${app.url}/settings/me`);
  await other.getByRole('button', { name: 'Log out' }).click();
  await ann.at('/login');
  await ann.reads('You logged out in another tab or window.');
});

scenario('an operator’s page warns, too', async ({ app, browserUser }) => {
  const phone = await newOperator(app, 'olga');
  const olga = await browserUser();
  await operatorEnters(olga, 'olga', { code: await phone.code() });
  await olga.at('/operator');
  await app.sql(`update sessions set expires_at = now() + interval '90 seconds' where user_id in
    (select id from users where username = 'olga')`);
  await olga.go('/operator/offices');
  await dialog(olga).waitFor();
});

scenario('without JavaScript a page says when its session ends, and a new tab prolongs it', async ({ browserUser }) => {
  const una = await browserUser({ javaScriptEnabled: false });
  await una.logIn(office, 'ben');
  await una.reads(/Without another page you are logged out at\s+\d\d:\d\d/);
  const tab = una.context.waitForEvent('page');
  await una.button('Stay logged in').click();
  const page = await tab;
  await page.getByRole('heading', { name: 'You stay logged in' }).waitFor();
  await una.at('/settings/me');
});
