// Weighs the pages and asks Lighthouse about them: make bench/pages. Fails when a goal is missed.
import { createServer } from 'node:net';
import { chromium } from 'playwright-core';
import { App } from './lib/app.mjs';
import { BrowserUser } from './lib/browser-user.mjs';
import { enter as operatorEnters, newOperator } from './lib/operator.mjs';

const { default: lighthouse } = await import(`${process.env.LIGHTHOUSE}/node_modules/lighthouse/core/index.js`);
const categories = ['performance', 'accessibility', 'best-practices', 'seo'];
const heaviest = 60_000; // bytes of the first visit of the log-in
const byDesign = new Set(['is-crawlable']); // every page says noindex

const port = await new Promise((found) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port: free } = server.address();
    server.close(() => found(free));
  });
});
const executablePath = process.env.CHROME_PATH ?? '/usr/bin/chromium';
const args = ['--no-sandbox', '--disable-gpu', `--remote-debugging-port=${port}`];
const [app, browser] = [await App.start(), await chromium.launch({ executablePath, args })];
const missed = [];

/** Measures a page as who sees it, with nothing kept from before. */
const measure = async (name, who, url) => {
  // Lighthouse opens a tab outside of all contexts of ours.
  const everything = await browser.newBrowserCDPSession();
  await everything.send('Storage.clearCookies');
  const cookies = (await who.context.cookies()).map(({ partitionKey: _, ...cookie }) => cookie);
  await everything.send('Storage.setCookies', { cookies });
  const { lhr } = await lighthouse(url, { port, onlyCategories: categories, logLevel: 'silent' });
  if (new URL(lhr.finalDisplayedUrl).pathname !== new URL(url).pathname) missed.push(`${name}: led elsewhere`);
  const requests = lhr.audits['network-requests'].details.items.filter((r) => /^https?:/.test(r.url));
  const weight = requests.reduce((sum, { transferSize }) => sum + transferSize, 0);
  const elsewhere = requests.filter((r) => new URL(r.url).origin !== new URL(app.url).origin).length;
  const scores = categories.map((id) => Math.round(100 * lhr.categories[id].score));
  console.log([name.padEnd(22), (weight / 1000).toFixed(1), requests.length, elsewhere, ...scores].join('\t'));
  if (name === 'log-in' && weight > heaviest) missed.push(`${name}: ${weight} bytes`);
  if (elsewhere) missed.push(`${name}: asks another host`);
  for (const [i, id] of categories.entries()) {
    const wrong = lhr.categories[id].auditRefs.filter(
      (ref) => ref.weight && (lhr.audits[ref.id].score ?? 1) < 0.9 && !byDesign.has(ref.id),
    );
    if (id === 'seo' ? wrong.length : scores[i] < 100)
      missed.push(`${name}: ${id} ${scores[i]}: ${wrong.map((ref) => lhr.audits[ref.id].title).join('; ')}`);
  }
};

try {
  console.log(['page'.padEnd(22), 'kB', 'requests', 'elsewhere', ...categories].join('\t'));
  const nobody = await BrowserUser.open(app, browser);
  await measure('log-in', nobody, `${app.url}/login`);
  const chief = await BrowserUser.open(app, browser);
  await chief.logIn(app.demo, 'superuser');
  for (const [name, path] of Object.entries({
    number: '/settings/me/number',
    'my settings': '/settings/me',
    office: '/settings/office/general',
    users: '/settings/users',
    history: '/settings/office/history',
  }))
    await measure(name, chief, app.url + path);
  await chief.go('/settings/me/number');
  await chief.page.locator('#number').fill(app.newNumber());
  await chief.page.locator('main form button.wide').first().click();
  await chief.page.locator('#message-line').waitFor();
  await measure('code', chief, chief.page.url());
  const ops = await BrowserUser.open(app, browser);
  const phone = await newOperator(app, 'ops');
  await operatorEnters(ops, 'ops', { code: await phone.code() });
  await ops.at('/operator');
  await measure('operators’ overview', ops, `${app.url}/operator`);
} finally {
  await browser.close();
  await app.stop();
}
console.log('SEO: that no page may be listed is by design, and excused.');
if (missed.length) {
  console.error(`missed:\n  ${missed.join('\n  ')}`);
  process.exitCode = 1;
}
