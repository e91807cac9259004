// Signing in with an authenticator app and with recovery codes.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './lib/eventually.mjs';
import { officeWithTwoFactor, setup } from './lib/scenario.mjs';
import { Authenticator, scan } from './lib/tools.mjs';

const { scenario } = setup();

let office, boss;
const enter = async (fixture, username, options) => {
  const somebody = await fixture.browserUser(options);
  await somebody.enterPassword(office, username);
  return somebody;
};

scenario('an office with the setting on', async (fixture) => {
  ({ office, boss } = await officeWithTwoFactor(fixture, { alan: 'user', bea: 'user', cees: 'user', dora: 'user' }));
  assert.ok(boss);
});

scenario(
  'a user sets up an app by its QR code or key, keeps ten recovery codes that are shown once, and is in',
  async (fixture) => {
    const { app } = fixture;
    const alan = await enter(fixture, 'alan');
    await alan.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: app.url });
    await alan.context.addInitScript(() => {
      window.printed = 0;
      window.print = () => {
        window.printed++;
      };
    });
    await alan.chooseMethod('Authenticator app');
    await alan.at('/login/app/setup');

    const key = (await alan.page.locator('[data-secret]').innerText()).replace(/\s/g, '');
    assert.match(key, /^[A-Z2-7]{32,}$/, '160 bits in base32');
    alan.keepSecret(key);
    const folder = await mkdtemp(join(tmpdir(), 'nightlatch-e2e-qr-'));
    for (const colorScheme of ['light', 'dark']) {
      await alan.page.emulateMedia({ colorScheme });
      const picture = join(folder, `${colorScheme}.png`);
      await alan.page.getByRole('img', { name: /QR/ }).screenshot({ path: picture });
      const address = new URL(scan(picture));
      assert.equal(address.protocol, 'otpauth:');
      assert.equal(address.host, 'totp');
      assert.equal(address.searchParams.get('secret'), key, `what a camera reads is the key, ${colorScheme}`);
      assert.equal(address.searchParams.get('issuer'), 'Nightlatch');
      assert.match(decodeURIComponent(address.pathname), /Nightlatch:alan \([A-Z0-9-]+\)$/, 'whose it is, and where');
    }
    await rm(folder, { recursive: true });
    await alan.page.emulateMedia({ colorScheme: 'light' });
    await alan.page.reload();
    assert.equal(
      (await alan.page.locator('[data-secret]').innerText()).replace(/\s/g, ''),
      key,
      'reloading keeps the key under the camera',
    );
    await alan.button('Copy key').click();
    assert.equal((await alan.page.evaluate(() => navigator.clipboard.readText())).replace(/\s/g, ''), key);

    const phone = new Authenticator(key);
    alan.expectRefusal('/login/app/setup');
    await alan.enterCode(phone.wrongCode());
    await alan.reads(/not right/);
    await alan.enterCode(await phone.code());

    const shown = alan.page.locator('[data-recovery-code]');
    await shown.first().waitFor();
    const codes = (await shown.allInnerTexts()).map((code) => code.trim());
    assert.equal(codes.length, 10);
    assert.equal(new Set(codes).size, 10);
    for (const code of codes) assert.match(code, /^[a-z0-9]{5}-[a-z0-9]{5}-[a-z0-9]{5}$/i);
    alan.keepSecret(...codes);

    await alan.button('Copy').click();
    const copied = await eventually(async () => {
      const text = await alan.page.evaluate(() => navigator.clipboard.readText());
      assert.match(text, new RegExp(codes[0]));
      return text;
    });
    assert.deepEqual(copied.match(/[a-z0-9]{5}-[a-z0-9]{5}-[a-z0-9]{5}/gi), codes);
    await alan.reads('Copied');

    const [download] = await Promise.all([
      alan.page.waitForEvent('download'),
      alan.page.getByText('Download', { exact: true }).click(),
    ]);
    assert.match(download.suggestedFilename(), /\.txt$/);
    const kept = await readFile(await download.path(), 'utf8');
    assert.deepEqual(kept.match(/[a-z0-9]{5}-[a-z0-9]{5}-[a-z0-9]{5}/gi), codes, 'the file holds the codes');
    for (const says of ['Nightlatch', office.code ?? office, 'alan', app.url, 'one at a time']) {
      assert.ok(kept.includes(says), `the file says ${says}`);
    }
    assert.match(kept, /: \d{4}-\d{2}-\d{2}$/m, 'and when');
    await alan.page.emulateMedia({ media: 'print' });
    const paper = alan.page.locator('.print-only');
    assert.ok(await paper.isVisible(), 'paper says whose codes these are');
    for (const says of [office.code ?? office, 'alan', app.url]) assert.ok((await paper.innerText()).includes(says));
    assert.ok(!(await alan.page.locator('body > footer').isVisible()), 'no links of the demo on paper');
    await alan.page.emulateMedia({ media: 'screen' });
    await alan.button('Print').click();
    assert.equal(await alan.page.evaluate(() => window.printed), 1);

    await alan.button('I have kept these codes').click();
    await alan.at('/settings/me');
    await alan.reads(/10 codes are left/);
    const never = async (where) => assert.equal(await shown.count(), 0, `never again: ${where}`);
    await alan.page.goBack();
    await never('the back button');
    await alan.go('/settings/me/recovery-codes');
    await never('the same address');
    const file = await alan.context.request.get(`${app.url}/settings/me/recovery-codes.txt`);
    assert.doesNotMatch(await file.text(), new RegExp(codes[0]), 'nor as a file');
    await alan.go('/settings/me');
    await alan.logOut();

    // Every day after: the app's code, once each.
    alan.expectRefusal('/login/app');
    const before = (await (await fetch(`${app.url}/demo/phone`)).text()).match(/data-to=/g)?.length;
    await alan.enterPassword(office, 'alan');
    await alan.at('/login/app');
    const input = alan.field('Verification code');
    assert.equal(await input.getAttribute('autocomplete'), 'one-time-code');
    assert.equal(await input.getAttribute('inputmode'), 'numeric');
    await alan.enterCode(phone.lastCode());
    await alan.alert.first().waitFor();
    await alan.at('/login/app');
    const next = await phone.code();
    await alan.enterCode(`${next.slice(0, 3)} ${next.slice(3)}`);
    await alan.at('/settings/me');
    assert.equal(
      (await (await fetch(`${app.url}/demo/phone`)).text()).match(/data-to=/g)?.length,
      before,
      'no message was sent',
    );
  },
);

