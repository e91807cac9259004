// Real outages of what the program stands on, with pages open all the while: each part that asks says that it was not
// answered, changes nothing, and works again without a reload; a form that was sent is done once.
import assert from 'node:assert/strict';
import { eventually } from './lib/eventually.mjs';
import { ask, asking, shape } from './lib/fragments.mjs';
import { enter as operatorEnters, newOperator } from './lib/operator.mjs';
import { outages, Site } from './lib/outage.mjs';
import { setup } from './lib/scenario.mjs';

const { scenario } = setup(() => Site.start());
const toast = (page) => page.locator('#toasts .error');
const each = (list, act) => Promise.all(list.map((one, i) => act(one, i)));

/** What is typed into a field after an outage: another text each time, so that another answer comes. */
const answers = {
  number: ['+32470123456', '+31612345678'],
  q: ['u0', 'chief'],
  password: ['abc', 'kettle umbrella seventeen'],
};

/** A selector for every part of the page that asks. */
const found = (page) =>
  page.locator(asking).evaluateAll((elements) => {
    const reached = elements.filter((e) => !document.querySelector('dialog:modal') || e.closest('dialog'));
    const names = ['hx-get', 'hx-post', 'hx-trigger'];
    const selectors = reached.map((e) => {
      const has = names.map((name) =>
        e.hasAttribute(name) ? `[${name}=${JSON.stringify(e.getAttribute(name))}]` : `:not([${name}])`,
      );
      return e.localName + has.join('') + (e.querySelector('select') ? ':has(select)' : e.id && `#${e.id}`);
    });
    return [...new Set(selectors)];
  });

/** The one address that a part asks and the database does not answer. */
const withoutDatabase = '/country';

/** Part is one that asks, on a page that stays open. */
class Part {
  constructor(tab, selector) {
    Object.assign(this, { tab, page: tab.page, selector, what: `${tab.path}: ${selector}` });
    this.element = tab.page.locator(selector).first();
    this.polls = selector.includes('every');
    this.withoutDatabase = selector.includes(`"${withoutDatabase}"`);
    this.answered = 0;
  }

  /** What has to be there before it can be used. */
  prepare() {
    return this.element.evaluate((e) => {
      if (e.matches('dialog') && !e.open) e.showModal();
      for (const select of e.querySelectorAll('form > select')) select.selectedIndex = 1;
    });
  }

  /** Uses it as its reader would; what asks by itself needs nobody. */
  async use(round, texts) {
    const name = await this.element.evaluate((e) => e.name ?? '');
    if (this.polls) {
      if (this.tab.slow) await this.page.clock.fastForward(31_000); // as long as any pause
    } else if (name === 'country') {
      await this.page.locator('.country > button').click();
      await this.page.locator(`[role=option][data-country=${['BE', 'NL'][round % 2]}]`).click();
    } else await ask(this.element, texts?.[name]?.[this.answered++ % 2]);
    return this.element.evaluate((e) => e.value);
  }

  async fails(round) {
    const { page, element, what } = this;
    for (const old of await toast(page).locator('button').all()) await old.click({ timeout: 500 }).catch(() => {});
    await this.prepare();
    const was = await shape(page), before = await element.evaluate((e) => e.value);
    const typed = await this.use(round + 1);
    await this.stays(typed);
    if (this.selector.includes('change"]')) return; // a country shows itself
    await element.evaluate((e, value) => e.matches('input') && (e.value = value), before);
    const lines = was.split('\n'), now = (await shape(page)).split('\n');
    assert.deepEqual(now.filter((line, i) => line !== lines[i]), [], `${what}: the page changed`);
  }

  /** It is there, with what was typed, and one sentence says that there was no answer. */
  async stays(typed) {
    await toast(this.page).waitFor().catch(() => assert.fail(`${this.what}: nothing is said`));
    assert.equal(await toast(this.page).count(), 1, `${this.what}: one sentence`);
    assert.match(await toast(this.page).innerText(), /\w+ .* \w+/, this.what);
    assert.equal(await this.element.evaluate((e) => e.value), typed, `${this.what}: what was typed is gone`);
  }

  /** It asks nothing that is broken, and is answered all the while. */
  async goesOn(round) {
    const answered = this.page.waitForResponse((r) => new URL(r.url()).pathname === withoutDatabase && r.ok());
    await this.prepare();
    await this.use(round);
    await answered.catch(() => assert.fail(`${this.what}: it is not answered`));
  }

  async works(round) {
    const { page, element, what } = this;
    const path = await element.evaluate(
      (e) => new URL(e.getAttribute('hx-get') ?? e.getAttribute('hx-post'), location.href).pathname,
    );
    await this.prepare();
    await page.evaluate(() => {
      window.swapped = false;
      const observer = new MutationObserver(() => (window.swapped = true));
      observer.observe(document.querySelector('main'), { childList: true, subtree: true });
    });
    const answered = page.waitForResponse((r) => new URL(r.url()).pathname === path && r.ok());
    await this.use(round, answers);
    await answered.catch(() => assert.fail(`${what}: it is not answered again`));
    await toast(page).waitFor({ state: 'detached' }).catch(() => assert.fail(`${what}: the sentence stays`));
    if (this.polls) return;
    const nothing = `${what}: nothing came of it`;
    await eventually(async () => assert.ok(await page.evaluate(() => window.swapped), nothing));
    for (const dialog of await page.locator('dialog:modal').all()) await dialog.evaluate((e) => e.close());
  }
}

