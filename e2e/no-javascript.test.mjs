// The whole way in a browser without JavaScript: every form works, htmx only makes it nicer.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { eventually } from './lib/eventually.mjs';
import { enter, newOperator } from './lib/operator.mjs';
import { setup } from './lib/scenario.mjs';

const { scenario } = setup();
const plain = { javaScriptEnabled: false };
const shows = (browserUser, word) =>
  eventually(async () => {
    assert.equal((await browserUser.switch.innerText()).trim(), word);
    assert.equal(await browserUser.switch.getAttribute('aria-checked'), String(word === 'Yes'));
  });

let office;

scenario('without JavaScript: a superuser activates the setting and sets up an app', async ({ app, browserUser }) => {
  office = await app.office({ boss: 'superuser', una: 'user', uma: 'user' });
  const boss = await browserUser(plain);
  await boss.logIn(office, 'boss');

  // A number for a user, with the country from the plain list.
  await boss.link('Users').click();
  await boss.link('Uma Tester').click();
  await boss.page.getByRole('combobox', { name: 'Country' }).selectOption('BE');
  await boss.field('Mobile number').fill('0470 55 66 77');
  await boss.button('Save').click();
  await boss.reads('not confirmed');
  await boss.reads(/\+32.*77/);
  const told = boss.page.locator('#told');
  await told.waitFor();
  await boss.link('Dismiss').click();
  await told.waitFor({ state: 'hidden' });

  await boss.link('Office').click();
  await shows(boss, 'No');
  await boss.switch.click();
  await shows(boss, 'Yes');
  await boss.button('Save').click();
  await boss.dialog.waitFor();
  assert.match(
    (await boss.dialog.innerText()).replace(/\s+/g, ' '),
    /\b3 users\b.*\b0 ready\b.*\b1 number not confirmed\b.*\b2 no method yet\b/,
  );
  await boss.link('Cancel').click();
  await boss.at('/settings/office/general');
  await shows(boss, 'No');
  await boss.switch.click();
  await shows(boss, 'Yes');
  await boss.button('Save').click();
  await boss.button('Yes, activate this setting').click();
  const { app: phone, recoveryCodes } = await boss.enrolApp();
  assert.equal(recoveryCodes.length, 10);
  await boss.logOut();
  await boss.enterPassword(office, 'boss');
  await boss.at('/login/app');
  await boss.enterCode(await phone.code());
  await boss.at('/settings/me');
  await boss.link('Office').click();
  await shows(boss, 'Yes');
});

scenario(
  'without JavaScript: a user chooses text messages with the plain list of countries',
  async ({ app, browserUser }) => {
    const una = await browserUser(plain);
    await una.enterPassword(office, 'una');
    await una.chooseMethod('Text message (SMS)');
    await una.at('/login/number');
    const list = una.page.getByRole('combobox', { name: 'Country' });
    assert.deepEqual(
      (await list.locator('option').allInnerTexts())
        .filter((text) => /\+/.test(text))
        .slice(0, 2)
        .map((text) => text.trim())
        .sort(),
      ['Belgium +32', 'Netherlands +31'],
    );

    // A refusal keeps what was typed and chosen.
    una.expectRefusal('/login/number');
    await list.selectOption('BE');
    await una.field('Mobile number').fill('04701');
    await una.button('Continue').click();
    await una.alert.waitFor();
    assert.equal(await una.field('Mobile number').inputValue(), '04701');
    assert.equal(await list.inputValue(), 'BE');
    await una.field('Mobile number').fill('0470 12 34 56');
    await una.button('Continue').click();
    await una.at('/login/code');
    const number = '+32470123456';
    const code = await app.latestCode(number);

    // Resend can be seen from the start, and says how long to wait.
    una.expectRefusal('/login/resend');
    await una.button('Resend code').click();
    await una.reads(/second/);
    assert.equal((await app.messages(number)).length, 1);
    await una.enterCode(`${code.slice(0, 3)} ${code.slice(3)}`);
    assert.equal((await una.keepRecoveryCodes()).length, 10, 'a number brings ten recovery codes, too');
    await una.link(/^Set up/).click();
    await una.at('/settings/me/app');
    const phone = await una.typeKey();
    await una.keepRecoveryCodes();
    await una.logOut();

    await una.enterPassword(office, 'una');
    await una.at('/login/app');
    await una.link('Try another way').click();
    await una.button(/^Text message \(SMS\)/).click();
    await una.at('/login/code');
    await una.link('Try another way').click();
    await una.link(/app/).click();
    await una.enterCode(await phone.code());
    await una.at('/settings/me');
  },
);

