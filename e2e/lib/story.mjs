// A test file is a few stories told against one running program and one browser.
import { after, before, test } from 'node:test';
import { App } from './app.mjs';
import { launch } from './browser.mjs';
import { Visitor } from './visitor.mjs';

/** Starts the program and the browser for this file. stage.app is there once the stories begin. */
export function stage() {
  const staying = []; // those who stay for the next stories
  const stage = {
    /**
     * A story: a sentence about behaviour, and what proves it. visitor() lets somebody in, with a browser of
     * their own; with stays: true they are still there in the next story.
     */
    story(name, tell, options = {}) {
      test(name, { timeout: 240_000, ...options }, async (t) => {
        const visitors = [];
        const visitor = async ({ stays, ...settings } = {}) => {
          const entering = await Visitor.enter(stage.app, stage.browser, settings);
          (stays ? staying : visitors).push(entering);
          return entering;
        };
        try {
          await tell({ app: stage.app, browser: stage.browser, visitor, t });
          for (const watched of [...visitors, ...staying]) await watched.audit();
        } catch (error) {
          const folder = new URL('../out', import.meta.url).pathname;
          const slug = name.toLowerCase().replace(/[^a-z0-9]+/g, '-').slice(0, 60);
          for (const [i, witness] of [...visitors, ...staying].entries()) await witness.photograph(folder, `${slug}-${i}`);
          throw error;
        } finally {
          await Promise.all(visitors.map((leaving) => leaving.context.close()));
        }
      });
    },
  };
  before(async () => {
    [stage.app, stage.browser] = await Promise.all([App.start(), launch()]);
  });
  after(async () => {
    await stage.browser?.close();
    await stage.app?.stop();
  });
  return stage;
}

/** An office with the setting on: its superuser, who is in and has an authenticator app, and the visitor who is them. */
export async function officeWithTwoFactor({ app, visitor }, roles, enrol = (superuser) => superuser.enrolApp()) {
  const office = await app.office({ boss: 'superuser', ...roles });
  const boss = await visitor();
  await boss.logIn(office, 'boss');
  await boss.activate();
  const factor = await enrol(boss);
  return { office, boss, factor };
}