/** Opens a page that stays open. A slow one asks so seldom that its clock is moved. */
const open = async (who, path, { slow = false, prepare = async () => {} } = {}) => {
  const page = await who.context.newPage();
  if (slow) await page.clock.install();
  await page.goto(who.app.url + path);
  await prepare(page);
  const tab = { page, path, slow };
  tab.parts = (await found(page)).map((selector) => new Part(tab, selector));
  assert.ok(tab.parts.length, `${path}: nothing asks`);
  return tab;
};

/** On the page that takes a code, whose line asks by itself. */
const waiting = async (who, office, username) => {
  await who.logIn(office, username);
  return open(who, '/settings/me/number', {
    async prepare(page) {
      await page.locator('#number').fill(who.app.newNumber());
      await page.locator('main form button.wide').first().click();
      await page.locator('#message-line').waitFor();
    },
  });
};

const inputs = (page) => page.locator('main form :is([name=username], [name=name], [name=email])');
const fill = async (page, name) => {
  const fields = { username: name, name, email: `${name}@example.org` };
  for (const [field, text] of Object.entries(fields)) await page.locator(`main [name=${field}]`).fill(text);
};
const submit = (page) => page.locator('main form .button').first().click({ noWaitAfter: true });
/** Fills in the form of a new user, and sends it while nothing answers: a sentence comes, or the browser's own page. */
const sends = async (who, name) => {
  const { page } = who;
  await who.go('/settings/users/new');
  await fill(page, name);
  return async () => {
    await submit(page);
    await eventually(async () => {
      if (page.url().startsWith('chrome-error:')) return;
      assert.match(await page.locator('body').innerText(), /Temporarily unavailable|502 Bad Gateway/);
    });
  };
};
/**
 * Sent again from the page before, which has what was typed, or by the browser, the form is done once. Chromium puts
 * its own page in place of the one before.
 */
const isDoneOnce = async (who, name) => {
  const { page } = who, user = /\/settings\/users\/\d+$/;
  if (who.scripts && !page.url().startsWith('chrome-error:')) {
    await page.goBack();
    await eventually(async () => {
      const typed = await inputs(page).evaluateAll((all) => all.map((e) => e.value));
      assert.deepEqual(typed, [name, name, `${name}@example.org`], 'what was typed is there again');
    });
    await submit(page);
  } else await page.reload();
  await page.waitForURL(user);
  await who.go(`/settings/users?q=${name}`);
  assert.equal(await page.locator('#users-list tbody tr').count(), 1, `${name} was made once`);
};

let office, chief, plain, ops, tabs;
scenario('pages are open', async ({ app, browserUser }) => {
  office = await app.office({ chief: 'superuser', u0: 'user', u1: 'user', u2: 'user', u3: 'user' });
  [chief, plain, ops] = await each([{}, { javaScriptEnabled: false }, {}], (s) => browserUser({ stays: true, ...s }));
  const phone = await newOperator(app, 'ops');
  await each([
    chief.logIn(office, 'chief'),
    plain.logIn(office, 'chief'),
    phone.code().then((code) => operatorEnters(ops, 'ops', { code })).then(() => ops.at('/operator')),
  ], (done) => done);
  const switched = async (page) => {
    await page.getByRole('switch').click();
    await page.locator('[role=switch][aria-checked=true]').waitFor();
  };
  const questioned = async (page) => {
    await switched(page);
    await page.locator('#two-factor-save').click();
    await page.locator('dialog:modal').waitFor();
  };
  tabs = await each([
    () => open(chief, '/settings/me/number', { prepare: (page) => page.locator('#number').fill('0612') }),
    () => open(chief, '/settings/users'),
    () => open(chief, '/settings/me/password'),
    () => open(chief, '/settings/office/general', { prepare: switched }),
    () => open(chief, '/settings/office/general', { prepare: questioned }),
    () => open(ops, '/operator', { slow: true }),
  ], (start) => start());
});

for (const [round, [name, outage]] of Object.entries(outages).entries()) {
  scenario(`${name}: every part says so, stays, and works again`, async ({ app, browserUser }) => {
    const user = await browserUser(), people = [chief, plain, ops, user];
    const all = [...tabs, await waiting(user, office, `u${round}`)];
    const senders = await each([chief, plain], (who, i) => sends(who, `new${round}${i}`));
    const during = people.reduceRight((act, who) => () => who.whileBroken(act), async () => {
      const contexts = people.map((who) => who.context);
      await outage.begin(app, contexts);
      const breaks = (part) => !(name.startsWith('the database') && part.withoutDatabase);
      const tried = outage.hangs
        ? all.map(async ({ parts }) => {
          const typed = [], asking = parts.filter(breaks);
          for (const part of parts.filter((p) => !breaks(p))) await part.goesOn(round + 1);
          for (const part of asking) typed.push(await part.prepare().then(() => part.use(round + 1)));
          for (const [i, part] of asking.entries()) await part.stays(typed[i]);
        })
        : all.map(async ({ parts }) => {
          for (const part of parts) await (breaks(part) ? part.fails(round) : part.goesOn(round + 1));
        });
      try {
        await each([...tried, ...senders.map((send) => send())], (done) => done);
      } finally {
        await outage.end(app, contexts);
      }
      await app.back();
      await each([
        ...all.map(async ({ parts }) => {
          for (const part of parts) await part.works(round);
        }),
        ...[chief, plain].map((who, i) => isDoneOnce(who, `new${round}${i}`)),
      ], (done) => done);
    });
    await during();
  });
}
