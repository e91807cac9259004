// A test file holds a few scenarios, run against one program and in one browser.
import { after, before, test } from 'node:test';
import { App } from './app.mjs';
import { BrowserUser } from './browser-user.mjs';
import { launch } from './browser.mjs';

/** Starts the program and the browser for this file, before its first scenario, and returns how to write one. */
export function setup(start = () => App.start()) {
  let app, browser;
  const staying = []; // users who are still there in the next scenario
  before(async () => {
    [app, browser] = await Promise.all([start(), launch()]);
  });
  after(async () => {
    await browser?.close();
    await app?.stop();
  });
  return {
    /**
     * A scenario is a sentence about behaviour and what proves it. browserUser() opens a browser context of its
     * own; with stays: true it is still open in the next scenario.
     */
    scenario(name, run, options = {}) {
      test(name, { timeout: 240_000, ...options }, async (t) => {
        const leaving = [];
        const browserUser = async ({ stays, ...settings } = {}) => {
          const user = await BrowserUser.open(app, browser, settings);
          (stays ? staying : leaving).push(user);
          return user;
        };
        try {
          await run({ app, browser, browserUser, t });
          for (const user of [...leaving, ...staying]) await user.audit();
        } catch (error) {
          const folder = new URL('../out', import.meta.url).pathname;
          const slug = name
            .toLowerCase()
            .replace(/[^a-z0-9]+/g, '-')
            .slice(0, 60);
          for (const [i, user] of [...leaving, ...staying].entries()) await user.photograph(folder, `${slug}-${i}`);
          throw error;
        } finally {
          await Promise.all(leaving.map((user) => user.context.close()));
        }
      });
    },
  };
}

/** An office with two-factor authentication on, and its superuser, who is signed in and has enrolled a factor. */
export async function officeWithTwoFactor({ app, browserUser }, roles, enrol = (superuser) => superuser.enrolApp()) {
  const office = await app.office({ boss: 'superuser', ...roles });
  const boss = await browserUser();
  await boss.logIn(office, 'boss');
  await boss.activate();
  const factor = await enrol(boss);
  return { office, boss, factor };
}