scenario(
  'without JavaScript: a user confirms the number that the office registered, and the line is current on every load',
  async ({ app, browserUser }) => {
    const uma = await browserUser(plain);
    await uma.enterPassword(office, 'uma');
    await uma.at('/login/check');
    await uma.button('Continue').click();
    await uma.at('/login/code');
    await app.latestCode('+32470556677');
    await eventually(async () => {
      await uma.page.reload();
      assert.match(await uma.text(), /Delivered/);
    });
    await uma.enterCodeFrom('+32470556677');
    await uma.keepRecoveryCodes();
    assert.equal((await app.messages('+32470556677')).length, 1);
  },
);

scenario('without JavaScript: a reset is asked about, and a session ended', async ({ app, browserUser }) => {
  const superuser = await browserUser(plain);
  await superuser.logIn(app.demo, 'superuser');
  await superuser.link('Users').click();
  await superuser.link('Daan Visser').click();
  await superuser.page.getByText('Reset', { exact: true }).click();
  await superuser.dialog.waitFor();
  await superuser.button('Yes, reset the second factor').click();
  await superuser.reads(/is reset/);
});

scenario(
  'without JavaScript: who forgot the password sets a new one by mail, and changes it in settings',
  async ({ app, browserUser }) => {
    const office = await app.office({ mia: 'user' });
    const mia = await browserUser(plain);
    await mia.go('/login');
    await mia.link('Forgot your password?').click();
    await mia.enterOffice(office.code);
    await mia.field('Username').fill('mia');
    await mia.button('Send the link').click();
    await mia.reads(/a link is on its way/);
    const {
      links: [link],
    } = await app.latestMail(app.email(office, 'mia'));
    await mia.go(new URL(link).pathname);
    const choose = async (password) => {
      mia.keepSecret(password);
      await mia.field('New password').fill(password);
      await mia.field('New password once more').fill(password);
      await mia.page.locator('main form button.wide').click();
    };
    await choose('kettle umbrella seventeen');
    await mia.at('/login');
    await mia.logIn({ ...office, password: 'kettle umbrella seventeen' }, 'mia');
    await mia.button('I have read this').click();
    await mia.at('/settings/me');
    await mia.page.locator('a[href="/settings/me/password"]').click();
    await mia.field('Present password').fill('kettle umbrella seventeen');
    await choose('correct horse battery staple');
    await mia.reads('Your password is changed, and you are logged out everywhere else.');
  },
);

scenario(
  'without JavaScript: a superuser makes users, by hand and from a file, disables one and allows a country',
  async ({ app, browserUser }) => {
    const office = await app.office({ boss: 'superuser', una: 'user' });
    const boss = await browserUser(plain);
    await boss.logIn(office, 'boss');
    await boss.link('Users').click();
    await boss.link('New user').click();
    await boss.field('Username').fill('zoe');
    await boss.field('Name').fill('Zoë Jansen');
    await boss.field('E-mail address').fill('zoe@example.net');
    await boss.button('Create user').click();
    await boss.reads('The user is created and invited by mail.');
    assert.equal((await app.latestMail('zoe@example.net')).links.length, 1);
    await boss.link('Users').first().click();
    await boss.link('Import').click();
    await boss
      .field('CSV file')
      .setInputFiles({
        name: 'users.csv',
        mimeType: 'text/csv',
        buffer: Buffer.from('username,name,email\nyan,Yan Smit,yan@example.net\n'),
      });
    await boss.button('Look at it first').click();
    await boss.reads('1 new user');
    await boss.button('Import').click();
    await boss.at('/settings/users');
    await boss.link('Yan Smit').click();
    await boss.link('Disable').click();
    await boss.button('Yes, disable this user').click();
    await boss.reads('disabled and logged out everywhere');

    await boss.go('/settings/office/general');
    await boss.field('Another country').selectOption('US');
    await boss.button('Allow').click();
    await boss.at('/settings/office/general');
    await boss.button('Do not send to United States').click();
    await eventually(async () => assert.equal(await boss.button('Do not send to United States').count(), 0));
  },
);

