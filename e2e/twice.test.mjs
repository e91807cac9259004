// Every form clicked twice on a slow line, and answers that never come: with JavaScript, where the page waits, and
// without it, where the server knows.
import assert from 'node:assert/strict';
import { eventually } from './lib/eventually.mjs';
import { officeWithTwoFactor, setup } from './lib/scenario.mjs';

const { scenario } = setup();
const latency = 100; // each way

const slow = async (who) => {
  const client = await who.context.newCDPSession(who.page);
  await client.send('Network.enable');
  await client.send('Network.emulateNetworkConditions', {
    offline: false, latency: 2 * latency, downloadThroughput: -1, uploadThroughput: -1,
  });
};

/** Clicks where the button is, and there again after so many ms, whatever is there by then. */
const twice = async (who, button, gap) => {
  const { x, y, width, height } = await button.boundingBox();
  for (const wait of [gap, 0]) {
    await who.page.mouse.click(x + width / 2, y + height / 2);
    await new Promise((done) => setTimeout(done, wait));
  }
};
/** Gives una a confirmed number. */
const confirm = (app, office, number) =>
  app.sql(
    `insert into mobile_numbers (user_id, number, country, confirmed_at) select u.id, '${number}', 'NL', now()
     from users u join offices o on o.id = u.office_id where o.code = '${office.code}' and u.username = 'una'`,
  );
const main = (who) => who.page.locator('main form button.wide').first();
const fill = async (who, fields) => {
  for (const [name, value] of Object.entries(fields)) await who.page.locator(`main [name=${name}]`).first().fill(value);
};

for (const scripts of [true, false]) {
  const how = scripts ? 'with' : 'without';
  scenario(`clicked twice, ${how} JavaScript, a form has the effect of one`, async (fixture) => {
    const { app, browserUser } = fixture;
    const { office } = await officeWithTwoFactor(fixture, { una: 'user' });
    const number = app.newNumber();
    await confirm(app, office, number);
    let texts = 0;
    for (const gap of [20, 80, 180]) {
      const una = await browserUser({ javaScriptEnabled: scripts });
      await una.go('/login');
      await slow(una);
      await fill(una, { office: office.code, username: 'una', password: office.password });
      await twice(una, main(una), gap);
      await una.at('/login/code');
      const code = await app.latestCode(number, ++texts);
      assert.equal((await app.messages(number)).length, texts, `one text of two clicks ${gap} ms apart`);
      await fill(una, { code });
      await twice(una, main(una), gap);
      await una.at('/settings/me');
    }
  });
}

scenario('an answer to a code that never came is given again', async (fixture) => {
  const { app, browserUser } = fixture;
  const { office } = await officeWithTwoFactor(fixture, { una: 'user' });
  const number = app.newNumber();
  await confirm(app, office, number);
  const una = await browserUser({ javaScriptEnabled: false });
  await una.enterPassword(office, 'una');
  await una.at('/login/code');
  await fill(una, { code: await app.latestCode(number) });
  let lost = 0;
  await una.page.route('**/login/code', async (route) => {
    if (route.request().method() !== 'POST' || lost) return route.continue();
    lost++;
    await route.fetch({ maxRedirects: 0 }); // it is answered, and nobody hears
    await route.abort('aborted');
  });
  await una.whileBroken(async () => {
    await main(una).click({ noWaitAfter: true });
    await eventually(async () => assert.equal(lost, 1));
    await main(una).click();
    await una.at('/settings/me');
  });
});
