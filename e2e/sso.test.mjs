// Single sign-on, against a real provider on another site, in a real browser.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { accessible } from './lib/axe.mjs';
import { eventually } from './lib/eventually.mjs';
import { IdentityProvider } from './lib/provider.mjs';
import { setup } from './lib/scenario.mjs';

const { scenario } = setup();
const sentence =
  'This authentication method is not activated for environments in Nightlatch with two-factor ' +
  'authentication. Please contact your administrator / superuser for assistance.';
const dutch =
  'Deze inlogmethode is niet geactiveerd voor omgevingen in Nightlatch met ' +
  'tweestapsverificatie. Neem voor hulp contact op met uw beheerder / superuser.';

let idp;
after(() => idp?.stop());

/** Somebody who may be led to the provider and back. */
async function traveller(fixture, settings) {
  const who = await fixture.browserUser(settings);
  who.expectElsewhere(idp.issuer);
  return who;
}

/** An office with the provider, set up by its superuser on the settings page. */
async function officeWithProvider(fixture, policy = 'refuse') {
  idp ??= await IdentityProvider.start(`${fixture.app.url}/login/sso/callback`);
  idp.says = {};
  const office = await fixture.app.office({ boss: 'superuser', una: 'user' });
  const boss = await traveller(fixture);
  await boss.logIn(office, 'boss');
  await boss.go('/settings/office/general');
  await boss.link('Sign-in').click();
  await boss.at('/settings/office/sign-in');
  assert.equal(await boss.page.locator('#sso-callback').innerText(), `${fixture.app.url}/login/sso/callback`);
  await boss.field('Issuer').fill(idp.issuer);
  await boss.field('Client id').fill(idp.clientId);
  await boss.field('Client secret').fill(idp.secret);
  await boss.page.locator(`[name=policy][value=${policy}]`).check();
  await boss.button('Save').click();
  await boss.reads('Saved');
  return { office, boss };
}

/** From the log-in page to the provider's own, where nobody is logged in yet. */
async function leave(who, office, label = 'Log in with SSO', field = 'Office code') {
  await who.context.clearCookies({ domain: '127.0.0.1' });
  await who.go('/login');
  await who.field(field).fill(office.code);
  await who.button(label).click();
  await who.page.waitForURL((url) => url.origin === idp.issuer);
}

const signInThere = async (who, account) => {
  await who.page.getByLabel('Account').fill(account);
  await who.page.getByRole('button', { name: 'Sign in there' }).click();
};

/** The first time: the provider, then the password once. */
async function link(who, office, account, username = 'una') {
  await leave(who, office);
  await signInThere(who, account);
  await who.at('/login/sso/link');
  await who.reads(account);
  await who.field('Username').fill(username);
  await who.field('Password').fill(office.password);
  await who.button('Link and log in').click();
  await who.at('/settings/me');
}

const sessionOf = async (who) =>
  (await who.context.cookies(who.app.url)).find(({ name }) => name === '__Host-nightlatch');

async function refused(who, text = sentence) {
  await who.page.getByText(text, { exact: true }).waitFor();
  assert.equal(await sessionOf(who), undefined, 'there is no session');
  await who.go('/settings/me');
  await who.at('/login');
}

scenario('with the setting off a user links by the password once, and from then on SSO is enough', async (fixture) => {
  const { office } = await officeWithProvider(fixture);
  const una = await traveller(fixture);
  await link(una, office, 'una-there');
  await una.logOut();
  await leave(una, office);
  await signInThere(una, 'una-there');
  await una.at('/settings/me');
  await una.reads('Una Tester');
  // Somebody else's account at the provider is nobody here, whatever it is called.
  await una.logOut();
  await leave(una, office);
  await signInThere(una, 'una');
  await una.at('/login/sso/link');
  // Unlinking needs a fresh proof: SSO alone is none.
  await leave(una, office);
  await signInThere(una, 'una-there');
  await una.at('/settings/me');
  await una.button(/^Unlink/).click();
  await una.at('/settings/confirm');
  await una.field('Password').fill(office.password);
  await una.button('Continue').click();
  // The proof performs what was asked for: nobody presses twice.
  await una.at('/settings/me');
  await una.reads('Your SSO account is not linked any more.');
});

