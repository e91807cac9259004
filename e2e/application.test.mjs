// An application that signs its users in here, over npm openid-client, in a real browser.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import * as client from 'openid-client';
import { accessible } from './lib/axe.mjs';
import { Application } from './lib/application.mjs';
import { eventually } from './lib/eventually.mjs';
import { officeWithTwoFactor, setup } from './lib/scenario.mjs';

const { scenario } = setup();

let application, office;
const numbers = {};
const codes = {}; // that came so far, the one of the enrolment first
after(() => application?.stop());

scenario('an office whose users have a second factor, and an application', async (fixture) => {
  ({ office } = await officeWithTwoFactor(fixture, { una: 'user', nils: 'user' }));
  for (const name of ['una', 'nils']) {
    const user = await fixture.browserUser();
    await user.enterPassword(office, name);
    numbers[name] = await user.enrolNumber();
    await user.logOut();
  }
  application = await Application.start(fixture.app, 'Payroll');
});

/** Somebody who is out everywhere opens the application, and logs in with both factors. */
async function open(fixture, name, options) {
  const user = await fixture.browserUser(options);
  user.expectElsewhere(application.url);
  await user.page.goto(application.url);
  await user.at('/login');
  await user.enterOffice(office.code);
  await user.field('Username').fill(name);
  await user.field('Password').fill(office.password);
  await user.button('Log in').click();
  await user.at('/login/code');
  await user.enterCodeFrom(numbers[name], (codes[name] = (codes[name] ?? 1) + 1));
  await user.reads(`Hello ${office.code}/${name}`);
  assert.equal(new URL(user.page.url()).origin, application.url);
  return user;
}

const isOut = async (user) => {
  await user.go('/settings/me');
  await user.at('/login');
};

for (const [name, javaScriptEnabled] of [
  ['una', true],
  ['nils', false],
]) {
  const how = javaScriptEnabled ? 'with' : 'without';
  scenario(`from the application through both steps and back, and out again, ${how} JavaScript`, async (fixture) => {
    const user = await open(fixture, name, { javaScriptEnabled });
    const [session] = [...application.sessions.values()];
    assert.equal(session.claims.acr, 'https://refeds.org/profile/mfa');
    assert.deepEqual(session.claims.amr, ['pwd', 'sms', 'mfa']);
    assert.equal(session.claims.office.code, office.code);
    // Who is in already sees no page in between.
    application.sessions.clear();
    await user.page.goto(application.url);
    await user.reads(`Hello ${office.code}/${name}`);

    const told = application.told.length;
    await user.link('Leave').click();
    await user.reads('You have left Payroll');
    await eventually(() => assert.equal(application.told.length, told + 1, 'the application is told once'));
    assert.equal(application.told.at(-1), session.claims.sid);
    await isOut(user);
  });
}

scenario('a log-out here ends the session there, and a link to log out asks first', async (fixture) => {
  const user = await open(fixture, 'una');
  assert.equal(application.sessions.size, 1);
  await user.go('/oauth2/logout');
  await user.reads('An application asks to log');
  await accessible(user.page, 'the question before a log-out');
  await user.link('Stay logged in').click();
  await user.reads(`Hello ${office.code}/una`); // the only application
  assert.equal(application.sessions.size, 1);
  await user.go('/oauth2/logout');
  await user.page.locator('main').getByRole('button', { name: 'Log out' }).click();
  await user.at('/login');
  await eventually(() => assert.equal(application.sessions.size, 0, 'the application has heard of it'));
  await isOut(user);
});

scenario('openid-client: a silent log-in, userinfo, a refresh that serves once, a code that serves once', async (f) => {
  const user = await open(f, 'nils');
  const { to, checks } = await application.ask({ prompt: 'none' });
  const answer = await user.page.request.get(to.href, { maxRedirects: 0 });
  const back = new URL(answer.headers().location);
  const config = application.config;
  const first = await client.authorizationCodeGrant(config, back, checks);
  const fails = (act, error) => assert.rejects(act, (thrown) => thrown.error === error);
  await client.fetchUserInfo(config, first.access_token, first.claims().sub);
  const second = await client.refreshTokenGrant(config, first.refresh_token);
  assert.equal((await client.tokenIntrospection(config, second.access_token)).active, true);
  await fails(client.refreshTokenGrant(config, first.refresh_token), 'invalid_grant');
  assert.equal((await client.tokenIntrospection(config, second.access_token)).active, false, 'a reuse ends it');
  await fails(client.authorizationCodeGrant(config, back, checks), 'invalid_grant');
  const again = await application.ask({ prompt: 'none' });
  const later = await user.page.request.get(again.to.href, { maxRedirects: 0 });
  const third = await client.authorizationCodeGrant(config, new URL(later.headers().location), again.checks);
  await client.tokenRevocation(config, third.refresh_token);
  assert.equal((await client.tokenIntrospection(config, third.access_token)).active, false);
});
