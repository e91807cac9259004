// An office of forty, from a file to everybody in: what its superuser does, clicks and loads on the way.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { accessible } from './lib/axe.mjs';
import { eventually } from './lib/eventually.mjs';
import { IdentityProvider } from './lib/provider.mjs';
import { setup } from './lib/scenario.mjs';
import { Authenticator } from './lib/tools.mjs';
import { Visitor } from './lib/visitor.mjs';

const { scenario } = setup();
const password = 'kettle umbrella seventeen';
const most = 25; // clicks, and pages, of the superuser

let idp;
after(() => idp?.stop());

/** The superuser's hand: clicks by mouse or by keyboard, and counts them and the pages that they load. */
class Hand {
  clicks = 0;
  pages = 0;

  constructor(boss, byKeyboard) {
    this.boss = boss;
    this.byKeyboard = byKeyboard;
    boss.page.on('request', (request) => {
      const page = request.isNavigationRequest() && request.frame() === boss.page.mainFrame();
      if (page && !request.redirectedFrom()) this.pages++;
    });
  }

  async click(selector) {
    const what = this.boss.page.locator(selector).first();
    await what.waitFor();
    this.clicks++;
    if (!this.byKeyboard) return what.click();
    await what.focus();
    const ticks = await what.evaluate((e) => e.matches('input[type=checkbox], input[type=radio]'));
    return this.boss.page.keyboard.press(ticks ? 'Space' : 'Enter');
  }

  /** Types into a field, and Enter, which is counted as a click. */
  async typeAndEnter(selector, text) {
    await this.boss.page.locator(selector).first().fill(text);
    this.clicks++;
    await this.boss.page.locator(selector).first().press('Enter');
  }

  /** Waits for what the page has, and judges it. */
  async see(what, selector = 'main') {
    await this.boss.page.locator(selector).first().waitFor();
    await this.boss.page.waitForLoadState();
    if (!this.boss.scripts) return; // who judges it is a script
    await accessible(this.boss.page, what);
    const fits = () => document.documentElement.scrollWidth <= innerWidth;
    assert.ok(await this.boss.page.evaluate(fits), `${what} fits`);
  }
}

/** The forty: thirty-nine in the file, and their superuser. */
function people(app) {
  const all = [];
  for (let i = 1; i < 40; i++) {
    all.push({ username: `p${String(i).padStart(2, '0')}`, number: app.newNumber(), language: i % 2 ? 'nl' : 'en' });
  }
  const [typo, stranger, lost, sso] = all;
  sso.number = '';
  lost.language = 'en';
  return { all, typo, stranger, lost, sso, never: all.slice(-5) };
}

/** The superuser's password, in any language. */
async function enter({ app, page }, office) {
  await page.goto(`${app.url}/login`);
  for (const [name, text] of [['office', office.code], ['username', 'boss'], ['password', office.password]]) {
    await page.locator(`[name=${name}]`).fill(text);
  }
  await page.locator('[name=password]').press('Enter');
}

const address = (office, p) => `${p.username}@${office.code.toLowerCase()}.example`;

const file = (office, all) => ({
  name: 'users.csv',
  mimeType: 'text/csv',
  buffer: Buffer.from(
    ['username;name;email;role;mobile;language']
      .concat(
        all.map((p) =>
          [p.username, `${p.username} Tester`, address(office, p), 'user', p.typed ?? p.number, p.language].join(';'),
        ),
      )
      .join('\n'),
  ),
});

