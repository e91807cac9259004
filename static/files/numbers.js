// Numbers of many users, one after the other: a row that was saved hands the focus to the next field, one that was
// refused keeps it. Without JavaScript the page comes back at the next field.
"use strict";
document.addEventListener("htmx:after:process", ({ target }) => {
  if (!target.matches?.("[data-number-row]")) return;
  const fields = [...document.querySelectorAll("[data-number-row] input[type=tel]")];
  const follows = (field) => target.compareDocumentPosition(field) & Node.DOCUMENT_POSITION_FOLLOWING;
  (target.querySelector("input[type=tel]") ?? fields.find(follows) ?? fields[0])?.focus();
});
