// What htmx asks for and does not get: every element of a page that asks is made to fail, in every way that we know.
import assert from 'node:assert/strict';
import { eventually } from './eventually.mjs';

const html = (body) => ({ contentType: 'text/html', body });
const failures = {
  'a proxy’s 502': { status: 502, ...html('<html><head><title>502</title></head><body>502 Bad Gateway</body></html>') },
  'a proxy’s own page as 200': { status: 200, ...html('<!doctype html><title>Wi-Fi</title><h1>Hotel</h1>') },
  'our 503': { status: 503, ...html('<div class="notice error"><p>Try again in a few seconds.</p></div>') },
  'a 500 of nobody': { status: 500, body: '' },
  'a 404': { status: 404, ...html('Not Found') },
  'a 403': { status: 403, ...html('Forbidden') },
  'a 413': { status: 413, ...html('Too large') },
  'a 429': { status: 429, ...html('Slow down') },
  'no network': null,
};
/** What asks. */
export const asking = '[hx-get], [hx-post]';
const seen = new Set();

/** The page without what comes and goes while something is asked, and the time. */
export const shape = (page) =>
  page.evaluate(() => {
    const body = document.body.cloneNode(true);
    for (const e of body.querySelectorAll('#toasts, #announce, time, [data-left], [data-life]')) e.replaceChildren();
    for (const e of body.querySelectorAll('*')) {
      e.classList.remove('htmx-request');
      const passing = ['class', 'data-htmx-powered', 'hidden', 'open'];
      for (const name of passing) if (!e.getAttribute(name)) e.removeAttribute(name);
    }
    const typed = [...document.querySelectorAll('input, select')].map((e) => `${e.name}=${e.value}`);
    return [document.title, body.innerHTML, ...typed].join('\n').replace(/\d+ (s|min) ago/g, 'N ago');
  });

let typed = 0;
/** Makes an element ask, as its user or the clock would. */
export const ask = (element, text = `0612${++typed}`) =>
  element.evaluate((e, text) => {
    const trigger = e.getAttribute('hx-trigger') ?? '';
    if (trigger.startsWith('every')) e.dispatchEvent(new Event('every'));
    else if (trigger.startsWith('close')) e.close();
    else if (e.matches('input')) {
      e.value = text; // another one each time, for "changed"
      for (const type of ['input', 'change']) e.dispatchEvent(new Event(type, { bubbles: true }));
    } else if (e.matches('form')) e.requestSubmit();
    else e.click();
  }, text);

/** Makes each part that the page asks for fail, unless it was made to on an earlier page. */
export async function survives(who, name) {
  const { page } = who;
  if (!who.scripts) return;
  for (const element of await page.locator(asking).all()) {
    const key = await element.evaluate((e) =>
      [e.localName, e.getAttribute('hx-get') ?? e.getAttribute('hx-post'), e.getAttribute('hx-trigger')]
        .join(' ')
        .replace(/\d+/g, 'N'),
    );
    const behind = await element.evaluate((e) => !!document.querySelector('dialog:modal') && !e.closest('dialog'));
    if (behind || seen.has(key)) continue;
    seen.add(key);
    const path = await element.evaluate(
      (e) => new URL(e.getAttribute('hx-get') ?? e.getAttribute('hx-post'), location.href).pathname,
    );
    const polls = / every/.test(key);
    const before = await element.evaluate((e) => e.value);
    await who.whileBroken(async () => {
      // What asks by itself pauses after the first failure: it fails in one way, and another one in another.
      const ways = Object.entries(failures);
      for (const [way, answer] of polls ? [ways[seen.size % ways.length]] : ways) {
        const what = `${name}: ${key}, ${way}`;
        let asked = 0;
        const fail = async (route) => {
          asked++;
          await (answer ? route.fulfill(answer) : route.abort('internetdisconnected'));
        };
        await page.route((url) => url.pathname === path, fail);
        const was = before === undefined ? await shape(page) : undefined;
        // What asks by itself, and was on its way before, may be answered and take the sentence away at once.
        const said = await page.evaluateHandle(() => {
          const told = [], of = document.querySelector('#toasts');
          const read = () => {
            const text = of.querySelector('.error p')?.innerText;
            if (text) told.push(text);
          };
          new MutationObserver(read).observe(of, { subtree: true, childList: true, characterData: true });
          return told;
        });
        await ask(element);
        await eventually(async () => assert.ok(asked > 0, `${what}: nothing was asked`));
        const sentence = await eventually(async () => {
          const [first] = await said.jsonValue();
          assert.ok(first, `${what}: nothing was said`);
          return first;
        });
        assert.ok(await element.evaluate((e) => e.isConnected), `${what}: the control is gone`);
        if (was) assert.equal(await shape(page), was, `${what}: the page changed`);
        assert.match(sentence, way === 'our 503' ? /^Try again in a few seconds\.$/ : /\w+ .* \w+/, what);
        if (polls) {
          await ask(element);
          assert.equal(asked, 1, `${what}: asks again without a pause`);
        }
        await page.unroute((url) => url.pathname === path);
        await page.unrouteAll({ behavior: 'wait' });
        await page.evaluate(() => document.querySelector('#toasts .error')?.remove());
        await element.evaluate((e) => e.matches('dialog') && e.showModal());
      }
    });
    if (before !== undefined) await element.evaluate((e, value) => (e.value = value), before);
  }
}
