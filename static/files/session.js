// The end of a session, on every page behind the log-in: warns two minutes before it, keeps what was typed when it is
// over, and gives it back after the log-in. The server judges what is left; nothing here prolongs anything by itself.
"use strict";
(() => {
  const warning = 120, kept = "kept";
  const page = document.querySelector("#session"), dialog = document.createElement("dialog");
  dialog.append(page.content);
  dialog.setAttribute("aria-labelledby", "session-title"), dialog.setAttribute("aria-describedby", "session-text");
  const { left, user, back } = page.dataset, tabs = new BroadcastChannel("session");
  const main = document.querySelector("main"), title = document.title;
  let end = Date.now() + 1000 * left, last = "last" in page.dataset, asked = false, seen = false, out = false;

  const secret = /pass|secret|code|word|key|token/i;
  const typed = (form) =>
    [...form.elements].filter((field) => field.name && !secret.test(field.name + field.autocomplete) &&
      !["password", "hidden", "file", "submit", "button", "search"].includes(field.type) && field.form === form);
  const changed = (field) =>
    field.options ? [...field.options].some((o) => o.selected !== o.defaultSelected)
    : "defaultChecked" in field && /radio|checkbox/.test(field.type) ? field.checked !== field.defaultChecked
    : field.value !== field.defaultValue;
  const action = (form) => new URL(form.action, location).pathname;
  // What was typed in the forms of the page, secrets apart. It stands in the tab's storage only from here to the next
  // page of ours, and is nobody else's.
  const keep = (forms) => {
    const all = forms.filter((form) => typed(form).some(changed)).map((form) => ({
      action: action(form), fields: typed(form).map((f) => ({ name: f.name, value: f.value, checked: f.checked })),
    }));
    if (all.length) sessionStorage.setItem(kept, JSON.stringify({ user, path: location.pathname, forms: all }));
  };
  const giveBack = () => {
    const was = JSON.parse(sessionStorage.getItem(kept) ?? "null");
    sessionStorage.removeItem(kept);
    // After the log-in, or on the way back from an outage's page: browsers forget what stood in a page that none keeps.
    const again = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
    if (back === undefined && !again || was?.user !== user || was.path !== location.pathname) return;
    for (const { action: to, fields } of was.forms) {
      const form = [...main.querySelectorAll("form")].find((form) => action(form) === to && typed(form).length);
      for (const { name, value, checked } of form ? fields : []) {
        const field = typed(form).find((f) => f.name === name && (!/radio|checkbox/.test(f.type) || f.value === value));
        if (!field) continue;
        if (/radio|checkbox/.test(field.type)) field.checked = checked;
        else field.value = value;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }
  };

  const leave = () => {
    if (out) document.cookie = "__Host-nightlatch-told=other_tab; path=/; secure; samesite=lax; max-age=60";
    else keep([...main.querySelectorAll("form")]);
    dialog.close();
    location.assign(location.pathname + location.search); // and from there to the log-in, which says why
  };
  const learn = (seconds, isLast) => {
    end = Date.now() + 1000 * seconds, last = isLast, asked = false;
    if (seconds > warning) dialog.close(), (document.title = title), (seen = false);
  };
  const ask = async (method) => {
    const headers = { "HX-Request-Type": "partial" };
    const answer = await fetch("/session", { method, headers }).catch(() => null);
    if (!answer?.headers.has("Session-Left")) return (asked = false); // no answer says nothing: asked again
    const seconds = Number(answer.headers.get("Session-Left"));
    if (!seconds) return leave();
    learn(seconds, answer.headers.has("Session-Last"));
    asked = true;
    if (method === "POST") tabs.postMessage({ seconds, last });
  };
  const show = (seconds) => {
    dialog.querySelector("[data-left]").textContent =
      `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (dialog.open || seen) return;
    for (const part of dialog.querySelectorAll("[data-while]")) part.hidden = (part.dataset.while === "last") !== last;
    document.body.append(dialog); // only now: nothing else on a page is a dialog by chance
    dialog.showModal(), (document.title = `${dialog.querySelector("h2").textContent} · ${title}`);
    dialog.querySelector("button[data-while]:not([hidden])").focus();
  };
  const look = () => {
    const seconds = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    if (seconds > warning) return;
    if (!asked || !seconds) return (asked = true), ask("GET"); // somebody may have gone on in another tab
    show(seconds);
  };

  dialog.addEventListener("submit", (event) => {
    if (action(event.target) !== "/session") return;
    event.preventDefault();
    if (last) dialog.close();
    else ask("POST");
  });
  dialog.addEventListener("close", () => {
    seen = end - Date.now() < 1000 * warning, document.title = title; // closed by hand: not shown again for this end
    dialog.remove();
  });
  tabs.addEventListener("message", ({ data }) => {
    if (data === "out") (out = true), setTimeout(ask, 1000, "GET"); // the log-out is on its way
    else learn(data.seconds, data.last);
  });
  document.addEventListener("submit", ({ target, defaultPrevented }) => {
    if (defaultPrevented || dialog.contains(target) && action(target) !== "/logout") return;
    if (action(target) === "/logout") sessionStorage.removeItem(kept), tabs.postMessage("out");
    else if (main.contains(target)) keep([target]); // its session may be over
  });
  document.addEventListener("visibilitychange", () => document.hidden || look());
  giveBack();
  setInterval(look, 1000);
})();