scenario(
  'without JavaScript: an accountant asks for a reset, which a superuser declines',
  async ({ app, browserUser }) => {
    const office = await app.office({ boss: 'superuser', ann: 'accountant', otto: 'user' });
    const [boss, ann, otto] = [await browserUser(plain), await browserUser(plain), await browserUser(plain)];
    await otto.logIn(office, 'otto');
    await otto.link(/^Set up/).click();
    await otto.typeKey();
    await otto.keepRecoveryCodes();
    await ann.logIn(office, 'ann');
    await ann.link('Users').click();
    await ann.link('Otto Tester').click();
    await ann.button('Ask for a reset').click();
    await ann.reads('The superusers see that you ask for a reset.');
    await boss.logIn(office, 'boss');
    await boss.link('Users').click();
    await boss.link('Ann Tester asks for a reset for Otto Tester').click();
    await boss.button('Decline').click();
    await boss.reads('The request is declined.');
    await boss.link('Users').first().click();
    assert.equal(await boss.link(/asks for a reset/).count(), 0);
  },
);

scenario(
  'without JavaScript: a date is set, who has a factor before it loses the phone, and is let in for the day',
  async ({ app, browserUser }) => {
    const office = await app.office({ boss: 'superuser', una: 'user' });
    const [boss, una] = [await browserUser(plain), await browserUser(plain)];
    await boss.logIn(office, 'boss');
    await boss.link('Office').click();
    await boss.link('Two-factor authentication').click();
    const in20Days = new Date(Date.now() + 20 * 24 * 3600_000).toISOString().slice(0, 16);
    await boss.page.locator('#from').fill(in20Days);
    await boss.button('Set the date').click();
    await boss.reads('The date is set.');

    await una.enterPassword(office, 'una');
    await una.at('/settings/soon');
    await una.button(/^Later/).click();
    await una.at('/settings/me');
    await una.go('/settings/soon');
    await una.link('With an authenticator app').click();
    await una.typeKey();
    await una.keepRecoveryCodes();
    await boss.button('Remove the date').click();
    await boss.activate();
    await boss.enrolApp();

    await una.logOut();
    await una.enterPassword(office, 'una');
    await una.at('/login/app');
    await una.link(/have my phone/).click();
    await una.reads('Boss Tester');
    await una.button('Ask for help').click();
    const words = await una.page.locator('[data-words]').innerText();
    await una.link('Look again').click();
    assert.equal(await una.page.locator('[data-words]').innerText(), words, 'nobody has answered');

    await boss.link('Users').click();
    await boss.link('Una Tester is logging in and does not have their phone').click();
    await boss.field(/^The three words/).fill(words.toUpperCase());
    await boss.field('Let them in today').check();
    await boss.field('Until (today)').fill('23:59');
    await boss.button('Do it').click();
    await boss.at(/^\/settings\/users\/\d+$/);
    await una.link('Look again').click();
    await una.at('/settings/me');
    await una.reads(/let in without your second factor, in this browser alone/);
  },
);

scenario(
  'without JavaScript: an application is registered, checked, tightened and opened',
  async ({ app, browserUser }) => {
    const office = await app.office({ boss: 'superuser', una: 'user' });
    const phone = await newOperator(app, 'ops');
    const [ops, una, boss] = [await browserUser(plain), await browserUser(plain), await browserUser(plain)];
    await una.logIn(office, 'una'); // before there is an only application, to which a log-in leads straight on
    await boss.logIn(office, 'boss');
    await enter(ops, 'ops', { code: await phone.code() });
    await ops.at('/operator');

    // Whoever answers at the host is no proxy of ours: the check says so, and how it is mended.
    const stranger = createServer((request, response) => response.end('open')).listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const host = `ledger.localhost:${stranger.address().port}`;
    try {
      await ops.go('/operator/applications');
      await ops.link('Register an application').click();
      await ops.link(/^Proxy/).click();
      await ops.page.locator('[name=name]').fill('Ledger');
      await ops.page.locator('[name=url]').fill(`http://${host}`);
      await ops.page.locator('[name=all][value=yes]').check();
      await ops.button('Register').click();
      await ops.reads('The application is registered');
      await ops.button('Check').click();
      await ops.reads('The application is open: a stranger was served without a question to Nightlatch.');
      await ops.reads(/Guard the whole host/);
      await ops.link('Change').click();
      await ops.page.locator('[name=about]').fill('Where the books are');
      await ops.button('Save').click();
      await ops.reads('Where the books are');
    } finally {
      stranger.close();
      stranger.closeAllConnections();
    }

    await una.go('/applications');
    assert.equal(await una.link(/Ledger/).count(), 1);
    await boss.go('/settings/office/applications');
    await boss.link('Ledger').click();
    await boss.page.locator('[name=off]').check();
    await boss.button('Save').click();
    await boss.go('/settings/office/applications');
    await boss.reads('switched off');
    await una.go('/applications');
    assert.equal(await una.link(/Ledger/).count(), 0);
  },
);