for (const [how, settings] of [
  ['by mouse', {}],
  ['by keyboard, at 360 px, in Dutch', { locale: 'nl-NL', viewport: { width: 360, height: 740 } }],
  ['without JavaScript', { javaScriptEnabled: false }],
]) {
  scenario(`an office of forty goes from a file to everybody in, ${how}`, async ({ app, browserUser, t }) => {
    const office = await app.office({ boss: 'superuser' });
    const { all, typo, stranger, lost, sso, never } = people(app);
    const coming = all.filter((p) => !never.includes(p));
    const ofOffice = `office_id = (select id from offices where code = '${office.code}')`;

    // Before: the office has its provider, and the superuser an app.
    idp ??= await IdentityProvider.start(`${app.url}/login/sso/callback`);
    idp.says = { amr: ['pwd', 'mfa'] };
    const boss = await browserUser(settings);
    const { page } = boss;
    boss.keepSecret(office.password);
    boss.expectRefusal('/settings/users/import');
    await enter(boss, office);
    await boss.at('/settings/me');
    await boss.go('/settings/me/app');
    const key = new Authenticator(await page.locator('[data-secret]').innerText());
    await page.locator('[name=code]').fill(await key.code());
    await page.locator('[name=code]').press('Enter');
    await page.locator('[data-recovery-code]').first().waitFor();
    await page.locator('form[action$="/kept"] button').click();
    await boss.at('/settings/me');
    await boss.go('/settings/office/sign-in');
    await page.locator('[name=issuer]').fill(idp.issuer);
    await page.locator('[name=client_id]').fill(idp.clientId);
    await page.locator('[name=secret]').fill(idp.secret);
    await page.locator('[name=policy][value=trust]').check();
    await page.locator('[name=client_id]').press('Enter');
    await page.locator('#sso-start').waitFor();

    const hand = new Hand(boss, /keyboard/.test(how));

    // Thursday: the file, in which one number is no mobile's, and the number of another is somebody else's.
    stranger.typed = app.newNumber();
    const theFile = (typed) => file(office, all.map((p) => (p === typo ? { ...p, typed } : p)));
    await hand.click('nav a[href="/settings/users"]');
    await hand.click('a[href="/settings/users/import"]');
    await page.locator('#file').setInputFiles(theFile('020 624 1111'));
    await hand.click('form[action="/settings/users/import"] button');
    await boss.reads(/020 624 1111/);
    await hand.see('a number that is refused');
    await hand.click('a[href="/settings/users/import"]');
    await page.locator('#file').setInputFiles(theFile(''));
    await hand.click('form[action="/settings/users/import"] button');
    await hand.see('what a file would do', 'form[action="/settings/users/import/do"]');
    await hand.click('form[action="/settings/users/import/do"] button');
    await boss.at('/settings/users');

    const linkTo = (p) =>
      eventually(async () => {
        const link = (await app.mails(address(office, p))).at(-1)?.links.find((url) => url.includes('/link/'));
        assert.ok(link && link !== p.link, `no new invitation came to ${p.username}`);
        return link;
      });
    for (const p of all) p.link = await linkTo(p);

    // The one number that is missing is typed in the list.
    await hand.click('a[href="/settings/users/numbers"]');
    await hand.see('numbers in the list', 'main [name=number]');
    const row = `:is(tr, li):has-text("${typo.username}")`;
    await hand.typeAndEnter(`${row} [name=number]`, typo.number);
    await page.locator(`${row} [name=number]`).waitFor({ state: 'detached' });

    // The date.
    await hand.click('nav a[href^="/settings/office"]');
    await hand.click('[role=switch]');
    await page.locator('#two-factor-switch[aria-checked=true]').waitFor();
    await hand.click('#two-factor button:not([role])');
    await page.locator('[name=when][value=date]').waitFor();
    await hand.click('[name=when][value=date]');
    const date = new Date(Date.now() + 20 * 24 * 3600_000).toISOString().slice(0, 10);
    await page.locator('#from').fill(`${date}T08:00`);
    await hand.click('form[action$="/activate"] button');
    await boss.at('/settings/office/two-factor');
    await hand.see('the date is set');

    // Thirty-four set a password. Eleven set up their number at once, the others later.
    const early = coming.slice(8, 18).concat(lost);
    for (const p of coming) {
      p.visitor = new Visitor(app, p.language);
      await p.visitor.acceptInvitation(p.link, password);
      const first = await p.visitor.logIn(office, p.username, password);
      assert.equal(first, '/settings/soon', `${p.username} is offered a second factor`);
      if (!early.includes(p)) continue;
      assert.equal(await p.visitor.ask('/settings/me/number', { number: p.number }), '/settings/confirm/code');
      assert.equal(
        await p.visitor.ask('/settings/confirm/code', { code: await app.latestCode(p.number) }),
        '/settings/me/recovery-codes',
      );
      await p.visitor.ask('/settings/me/recovery-codes/kept', {});
    }

    // One of them links their account at the office's provider.
    const una = await browserUser();
    una.expectElsewhere(idp.issuer);
    const signOn = async () => {
      await una.context.clearCookies({ domain: '127.0.0.1' });
      await una.go('/login');
      await una.enterOffice(office.code);
      await una.button('Log in with SSO').click();
      await una.page.getByLabel('Account').fill(`${office.code}-there`);
      await una.page.getByRole('button', { name: 'Sign in there' }).click();
    };
    await signOn();
    await una.at('/login/sso/link');
    await una.field('Username').fill(sso.username);
    await una.field('Password').fill(password);
    await una.button('Link and log in').click();
    await una.at(/^\/settings\/(me|soon)$/);
    await una.go('/settings/me');

    // Monday: the date has come. The invitations of the five who never came are over.
    await app.sql(`update offices set demanded_from = now() - interval '1 minute' where code = '${office.code}'`);
    await app.sql(`update users set demanded_from = now() - interval '1 minute' where ${ofOffice}`);
    await app.sql(`update one_time_links set expires_at = now() - interval '1 minute' where used_at is null`);
    for (const p of coming) {
      if (early.includes(p) || p === sso) continue;
      p.visitor = new Visitor(app, p.language);
      assert.equal(await p.visitor.logIn(office, p.username, password), '/login/check');
      if (p === stranger) {
        assert.equal(await p.visitor.ask('/login/number', { number: p.number }), '/login/code');
      } else {
        assert.equal(await p.visitor.ask('/login/send', {}), '/login/code');
      }
      assert.equal(await p.visitor.enterCodeFrom(p.number), '/settings/me', `${p.username} is in`);
    }

    // Who comes by single sign-on is in, with the provider's second factor.
    await una.logOut();
    await signOn();
    await una.at('/settings/me');

    // Whose phone lies in a train: three words, read out to the superuser.
    const bea = await browserUser();
    await bea.enterPassword(office, lost.username, password);
    await bea.go('/login/help');
    bea.expectRefusal('/login/help/line');
    await bea.page.locator('form[action="/login/help"] button').click();
    const words = await bea.page.locator('[data-words]').innerText();
    lost.link = await linkTo(lost); // which stops the request
    await hand.click('nav a[href="/settings/users"]');
    await hand.click('a[href$="/help"]');
    await page.locator('#words').fill(words);
    await hand.click('[name=choice][value=reset]');
    await hand.click('form:has(#words) button');
    await page.waitForLoadState();
    await linkTo(lost);
    await bea.takeNewPassword(office, lost.username, address(office, lost));
    await bea.enrolNumber(app.newNumber());

    // The next morning the superuser lands on who is not ready: five, whom one click invites again.
    await boss.context.clearCookies();
    await enter(boss, office);
    await boss.at('/login/app');
    await page.locator('[name=code]').fill(await key.code());
    await page.locator('[name=code]').press('Enter');
    await boss.at('/settings/office/rollout');
    await hand.see('who is not ready');
    await hand.click('a[href*="show=invitation_expired"]');
    await hand.click('#all');
    await hand.click('button[formaction$="/invite"]');
    await page.waitForLoadState();
    for (const p of never) await linkTo(p);
    const standing = await page.locator('.legend.lists').innerText();
    const states = [
      [/ready|gereed/, 34],
      [/ready at the provider|gereed bij de provider/, 1],
      [/number not confirmed|nummer niet bevestigd/, 5],
    ];
    for (const [state, n] of states) {
      assert.match(standing.replace(/\s+/g, ' '), new RegExp(`\\b${n} (${state.source})`, 'i'));
    }

    t.diagnostic(`${how}: ${hand.clicks} clicks, ${hand.pages} pages`);
    assert.ok(hand.clicks <= most && hand.pages <= most, `${hand.clicks} clicks, ${hand.pages} pages`);
  });
}
