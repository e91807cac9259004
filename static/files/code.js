// The code page: how long until another message may be asked for, and how long the code works.
"use strict";
(() => {
  const write = (element, text) => element.textContent !== text && (element.textContent = text);
  const one = (selector, root) => root.querySelector(selector), locale = document.documentElement.dataset.formats;
  // Calls tell with the seconds left, until there are none.
  const countDown = (line, seconds, tell, end = performance.now() + 1000 * seconds) => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    tell(line, left);
    if (left && line.isConnected) setTimeout(countDown, 250, line, left, tell, end);
  };
  const tellWait = (line, left) => {
    write(one("[data-left]", line), `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`);
    if (left) return;
    line.hidden = true; // the style sheet then shows the [data-when-done] beside it
    line.closest("details").open = true;
  };
  const tellLife = (line, left) => {
    if (!left) return write(line.parentElement, line.dataset.over);
    const [n, unit] = left < 60 ? [left, "second"] : [Math.round(left / 60), "minute"];
    write(line, new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(n));
  };
  for (const line of document.querySelectorAll("[data-countdown], [data-life]")) {
    const { countdown, life } = line.dataset, ways = line.closest("details");
    if (ways) ways.open = false;
    line.dataset.running = "", countDown(line, countdown ?? life, life === undefined ? tellWait : tellLife);
  }
})();