scenario(
  'with the setting on the browserUser reads the sentence after a real round trip, and has no session',
  async (fixture) => {
    const { office, boss } = await officeWithProvider(fixture);
    const una = await traveller(fixture);
    await link(una, office, 'una-on');
    // The question before activation counts those who sign in so.
    await boss.go('/settings/office/general');
    await boss.switch.click();
    await eventually(async () => assert.equal(await boss.switch.getAttribute('aria-checked'), 'true'));
    await boss.button('Save').click();
    await boss.dialog.getByText(/^1 user logs in with SSO and will be refused/).waitFor();
    await boss.button('Yes, activate this setting').click();
    await boss.enrolApp();
    const late = await traveller(fixture);
    for (const account of ['una-on', 'a-stranger']) {
      late.expectRefusal('/login/sso/callback');
      await leave(late, office);
      await signInThere(late, account);
      await refused(late);
    }
    await boss.go('/settings/office/sign-in');
    const list = boss.page.locator('[data-sso-refusal]');
    assert.equal(await list.count(), 2);
    assert.match(await list.nth(0).innerText(), /a-stranger/);
    assert.match(await list.nth(1).innerText(), /una/);
    await boss.go('/settings/office/history');
    await boss.reads('Single sign-on of una was refused');
  },
);

scenario('it is refused when the switch is turned while the browserUser is at the provider', async (fixture) => {
  const { office, boss } = await officeWithProvider(fixture);
  const una = await traveller(fixture);
  await link(una, office, 'una-flip');
  await una.logOut();
  await leave(una, office);
  await boss.activate();
  una.expectRefusal('/login/sso/callback');
  await signInThere(una, 'una-flip');
  await refused(una);
});

scenario('in Dutch the refusal is Dutch', async (fixture) => {
  const { office, boss } = await officeWithProvider(fixture);
  await boss.activate();
  const una = await traveller(fixture, { locale: 'nl-NL' });
  una.expectRefusal('/login/sso/callback');
  await leave(una, office, 'Inloggen met SSO', 'Kantoorcode');
  await signInThere(una, 'una-nl');
  await refused(una, dutch);
});

scenario('a provider that is trusted must say that it saw a second factor', async (fixture) => {
  const { office, boss } = await officeWithProvider(fixture, 'trust');
  const una = await traveller(fixture);
  await link(una, office, 'una-trust');
  await una.logOut();
  await boss.activate();
  una.expectRefusal('/login/sso/callback');
  for (const amr of [undefined, ['pwd']]) {
    idp.says = { amr };
    await leave(una, office);
    await signInThere(una, 'una-trust');
    await una.reads('Your provider did not say that you proved a second factor there.');
    await refused(una, sentence).catch(async (error) => {
      throw new Error(`amr ${amr}: ${error.message}`);
    });
  }
  idp.says = { amr: ['pwd', 'otp'] };
  await leave(una, office);
  await signInThere(una, 'una-trust');
  await una.at('/settings/me');
});

scenario('a provider that stands in for the password is followed by our own code', async (fixture) => {
  const { office, boss } = await officeWithProvider(fixture, 'ask');
  const una = await traveller(fixture);
  await link(una, office, 'una-ask');
  await una.logOut();
  await boss.activate();
  una.expectRefusal('/login/message'); // the live line may ask once more while the code ends the log-in
  await leave(una, office);
  await signInThere(una, 'una-ask');
  await una.at('/login/method');
  const number = await una.enrolNumber();
  await una.logOut();
  await leave(una, office);
  await signInThere(una, 'una-ask');
  await una.at('/login/code');
  await una.enterCodeFrom(number, 2);
  await una.at('/settings/me');
  // Who is not linked yet proves the password and the code first, and then links on purpose.
  await una.button(/^Unlink/).click();
  await una.reads('Your SSO account is not linked any more.');
  await una.logOut();
  await leave(una, office);
  await signInThere(una, 'una-ask');
  await una.at('/login/sso/link');
  await una.field('Username').fill('una');
  await una.field('Password').fill(office.password);
  await una.button('Link and log in').click();
  await una.at('/login/code');
  await una.enterCodeFrom(number, 3);
  await una.at('/settings/me');
  await una.button('Link this SSO account').click();
  await una.reads('Your SSO account is linked.');
});

