// Makes the README's pictures: node e2e/screenshots.mjs, after make build. Not a test.
import { mkdir } from 'node:fs/promises';
import { App } from './lib/app.mjs';
import { launch } from './lib/browser.mjs';
import { enter as operatorEnters, newOperator } from './lib/operator.mjs';
import { BrowserUser } from './lib/browser-user.mjs';

const folder = new URL('../docs/images/', import.meta.url).pathname;
await mkdir(folder, { recursive: true });
const [app, browser] = [await App.start(), await launch()];
const picture = async ({ page }, name) => {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: `${folder}${name}.png` });
};
const enter = async (who, username) => {
  await who.go('/login');
  await who.page.locator('[name=office]').fill('DEMO');
  await who.page.locator('[name=username]').fill(username);
  await who.page.locator('[name=password]').fill(app.password);
};
const card = { viewport: { width: 620, height: 640 } };

const chief = await BrowserUser.open(app, browser, { viewport: { width: 1000, height: 640 } });
await enter(chief, 'superuser');
await chief.button('Log in').click();
await chief.at('/settings/me');
await chief.go('/settings/office/general');
await chief.switch.click();
await chief.reads('Not active yet. Save to continue.');
await chief.button('Save').click();
await chief.dialog.waitFor();
await picture(chief, 'modal');
await chief.button('Yes, activate this setting').click();
await chief.at('/login/method');

const someone = await BrowserUser.open(app, browser, card);
await enter(someone, 'user-confirmed');
await picture(someone, 'log-in');
await someone.button('Log in').click();
await someone.at('/login/code');
await someone.reads('Delivered');
await picture(someone, 'code');

// While that user waits, an operator sees why.
const phone = await newOperator(app, 'omar');
const operator = await BrowserUser.open(app, browser, { viewport: { width: 1000, height: 860 } });
await operatorEnters(operator, 'omar', { code: await phone.code() });
await operator.at('/operator');
await operator.go('/operator/waiting?office=DEMO&username=user-confirmed');
await operator.reads('the user has not entered it yet');
await picture(operator, 'waiting');

const fresh = await BrowserUser.open(app, browser, { ...card, colorScheme: 'dark' });
await enter(fresh, 'user-new');
await fresh.button('Log in').click();
await fresh.chooseMethod('Text message (SMS)');
await fresh.at('/login/number');
await fresh.field('Mobile number').pressSequentially('+32470');
await fresh.page.locator('#country[data-country=BE]').waitFor();
await fresh.page.locator('.country > button').click();
await fresh.page.waitForTimeout(500);
await picture(fresh, 'number');

await browser.close();
await app.stop();
