// What HTML cannot do: modal dialogs, copy, print, local times. Everything works without this file, only less
// comfortably. Listeners sit on the document, so that parts that are swapped in need no wiring.
"use strict";
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root) => [...(root.matches?.(selector) ? [root] : []), ...root.querySelectorAll(selector)];
  const on = (event, act) => document.addEventListener(event, act);
  const { formats: locale, again } = document.documentElement.dataset; // locale is how dates are written
  if (again) history.replaceState(null, "", again); // Reload, and Back, load the page, and do not send its form again
  const formats = {
    time: { timeStyle: "medium" }, minute: { timeStyle: "short" }, date: { dateStyle: "medium", timeStyle: "short" },
  };

  // The server tells moments in the reader's time zone, on pages and in mails.
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  const { cookie } = document, zone = `__Host-nightlatch-zone=${timeZone}`;
  if (!cookie.split("; ").includes(zone)) document.cookie = `${zone}; path=/; secure; samesite=lax; max-age=31536000`;

  const write = (element, text) => element.textContent !== text && (element.textContent = text); // told only if new
  // Every new part of the page, and the page itself. It may be called twice for the same element.
  const prepare = (root) => {
    for (const dialog of all("dialog[data-modal]:not(:modal)", root)) {
      dialog.open = false, dialog.showModal(), dialog.scrollTop = 0; // it is sent open for browsers without JavaScript
    }
    for (const said of all("[data-announce]", root)) write(one("#announce"), said.textContent);
    for (const time of all("time[data-local]", root)) {
      const options = { hourCycle: "h23", ...formats[time.dataset.local] };
      write(time, new Intl.DateTimeFormat(locale, options).format(new Date(time.dateTime)));
    }
  };
  on("htmx:after:process", ({ target }) => prepare(target));
  prepare(document);
  // A live region that arrives with its text is often not announced.
  const done = one("#toasts p");
  if (done) setTimeout(() => write(one("#announce"), done.textContent), 100);
  const onward = one("a[data-onward]"); // a form may not be redirected to a provider
  if (onward) location.replace(onward.href);

  // A form on its way leads where its answer says, which may be shown only once: a second one is ignored, and what the
  // page asks by itself must not lead elsewhere first (data-file: it leads nowhere). htmx prevents its own before this.
  let leaving = 0, isLeaving = () => performance.now() < leaving; // until when
  on("submit", (event) => {
    const { target, submitter, defaultPrevented } = event;
    if (defaultPrevented || (submitter?.formMethod || target.method) === "dialog") return;
    if (isLeaving()) return event.preventDefault();
    const file = [target, submitter].some((e) => e?.hasAttribute("data-file"));
    leaving = performance.now() + (file ? 1000 : 10_000); // two clicks; what a request may take
  });
  addEventListener("pageshow", () => (leaving = 0)); // Back, to a page that was kept

  // A part of the page that does not come takes no control away: the page stays as it is, one sentence says so, and
  // what asks by itself goes on in growing pauses, unless it was put away meanwhile. Of two clicks the second waits for
  // the first. What was put away tells its events at the document: source is what asked.
  const pauses = new WeakMap(), asking = new WeakSet(), source = ({ detail }) => detail.ctx.sourceElement;
  const asks = (e) => e.matches("[hx-trigger^=every]"), unheard = (e) => isLeaving() || asks(e) && !e.isConnected;
  const miss = (element, text) => {
    if (unheard(element)) return;
    if (!one("#toasts .error")) one("#toasts").append(one("#missed").content.cloneNode(true));
    write(one("#toasts .error p"), text ?? one("p", one("#missed").content).textContent);
    const wait = Math.min(30_000, 2 * (pauses.get(element)?.wait ?? 1000));
    if (asks(element)) pauses.set(element, { wait, until: performance.now() + wait });
  };
  on("htmx:before:request", (event) => {
    const target = source(event), paused = pauses.get(target)?.until > performance.now();
    if (asks(target) ? isLeaving() || paused : asking.has(target)) return event.preventDefault();
    if (target.matches("a, button, form")) asking.add(target);
  });
  on("htmx:before:response", (e) => asks(source(e)) && unheard(source(e)) && e.preventDefault());
  on("htmx:after:request", (event) => {
    const { text, response } = event.detail.ctx, target = source(event), page = /^\s*<(!doctype|html)/i.test(text);
    if (response.headers.has("HX-Redirect")) return;
    if (response.status < 400 && !page || response.status === 422) {
      if (pauses.delete(target) || !asks(target)) one("#toasts .error")?.remove();
      return;
    }
    if (page) event.preventDefault(); // a proxy's, whatever its status
    miss(target, one(".notice.error p", new DOMParser().parseFromString(text, "text/html"))?.textContent);
  });
  on("htmx:error", (event) => event.detail.ctx && miss(source(event)));
  on("htmx:finally:request", (event) => asking.delete(source(event)));

  on("keydown", ({ key }) => key === "Escape" && shut(null));
  const shut = (target) => {
    for (const menu of all("details.menu[open]", document)) if (!menu.contains(target)) menu.open = false;
  };
  on("click", ({ target }) => {
    shut(target);
    // The content is one child that fills the dialog: only the backdrop is left.
    if (target.matches("dialog:modal")) target.close();
    const button = target.closest("[data-copy], [data-print], [data-close]");
    if (!button) return;
    const { copy, print, close } = button.dataset;
    const copied = () => (one("#announce").textContent = one("span", button).textContent = button.dataset.done);
    const select = () => getSelection().selectAllChildren(one(copy));
    if (copy) navigator.clipboard.writeText(one(copy).innerText.trim()).then(copied, select);
    if (print !== undefined) window.print();
    if (close !== undefined) button.closest(close).remove();
  });
})();
