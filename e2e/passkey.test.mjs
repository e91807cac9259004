// Passkeys, with Chromium's virtual authenticator.
import assert from 'node:assert/strict';
import { authenticator } from './lib/passkey.mjs';
import { officeWithTwoFactor, setup } from './lib/scenario.mjs';

const { scenario } = setup();
let office;

const keepCodes = async (who) => {
  await who.page.locator('[data-recovery-code]').first().waitFor();
  await who.button('I have kept these codes').click();
};

scenario('an office with the setting on', async (fixture) => {
  ({ office } = await officeWithTwoFactor(fixture, { ada: 'user', bob: 'user', cas: 'user', dee: 'user' }));
});

scenario('a passkey is set up at the first log-in and proven at the next, with user verification or without', async ({
  browserUser,
}) => {
  for (const [username, hasUserVerification] of [['ada', true], ['bob', false]]) {
    const who = await browserUser();
    const device = await authenticator(who, {
      hasUserVerification, isUserVerified: hasUserVerification, hasResidentKey: hasUserVerification,
    });
    await who.enterPassword(office, username);
    await who.chooseMethod('Passkey');
    await who.at('/login/passkey/new');
    await who.button('Make the passkey').click();
    await keepCodes(who);
    await who.reads(/1 passkey/);
    const [credential] = await device.credentials();
    assert.equal(credential.rpId, 'localhost');
    assert.equal(credential.isResidentCredential, hasUserVerification);

    await who.logOut();
    await who.enterPassword(office, username);
    await who.at('/login/passkey');
    await who.button('Use passkey').click();
    await who.at('/settings/me');

    // A second one is refused by the device, which has one.
    await who.page.goto(`${who.app.url}/settings/me/passkeys/new`);
    await who.button('Make the passkey').click();
    await who.reads(/has a passkey of yours already/);
  }
});

scenario('what goes wrong is said, and the other ways are there', async ({ app, browserUser }) => {
  const who = await browserUser();
  const device = await authenticator(who);
  await who.enterPassword(office, 'cas');
  await who.chooseMethod('Passkey');
  await who.page.getByLabel('Name (optional)').fill('Desk');
  await who.button('Make the passkey').click();
  await keepCodes(who);
  await who.page.goto(`${app.url}/settings/me/passkeys`);
  await who.reads(/Desk/);

  // Cancelled, by nobody there to verify.
  await who.logOut();
  await who.enterPassword(office, 'cas');
  await device.send('setUserVerified', { isUserVerified: false });
  await device.send('setAutomaticPresenceSimulation', { enabled: false });
  await who.page.evaluate(() => {
    navigator.credentials.get = () => Promise.reject(new DOMException('', 'NotAllowedError'));
  });
  await who.button('Use passkey').click();
  await who.reads(/was not used/);
  await who.page.reload();
  await device.send('setAutomaticPresenceSimulation', { enabled: true });
  await device.send('setUserVerified', { isUserVerified: true });

  // A copy that counts no further: refused, told, out of use.
  await app.sql(`update passkeys p set sign_count = 1000 from users u where u.id = p.user_id and u.username = 'cas'`);
  who.expectRefusal('/login/passkey');
  await who.button('Use passkey').click();
  await who.reads(/Try another way/);
  await who.reads(/Recovery code/);

  // Without JavaScript the page says so, and leads to the others.
  await app.sql('update passkeys set copied_at = null, sign_count = 0');
  const plain = await browserUser({ javaScriptEnabled: false });
  await plain.enterPassword(office, 'cas');
  await plain.at('/login/passkey');
  await plain.reads(/JavaScript, which is off/);
  await plain.page.getByRole('link', { name: 'Try another way' }).click();
  await plain.reads(/Recovery code/);
});

scenario('a passkey that was removed opens nothing, and one that is gone from its device is not found', async ({
  app, browserUser,
}) => {
  const who = await browserUser();
  const device = await authenticator(who);
  await who.enterPassword(office, 'dee');
  await who.chooseMethod('Passkey');
  await who.button('Make the passkey').click();
  await keepCodes(who);
  await who.page.goto(`${app.url}/settings/me/passkeys`);
  const remove = who.page.getByRole('button', { name: 'Remove' });
  who.expectRefusal(await remove.evaluate((button) => new URL(button.form.action).pathname));
  await remove.click();
  await who.reads(/this is your only one/);

  await who.logOut();
  const [credential] = await device.credentials();
  await device.send('removeCredential', { credentialId: credential.credentialId });
  await who.enterPassword(office, 'dee');
  await who.button('Use passkey').click();
  await who.reads(/was not used/);
});

scenario('where the office says so a passkey is the whole log-in', async (fixture) => {
  const { app, browserUser } = fixture;
  const { office: taking, boss } = await officeWithTwoFactor(fixture, { eve: 'user' });
  const who = await browserUser();
  const device = await authenticator(who);
  await who.enterPassword(taking, 'eve');
  await who.chooseMethod('Passkey');
  await who.button('Make the passkey').click();
  await keepCodes(who);
  await who.logOut();
  assert.equal(await who.button('Log in with a passkey').count(), 0, 'off by default');

  await boss.go('/settings/office/two-factor');
  await boss.page.getByRole('switch', { name: 'Log in with a passkey alone' }).click();
  await boss.at('/settings/office/two-factor');
  await boss.page.locator('[role=switch][aria-checked=true]').waitFor();

  await device.send('setAutomaticPresenceSimulation', { enabled: false });
  await who.page.goto(`${app.url}/login`);
  await who.button('Log in with a passkey').waitFor();
  assert.match(await who.field('Username').getAttribute('autocomplete'), /webauthn/);
  await device.send('setAutomaticPresenceSimulation', { enabled: true });
  await who.button('Log in with a passkey').click();
  await who.at('/settings/me');

  // Nobody verified: the device does not answer, and the page says so.
  await device.send('setUserVerified', { isUserVerified: false });
  await who.logOut();
  await who.button('Log in with a passkey').click();
  await who.reads(/was not used/);
});