scenario('a recovery code lets in once', async (fixture) => {
  const bea = await enter(fixture, 'bea');
  const { recoveryCodes } = await bea.enrolApp();
  const byRecoveryCode = async (code) => {
    await bea.logOut();
    await bea.enterPassword(office, 'bea');
    await bea.at('/login/app');
    await bea.link('Try another way').click();
    await bea.link('Recovery code').click();
    await bea.at('/login/recovery');
    await bea.field('Recovery code').fill(code);
    await bea.button('Verify').click();
  };
  await byRecoveryCode(recoveryCodes[3]);
  await bea.at('/settings/me');
  await bea.reads(/9 codes are left/);
  await bea.reads(/a recovery code was used/i);
  await bea.button('I have read this').click();
  await eventually(async () => assert.doesNotMatch(await bea.text(), /a recovery code was used/i));

  bea.expectRefusal('/login/recovery');
  await byRecoveryCode(recoveryCodes[3]);
  await bea.alert.first().waitFor();
  await bea.at('/login/recovery');
  await bea.field('Recovery code').fill(recoveryCodes[4].toUpperCase().replace(/-/g, ' '));
  await bea.button('Verify').click();
  await bea.at('/settings/me');
});

scenario('who has both is asked for the app’s code, and no message is sent until asked for', async (fixture) => {
  const { app } = fixture;
  const cees = await enter(fixture, 'cees');
  const number = await cees.enrolNumber();
  await cees.link(/^Set up/).click();
  await cees.at('/settings/me/app');
  await cees.typeKey();
  await cees.keepRecoveryCodes();
  await cees.logOut();
  await cees.enterPassword(office, 'cees');
  await cees.at('/login/app');
  assert.equal((await app.messages(number)).length, 1, 'only the one of the enrolment');
  await cees.link('Try another way').click();
  await cees.at('/login/ways');
  assert.equal((await app.messages(number)).length, 1);
  await cees.button(/^Text message \(SMS\)/).click();
  await cees.at('/login/code');
  await cees.enterCodeFrom(number, 2);
  await cees.at('/settings/me');
});

scenario('from the app’s page to text messages and back: the choice is free until it is made', async (fixture) => {
  const dora = await enter(fixture, 'dora');
  await dora.chooseMethod('Authenticator app');
  await dora.at('/login/app/setup');
  await dora.link(/text message/i).click();
  await dora.at('/login/number');
  await dora.link(/authenticator app/i).click();
  await dora.at('/login/app/setup');
  await dora.typeKey();
  await dora.keepRecoveryCodes();
  await dora.logOut();
  // Five wrong codes end this log-in as well.
  dora.expectRefusal('/login/app');
  await dora.enterPassword(office, 'dora');
  await dora.at('/login/app');
  const key = new Authenticator('JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP');
  for (const left of ['4 tries', '3 tries', '2 tries', '1 try']) {
    await dora.enterCode(key.wrongCode());
    await dora.reads(`${left} left`);
  }
  await dora.enterCode(key.wrongCode());
  await dora.at('/login');
  await dora.reads(/five codes were wrong/i);
});

scenario('on a phone the app opens first, three are named, and the QR code is for the wide screen', async (fixture) => {
  const { office: here } = await officeWithTwoFactor(fixture, { fay: 'user' });
  for (const javaScriptEnabled of [true, false]) {
    const phone = await fixture.browserUser({
      viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, javaScriptEnabled,
    });
    await phone.enterPassword(here, 'fay');
    await phone.go('/login/app/setup');
    const { page } = phone;
    const open = page.getByRole('link', { name: 'Open in my app' });
    const address = new URL(await open.getAttribute('href'));
    const secret = (await page.locator('[data-secret]').innerText()).replace(/\s/g, '');
    assert.equal(`${address.protocol}//${address.host}`, 'otpauth://totp');
    assert.equal(address.searchParams.get('secret'), secret);
    const qr = page.getByRole('img', { name: /QR/ });
    assert.ok(!(await qr.isVisible()), 'no QR code on the screen that would have to scan it');
    const lead = await page.locator('.lead:visible').innerText();
    for (const app of ['Microsoft Authenticator', 'Google Authenticator', '2FAS']) assert.ok(lead.includes(app), app);
    assert.doesNotMatch(await page.locator('main').innerText(), /Scan the QR code with|Cannot scan/);
    const first = await page.evaluate(() => document.querySelector('main form').querySelector('a, button, input').href);
    assert.match(first, /^otpauth:/, 'the first thing in the form');
    await page.setViewportSize({ width: 1180, height: 800 });
    assert.ok(await qr.isVisible(), 'a wide screen has it');
    assert.ok(!(await open.isVisible()));
    assert.match(await page.locator('.lead:visible').innerText(), /Scan the QR code/);
    phone.keepSecret(secret);
  }
});
