import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Repeats check until it no longer throws, and returns what it returns. A busy machine is given its time: only a
 * failure takes long.
 */
export async function eventually(check, { within = 30_000, every = 60 } = {}) {
  const end = Date.now() + within;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await sleep(every);
  }
}

export { sleep };
