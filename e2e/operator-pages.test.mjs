// The operators' own pages: how messages fare, why a user waits, and what offices cost.
import assert from 'node:assert/strict';
import { accessible } from './lib/axe.mjs';
import { eventually, sleep } from './lib/eventually.mjs';
import { enter, newOperator } from './lib/operator.mjs';
import { officeWithTwoFactor, setup } from './lib/scenario.mjs';

const { scenario } = setup();
const look = ({ page }, what) => accessible(page, what);
const fits = async ({ page }, what) =>
  assert.ok(
    await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
    `${what} is wider than its window`,
  );

let office, number;
const operator = async ({ app, browserUser }, name, settings) => {
  const phone = await newOperator(app, name),
    ops = await browserUser(settings);
  await enter(ops, name, { code: await phone.code() });
  await ops.at('/operator');
  return ops;
};
const search = async (ops, username) => {
  await ops.go('/operator/waiting');
  await ops.field('Who').fill(`${office.code.toLowerCase()} ${username}`);
  await ops.button('Search').click();
  await ops.page.waitForURL(/username=/);
};
/** A user who has entered the password and waits for the code. */
const waiting = async ({ browserUser }) => {
  const user = await browserUser();
  await user.enterPassword(office, 'jane');
  await user.at('/login/code');
  await user.reads('Delivered');
  return user;
};

scenario('an operator finds in one search why a user waits, and sees it change by itself', async (fixture) => {
  ({ office } = await officeWithTwoFactor(fixture, { jane: 'user' }));
  const first = await fixture.browserUser();
  await first.logIn(office, 'jane').catch(() => {});
  await first.at('/login/method');
  number = await first.enrolNumber();

  const user = await waiting(fixture);
  const ops = await operator(fixture, 'ops');
  await search(ops, 'jane');
  await ops.reads('the user has not entered it yet');
  const text = await ops.text();
  for (const said of [
    'Message 1 (text message) was queued',
    'Demo phone accepted the message',
    'waits for the second step',
  ])
    assert.ok(text.includes(said), said);
  assert.ok(!text.replace(/\D/g, '').includes(number.replace(/\D/g, '')), 'the whole number stands there');
  await look(ops, 'the story');

  // Reading goes on while it refreshes: the focus stays where it is.
  const end = ops.button('End this challenge');
  await end.focus();
  const refreshed = () => ops.requests.filter(({ path }) => path === '/operator/waiting/live').length;
  const before = refreshed();
  await eventually(async () => assert.ok(refreshed() > before + 1));
  assert.match(await ops.page.evaluate(() => document.activeElement.id), /^end-\d+$/);

  await user.enterCodeFrom(number, (await fixture.app.messages(number)).length);
  await user.at('/settings/me');
  await ops.reads('Nothing is under way.');
  await sleep(500);
  const over = refreshed();
  await sleep(2500);
  assert.equal(refreshed(), over, 'it goes on asking although nothing is under way');
});

scenario('ending a challenge is asked about, and its code is worth nothing then', async (fixture) => {
  const user = await waiting(fixture),
    ops = await operator(fixture, 'ender');
  await search(ops, 'jane');
  await ops.button('End this challenge').press('Enter');
  await look(ops, 'the question');
  await ops.page.keyboard.press('Escape');
  await eventually(async () => assert.equal(await ops.dialog.count(), 0));
  await ops.button('End this challenge').click();
  await ops.button('Yes, end this challenge').click();
  await ops.reads('The challenge is ended.');
  user.expectRefusal('/login/code');
  await user.enterCodeFrom(number, (await fixture.app.messages(number)).length);
  assert.notEqual(user.path, '/settings/me');

  // A new code in the same log-in, which opens it.
  const sent = (await fixture.app.messages(number)).length;
  await ops.button('Send anew').click();
  await ops.button('Yes, send a new code').click();
  await ops.reads('A new code is on its way.');
  await user.go('/login/code');
  await user.enterCodeFrom(number, sent + 1);
  await user.at('/settings/me');
});

scenario('without JavaScript an operator does the same', async (fixture) => {
  await waiting(fixture);
  const ops = await operator(fixture, 'plain', { javaScriptEnabled: false });
  await search(ops, 'jane');
  await ops.button('End this challenge').click();
  await ops.button('Yes, end this challenge').click();
  await ops.reads('The challenge is ended.');
  await ops.go('/operator/history');
});

