// The country list beside a mobile number: a search box (combobox) over a listbox. The focus stays in the box;
// aria-activedescendant walks the list. Without JavaScript a plain list is there instead.
"use strict";
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root) => [...root.querySelectorAll(selector)];
  const on = (event, act) => document.addEventListener(event, act);

  const words = (text) => {
    const plain = text.normalize("NFKD").replace(/[\p{M}\p{Cf}]/gu, "").toLowerCase();
    return " " + plain.replace(/[^\p{L}\d+]+/gu, " ").replace("+", " +").trim();
  };
  const shown = (field) => all("[role=option]:not([hidden])", field);
  const activate = (field, option) => {
    one(".active", field)?.classList.remove("active");
    option?.classList.add("active"), option?.scrollIntoView({ block: "nearest" });
    one("[role=combobox]", field).setAttribute("aria-activedescendant", option?.id ?? "");
  };
  // By the beginning of a word of the name or of another that people use, by calling code, by ISO code.
  const filter = (field) => {
    const typed = words(one("[role=combobox]", field).value).replace(/^ (?=\d)/, " +").trimEnd();
    for (const option of all("[role=option]", field)) {
      const known = words(`${option.textContent} ${option.dataset.country} ${option.dataset.also ?? ""}`);
      option.hidden = !known.includes(typed);
    }
    const none = one(".panel [role=status]", field);
    const found = shown(field).length, { none: nothing, one: single, more } = none.dataset;
    none.textContent = typed ? [nothing, single][found] ?? more.replace(/\d+/, found) : "";
    activate(field, shown(field)[0]);
  };
  const toggle = (field, open) => {
    const country = one(".country", field), search = one("[role=combobox]", field);
    one("button", country).setAttribute("aria-expanded", open);
    if ((one(".panel", field).hidden = !open)) return;
    for (const option of all("[role=option]", field)) {
      option.setAttribute("aria-selected", option.dataset.country === country.dataset.country);
    }
    search.value = "";
    filter(field);
    search.focus();
    activate(field, one("[aria-selected=true]", field) ?? shown(field)[0]);
  };
  const choose = (field, option) => {
    const country = one(".country", field), input = one("[name=country]", country);
    const [name, code] = all("span", option);
    input.value = country.dataset.country = option.dataset.country;
    one("[name=chosen]", country).value = "1"; // by hand: it stays while the digits allow it
    one("img", country).src = one("img", option).src;
    one("button > span", country).textContent = code.textContent;
    one("[data-name]", country).textContent = `${name.textContent} ${code.textContent}`;
    toggle(field, false);
    one("input[type=tel]", field).focus();
    input.dispatchEvent(new Event("change", { bubbles: true })); // so that htmx can post
  };
  for (const event of ["click", "focusin"]) on(event, ({ target }) => {
    const field = target.closest(".number"), option = target.closest("[role=option]");
    const button = target.closest(".country > button");
    for (const panel of all(".number > .panel:not([hidden])", document)) {
      if (!panel.contains(target) && !button) toggle(panel.parentNode, false);
    }
    if (event === "click" && button) toggle(field, button.ariaExpanded !== "true");
    if (event === "click" && option) choose(field, option);
  });
  on("input", ({ target }) => target.matches(".number [role=combobox]") && filter(target.closest(".number")));
  on("keydown", (event) => {
    const { target, key } = event, field = target.closest(".number");
    const opens = target.matches(".country > button") && /^Arrow(Up|Down)$/.test(key);
    if (!opens && !target.matches(".number [role=combobox]")) return;
    const options = shown(field), active = one(".active", field);
    const at = options.indexOf(active), last = options.length - 1;
    const to = { ArrowDown: at < last ? at + 1 : 0, ArrowUp: at > 0 ? at - 1 : last, Home: 0, End: last }[key];
    if (opens) toggle(field, true);
    else if (key === "Escape") one(".country > button", field).focus(), toggle(field, false);
    else if (key === "Enter") active && choose(field, active);
    else if (to !== undefined) activate(field, options[to]);
    else return;
    event.preventDefault(); // Enter would send the form, Escape close a dialog around it
  });
})();
