// Every field of a password can be looked at, until it is sent.
"use strict";
for (const input of document.querySelectorAll("[type=password]")) {
  const button = document.createElement("button"), of = document.createElement("span");
  Object.assign(button, { type: "button", className: "link reveal" });
  Object.assign(of, { className: "visually-hidden", textContent: ` ${input.labels[0].textContent.trim()}` });
  const show = (visible) => {
    input.type = visible ? "text" : "password", button.setAttribute("aria-pressed", visible);
  };
  button.append(document.documentElement.dataset.show, of), show(false);
  button.addEventListener("click", () => show(input.type === "password"));
  input.form?.addEventListener("submit", () => show(false)); // what browsers keep of fields of text, they show
  input.after(button);
}