scenario('offices are made and capped, and their costs are a file', async (fixture) => {
  const ops = await operator(fixture, 'keeper');
  await ops.link('Offices').click();
  await ops.reads(office.name);
  await look(ops, 'the offices');
  await ops.page.locator('#code').fill('made-here');
  await ops.page.locator('#name').fill('Made Here');
  await ops.page.locator('#first-name').fill('Els Smit');
  await ops.page.locator('#first-username').fill('els smit');
  ops.expectRefusal('/operator/offices');
  await ops.page.locator('#first-email').fill('els@example.org');
  await ops.button('Create').click();
  await ops.reads('A username has 1 to 64 letters');
  assert.equal(await ops.page.locator('#first-name').inputValue(), 'Els Smit', 'what was typed stays');
  await look(ops, 'the first superuser refused');
  await ops.page.locator('#first-username').fill('els');
  await ops.button('Create').click();
  await ops.reads('The office is created, and its first superuser is invited.');
  await ops.link('Made Here').click();
  ops.expectRefusal(ops.path);
  await ops.field(/^Most to spend in a month/).fill('a lot');
  await ops.button('Save').click();
  await ops.reads('Enter an amount');
  await look(ops, 'the cap refused');
  await ops.field(/^Most to spend in a month/).fill('99.5');
  await ops.button('Save').click();
  await ops.reads('The money cap is saved.');
  assert.match(await ops.page.getByRole('row').filter({ hasText: 'Made Here' }).innerText(), /99\.50/);
  const [file] = await Promise.all([ops.page.waitForEvent('download'), ops.button('Download CSV').click()]);
  assert.match(file.suggestedFilename(), /^costs-\d{4}-\d{2}\.csv$/);
});

for (const [locale, width] of [
  ['en-GB', 1280],
  ['nl-NL', 360],
]) {
  scenario(`the pages fit at ${width} px, and axe finds nothing, in light and in dark`, async (fixture) => {
    office ??= await fixture.app.office({ jane: 'user' });
    const ops = await operator(fixture, `at-${width}`, { locale, viewport: { width, height: 760 } });
    for (const path of [
      '/operator',
      '/operator?period=day',
      '/operator?period=month',
      `/operator/waiting?office=${office.code}&username=jane`,
      '/operator/offices',
    ]) {
      await ops.go(path);
      await fits(ops, path);
      await look(ops, path);
      assert.equal(await ops.page.locator('html').getAttribute('lang'), locale.slice(0, 2));
    }
    await ops.go('/operator');
    await ops.page.locator('details.numbers summary').press('Enter');
    await fits(ops, 'the numbers');
    await look(ops, 'the numbers');
    const told = await ops.page.getByRole('img').first().getAttribute('aria-labelledby');
    assert.ok(told, 'the plot says nothing to who does not see it');
  });
}

/** What of the page's tables is cut off: a cell beyond a box that hides it and cannot be scrolled there. */
const cutOff = ({ page }) =>
  page.evaluate(() => {
    const lost = [];
    for (const cell of document.querySelectorAll('main :is(th, td)')) {
      if (cell.closest('thead, caption') && getComputedStyle(cell.closest('thead')).position === 'absolute') continue;
      const box = cell.getBoundingClientRect();
      if (!box.width) continue;
      for (let around = cell.parentElement; around; around = around.parentElement) {
        const flow = getComputedStyle(around).overflowX;
        if (flow === 'auto' || flow === 'scroll') break; // it is reached by scrolling
        const edge = around === document.documentElement ? innerWidth : around.getBoundingClientRect().right;
        if ((flow !== 'visible' || around === document.documentElement) && box.right > edge + 1)
          lost.push(`${cell.textContent.trim().slice(0, 30)} by ${Math.round(box.right - edge)} px`);
      }
    }
    return lost;
  });

scenario('every cell of every table is reached at every width', async (fixture) => {
  office ??= await fixture.app.office({ jane: 'user' });
  const user = await fixture.browserUser();
  await user.enterPassword(office, 'jane');
  const ops = await operator(fixture, 'wide', { locale: 'nl-NL' });
  for (const path of [
    '/operator',
    '/operator?period=month',
    '/operator/waiting',
    `/operator/waiting?q=${office.code}`,
    '/operator/offices',
    '/operator/history',
  ]) {
    await ops.go(path);
    for (const width of [320, 360, 480, 640, 768, 896, 1024, 1100, 1280, 1536, 1920]) {
      await ops.page.setViewportSize({ width, height: 800 });
      assert.deepEqual(await cutOff(ops), [], `${path} at ${width} px`);
      await fits(ops, `${path} at ${width} px`);
    }
    await ops.page.locator('details').first().waitFor();
  }
  await ops.go('/operator');
  assert.ok(
    await ops.page.evaluate(() =>
      [...document.querySelectorAll('.table-scroll')].every((box) => box.scrollWidth <= box.clientWidth),
    ),
    'at 1920 px a table is scrolled beside an empty half of the page',
  );
});