scenario('the superuser tests the connection by the real round trip', async (fixture) => {
  const { boss } = await officeWithProvider(fixture);
  idp.says = { amr: ['pwd', 'mfa'] };
  await boss.button('Test this connection').click();
  await boss.page.waitForURL((url) => url.origin === idp.issuer);
  await signInThere(boss, 'boss-there');
  await boss.at('/settings/office/sign-in');
  await boss.page.locator('[data-sso-test=ok]').waitFor();
  const report = await boss.page.locator('[data-sso-test]').innerText();
  assert.match(report, /pwd, mfa/);
  assert.ok(report.includes(idp.issuer));
  assert.equal(await boss.field('Client secret').inputValue(), '', 'the secret is never shown');
  assert.ok(!(await boss.page.content()).includes(idp.secret));
  // A provider that nobody answers at is told in a plain sentence.
  await boss.field('Issuer').fill('http://127.0.0.1:9');
  await boss.field('Client secret').fill('another');
  await boss.button('Save').click();
  await boss.reads('Saved');
  await boss.button('Test this connection').click();
  await boss.page.locator('[data-sso-test=bad]').getByText('The provider does not answer.').waitFor();
});

scenario(
  'who cancels at the provider is offered both ways on, ' +
    'and a code that nobody has is answered as an office without SSO',
  async (fixture) => {
    const { office } = await officeWithProvider(fixture);
    const una = await traveller(fixture);
    una.expectRefusal('/login/sso/callback', '/login/sso', '/login/sso/go');
    await leave(una, office);
    await una.page.getByRole('button', { name: 'Cancel there' }).click();
    await una.reads('The provider says that you may not log in, or that you cancelled it.');
    await una.button('Try again with SSO').click();
    await una.page.waitForURL((url) => url.origin === idp.issuer);
    const answers = [];
    for (const code of ['DEMO', 'NOBODY']) {
      await una.go('/login');
      await una.enterOffice(code);
      await una.button('Log in with SSO').click();
      await una.alert.waitFor();
      answers.push(await una.page.locator('main').innerText());
    }
    assert.equal(answers[0], answers[1]);
  },
);

scenario('it works without JavaScript, by a link', async (fixture) => {
  const { office } = await officeWithProvider(fixture);
  const una = await traveller(fixture, { javaScriptEnabled: false });
  await una.go('/login');
  await una.enterOffice(office.code);
  await una.button('Log in with SSO').click();
  await una.at('/login/sso/go');
  await una.link(/^Continue to /).click();
  await una.page.waitForURL((url) => url.origin === idp.issuer);
  await signInThere(una, 'una-plain');
  await una.at('/login/sso/link');
});

scenario('its pages are accessible, in both languages and at 360 px', async (fixture) => {
  const { office, boss } = await officeWithProvider(fixture);
  const look = async (who, name) => {
    await accessible(who.page, name);
    assert.ok(
      await who.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
      `${name} scrolls sideways`,
    );
  };
  for (const width of [1180, 360]) {
    await boss.page.setViewportSize({ width, height: 800 });
    await boss.go('/settings/office/sign-in');
    await look(boss, `settings at ${width}`);
  }
  const una = await traveller(fixture, { locale: 'nl-NL', viewport: { width: 360, height: 800 } });
  una.expectRefusal('/login/sso/callback', '/login/sso/go');
  await una.go('/login');
  await look(una, 'log-in');
  await leave(una, office, 'Inloggen met SSO', 'Kantoorcode');
  await signInThere(una, 'una-axe');
  await una.at('/login/sso/link');
  await look(una, 'link');
  await una.go('/login/sso/callback?state=x');
  await look(una, 'no such flow');
});
