// What HTML cannot do: modal dialogs, copy, save, print, local times, a countdown, and the arrow keys of the country list.
// Everything works without this file, only less comfortably. Listeners sit on the document, so swapped-in parts need no wiring.
"use strict";
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root) => [...(root.matches?.(selector) ? [root] : []), ...root.querySelectorAll(selector)];
  const on = (event, act) => document.addEventListener(event, act);
  const locale = document.documentElement.dataset.formats; // how dates are written
  const formats = { time: { timeStyle: "medium" }, minute: { timeStyle: "short" }, date: { dateStyle: "medium", timeStyle: "short" } };

  const countDown = (line, end) => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    one("[data-left]", line).textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    line.hidden = left === 0; // the style sheet then shows the [data-when-done] beside it
    if (left && line.isConnected) setTimeout(countDown, 250, line, end);
  };
  // Every new part of the page, and the page itself. It may be called twice for the same element.
  const prepare = (root) => {
    for (const dialog of all("dialog[data-modal]:not(:modal)", root)) {
      dialog.open = false, dialog.showModal(), dialog.scrollTop = 0; // it is sent open for browsers without JavaScript
    }
    for (const time of all("time[data-local]", root)) {
      const options = { hourCycle: "h23", ...formats[time.dataset.local] };
      time.textContent = new Intl.DateTimeFormat(locale, options).format(new Date(time.dateTime));
    }
    for (const line of all("[data-countdown]:not([data-running])", root)) {
      line.dataset.running = "", countDown(line, performance.now() + 1000 * line.dataset.countdown);
    }
  };
  on("htmx:after:process", ({ target }) => prepare(target));
  prepare(document), one("a[data-onward]") && location.replace(one("a[data-onward]").href); // a form may not be redirected to a provider

  on("click", ({ target }) => {
    if (target.matches("dialog:modal")) target.close(); // the content is one child that fills it: only the backdrop is left
    const button = target.closest("[data-copy], [data-save], [data-print], [data-close]");
    if (!button) return;
    const { copy, save, name, print, close } = button.dataset, source = one(copy ?? save ?? "html"), text = source.innerText.trim();
    const copied = () => (one("#announce").textContent = one("span", button).textContent = button.dataset.done);
    if (copy) navigator.clipboard.writeText(text).then(copied, () => getSelection().selectAllChildren(source));
    if (save) Object.assign(document.createElement("a"), { download: name, href: URL.createObjectURL(new Blob([text, "\n"])) }).click();
    if (print !== undefined) window.print();
    if (close !== undefined) button.closest(close).remove();
  });

  // The country list: a search box (combobox) over a listbox. Focus stays in the box; aria-activedescendant walks the list.
  const words = (text) => " " + text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^\p{L}\d+]+/gu, " ").replace("+", " +").trim();
  const shown = (field) => all("[role=option]:not([hidden])", field);
  const activate = (field, option) => {
    one(".active", field)?.classList.remove("active");
    option?.classList.add("active"), option?.scrollIntoView({ block: "nearest" });
    one("[role=combobox]", field).setAttribute("aria-activedescendant", option?.id ?? "");
  };
  const filter = (field) => { // by the beginning of a word of the name, by calling code, by ISO code
    const typed = words(one("[role=combobox]", field).value).replace(/^ (?=\d)/, " +").trimEnd();
    for (const option of all("[role=option]", field)) option.hidden = !words(`${option.textContent} ${option.dataset.country}`).includes(typed);
    const none = one(".panel [role=status]", field);
    none.textContent = shown(field).length ? "" : none.dataset.none;
    activate(field, shown(field)[0]);
  };
  const toggle = (field, open) => {
    const country = one(".country", field), search = one("[role=combobox]", field);
    one("button", country).setAttribute("aria-expanded", open);
    if ((one(".panel", field).hidden = !open)) return;
    for (const option of all("[role=option]", field)) option.setAttribute("aria-selected", option.dataset.country === country.dataset.country);
    search.value = "";
    filter(field);
    search.focus();
    activate(field, one("[aria-selected=true]", field) ?? shown(field)[0]);
  };
  const choose = (field, option) => {
    const country = one(".country", field), input = one("[name=country]", country), [name, code] = all("span", option);
    input.value = country.dataset.country = option.dataset.country;
    one("[name=chosen]", country).value = "1"; // by hand: it stays while the digits allow it
    one("img", country).src = one("img", option).src; one("button > span", country).textContent = code.textContent;
    one("[data-name]", country).textContent = `${name.textContent} ${code.textContent}`;
    toggle(field, false);
    one("input[type=tel]", field).focus();
    input.dispatchEvent(new Event("change", { bubbles: true })); // so that htmx can post
  };
  for (const event of ["click", "focusin"]) on(event, ({ target }) => {
    const field = target.closest(".number"), button = target.closest(".country > button"), option = target.closest("[role=option]");
    for (const panel of all(".number > .panel:not([hidden])", document)) if (!panel.contains(target) && !button) toggle(panel.parentNode, false);
    if (event === "click" && button) toggle(field, button.ariaExpanded !== "true");
    if (event === "click" && option) choose(field, option);
  });
  on("input", ({ target }) => target.matches(".number [role=combobox]") && filter(target.closest(".number")));
  on("keydown", (event) => {
    const { target, key } = event, field = target.closest(".number"), opens = target.matches(".country > button") && /^Arrow(Up|Down)$/.test(key);
    if (!opens && !target.matches(".number [role=combobox]")) return;
    const options = shown(field), active = one(".active", field), at = options.indexOf(active), last = options.length - 1;
    const to = { ArrowDown: at < last ? at + 1 : 0, ArrowUp: at > 0 ? at - 1 : last, Home: 0, End: last }[key];
    if (opens) toggle(field, true);
    else if (key === "Escape") one(".country > button", field).focus(), toggle(field, false);
    else if (key === "Enter") active && choose(field, active);
    else if (to !== undefined) activate(field, options[to]);
    else return;
    event.preventDefault(); // Enter would send the form, Escape close a dialog around it
  });
})();
