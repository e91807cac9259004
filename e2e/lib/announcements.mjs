// What an assistive technology is told while a page stands: the texts of its live regions as they change.

/**
 * Listens on every page at a path from now on. The answer, asked for later, has the sentences that the live regions of
 * the page in front held, one after the other, and how many answers to its polls had nothing to say.
 */
export async function listen(page, path) {
  await page.addInitScript((where) => {
    if (location.pathname !== where) return;
    const regions = '[aria-live], [role=status], [role=alert]';
    const told = (window.told = { sentences: [], quiet: 0 });
    const text = (region) => region.innerText.replace(/\s+/g, ' ').trim();
    document.addEventListener('DOMContentLoaded', () => {
      for (const region of document.querySelectorAll(regions)) if (text(region)) told.sentences.push(text(region));
      new MutationObserver((changes) => {
        const at = new Set();
        for (const { target, addedNodes } of changes) {
          const inside = (target.nodeType === 1 ? target : target.parentElement)?.closest(regions);
          if (inside) at.add(inside);
          // A region that comes with its text, or is replaced by itself, is as loud as a change.
          for (const node of addedNodes)
            if (node.nodeType === 1)
              for (const e of [node, ...node.querySelectorAll(regions)]) if (e.matches(regions)) at.add(e);
        }
        for (const region of at) told.sentences.push(text(region));
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    const ask = window.fetch;
    window.fetch = async (...args) => {
      const answer = await ask(...args);
      if (answer.status === 204) told.quiet++;
      return answer;
    };
  }, path);
  return () => page.evaluate(() => window.told);
}
