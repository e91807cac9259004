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

scenario('a passkey is renamed, and its browser trusted after it', async (fixture) => {
  const { browserUser } = fixture;
  const { office: here, boss } = await officeWithTwoFactor(fixture, { gus: 'user' });
  await boss.go('/settings/office/two-factor');
  await boss.field('Do not ask again').selectOption('7');
  await boss.page.locator('form[action$="/trusted"] button').click();
  await boss.reads('Saved');
  const who = await browserUser();
  await authenticator(who);
  await who.enterPassword(here, 'gus');
  await who.chooseMethod('Passkey');
  await who.button('Make the passkey').click();
  await keepCodes(who);

  await who.go('/settings/me/passkeys');
  await who.page.getByText('Rename').click();
  await who.field('New name').fill('  My  laptop ');
  await who.button('Save').click();
  await who.reads('My laptop');
  await who.reads(/has its new name/);
  const rename = who.page.locator('form[action$="/rename"]');
  who.expectRefusal(await rename.evaluate((form) => new URL(form.action).pathname));
  await who.page.getByText('Rename').click();
  await who.field('New name').fill('\u200b');
  await who.button('Save').click();
  await who.reads('Type a name.');
  assert.ok(await who.field('New name').isVisible(), 'where it was refused');

  // After a passkey, too, the browser may be trusted: the password is enough then, and for no fresh proof.
  await who.go('/settings/me');
  await who.logOut();
  await who.enterPassword(here, 'gus');
  await who.at('/login/passkey');
  await who.page.getByLabel('Do not ask on this computer').check();
  await who.button('Use passkey').click();
  await who.at('/settings/me');
  await who.reads('Trusted browsers');
  await who.logOut();
  await who.enterPassword(here, 'gus');
  await who.at('/settings/me');
  await who.go('/settings/me/number');
  await who.at('/settings/confirm/passkey');
  await who.go('/settings/me');
  await who.page.locator('form[action*="/trusted/"] button').click();
  await who.at('/login');
  await who.enterPassword(here, 'gus');
  await who.at('/login/passkey');
});

scenario('an office asks its superusers for a passkey, and who has none makes one first', async (fixture) => {
  const { browserUser } = fixture;
  const { office: here, boss } = await officeWithTwoFactor(fixture, {
    vera: 'superuser', wim: 'superuser',
  });
  const asks = () => boss.page.getByRole('switch', { name: 'A passkey for every superuser' });
  await boss.go('/settings/office/two-factor');
  boss.expectRefusal('/settings/office/two-factor/passkeys/superusers');
  await asks().click();
  await boss.reads(/You have no passkey yourself/);
  await authenticator(boss);
  await boss.page.getByRole('link', { name: 'Add a passkey' }).click();
  await boss.button('Make the passkey').click();
  await boss.at('/settings/me/passkeys');
  await boss.go('/settings/office/two-factor');
  await asks().click();
  await boss.page.locator('#passkeys-asked[aria-checked=true]').waitFor();
  await boss.reads(/2 superusers have none yet/);

  // The next superuser is led there after the second step; without JavaScript the page says how to go on.
  for (const javaScriptEnabled of [false, true]) {
    const who = await browserUser({ javaScriptEnabled });
    await who.enterPassword(here, javaScriptEnabled ? 'vera' : 'wim');
    await who.chooseMethod('Authenticator app');
    await who.typeKey();
    await who.page.locator('[data-recovery-code]').first().waitFor();
    await who.button('I have kept these codes').click();
    await who.at('/settings/me/passkeys/new');
    await who.go('/settings/users');
    await who.at('/settings/me/passkeys/new');
    await who.reads(/asks every superuser for a passkey/);
    if (!javaScriptEnabled) {
      await who.reads(/Switch JavaScript on/);
      await who.logOut();
      continue;
    }
    await authenticator(who);
    await who.button('Make the passkey').click();
    await who.at('/settings/me');
    await who.go('/settings/users');
    await who.at('/settings/users');
  }
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

  // The browser offers it among the usernames, too: chosen there, it logs in without a button.
  await device.send('setAutomaticPresenceSimulation', { enabled: false });
  await who.logOut();
  await device.send('setAutomaticPresenceSimulation', { enabled: true });
  await who.page.goto(`${app.url}/login`);
  await who.at('/settings/me');

  // Nobody verified: the device does not answer, and the page says so.
  await device.send('setUserVerified', { isUserVerified: false });
  await who.logOut();
  await who.button('Log in with a passkey').click();
  await who.reads(/was not used/);
});
