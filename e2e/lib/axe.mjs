// What axe finds on a page, in both colour schemes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import axe from 'axe-core';

const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const tags = { type: 'tag', values: standards };
// The schemes differ by light-dark() alone, which takes nothing but colours: no other rule can tell them apart.
const colours = {
  type: 'rule',
  values: axe
    .getRules(standards)
    .filter((rule) => rule.tags.includes('cat.color'))
    .map(({ ruleId }) => ruleId),
};
assert.ok(colours.values.includes('color-contrast'), 'axe judges colours');

// What the page is given: the small form, which it has read in half the time.
const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** axe runs in the page itself: the pages have no frames, and a second page to judge in costs half a second. */
async function breaches(page, runOnly) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(source);
  const violations = await page.evaluate(
    async (options) => (await window.axe.run(document, options)).violations,
    { runOnly, resultTypes: ['violations'] },
  );
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}

/** Fails when axe finds something on the page as it stands: by every rule in light, by those about colours in dark. */
export async function accessible(page, what, inDark = async () => {}) {
  await page.waitForLoadState();
  assert.equal(await page.locator('iframe, frame').count(), 0, `${what} has a frame, which nobody looked into`);
  assert.deepEqual(await breaches(page, tags), [], what);
  await page.emulateMedia({ colorScheme: 'dark' });
  assert.deepEqual(await breaches(page, colours), [], `${what}, in dark`);
  await inDark();
  await page.emulateMedia({ colorScheme: 'light' });
}
