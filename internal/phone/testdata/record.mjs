// Records what the real intl-tel-input widget shows after each keystroke: the
// reference that oracle_test.go holds phone.Live against.
//
// To record again (two minutes), first in the module, then in a directory of its
// own, so that no node_modules stands in the module:
//
//	go test ./phone -run '^TestOracleCoversEveryMobileExample$' -examples /tmp/numbers.tsv
//
//	npm i --ignore-scripts intl-tel-input@29.5.1 jsdom@24.1.3
//	node internal/phone/testdata/record.mjs /tmp/numbers.tsv > intl_tel_input_29.tsv
//
// numbers.tsv has a line per number: country, kind (mobile or fixed), E.164.
//
// A line of the recording: how the widget began (start), the country it began
// with, the country and kind of the number (area: an area code alone, of the
// widget's own table), the number, and the countries shown
// after each character of it, then, after "<", after each backspace down to the
// empty input. "-" is the globe.
//
// Three starts: "shown" is initialCountry, "globe" is none, and "chosen" is a
// country picked from the list, for countries that share a calling code.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

// Packages are looked up where the command is run, not beside this file.
const modules = path.resolve("node_modules");
const require = createRequire(modules);
const { JSDOM } = require("jsdom");
const load = (file) => import(pathToFileURL(path.join(modules, "intl-tel-input/dist/js", file)));

const dom = new JSDOM("<!doctype html><body></body>", { pretendToBeVisual: true });
for (const name of ["window", "document", "HTMLElement", "CustomEvent", "Event", "Node", "AbortController", "AbortSignal"]) {
  globalThis[name] = name === "window" ? dom.window : dom.window[name];
}
dom.window.matchMedia = () => ({ matches: false, addEventListener() {} });

const { default: intlTelInput } = await load("intlTelInput.mjs");
const { default: countries } = await load("data.mjs");

const input = document.createElement("input");
document.body.append(input);

// One widget per number: it remembers its last country. The dial code stays in
// the input (separateDialCode), and no key is refused (strictMode), because our
// field has one input that takes whatever is typed.
function record(start, first, number) {
  input.value = "";
  const widget = intlTelInput(input, {
    initialCountry: start === "shown" ? first.toLowerCase() : "",
    separateDialCode: false,
    strictMode: false,
    formatAsYouType: false,
  });
  if (start === "chosen") widget.setSelectedCountry(first.toLowerCase());
  const shown = () => (widget.getSelectedCountry()?.iso2 ?? "-").toUpperCase();
  const key = (value, inputType, data) => {
    input.value = value;
    input.dispatchEvent(new dom.window.InputEvent("input", { bubbles: true, inputType, data }));
    return shown();
  };
  const typed = [];
  for (let i = 1; i <= number.length; i++) {
    typed.push(key(number.slice(0, i), "insertText", number[i - 1]));
  }
  const deleted = [];
  for (let i = number.length - 1; i >= 0; i--) {
    deleted.push(key(number.slice(0, i), "deleteContentBackward", null));
  }
  widget.destroy();
  console.log([start, first || "-", number.country, number.kind, number, typed.join(" ") + " < " + deleted.join(" ")].join("\t"));
}

const numbers = readFileSync(process.argv[2], "utf8").trim().split("\n").map((line) => {
  const [country, kind, e164] = line.split("\t");
  return Object.assign(new String(e164), { country, kind });
});

const { version } = JSON.parse(readFileSync(path.join(modules, "intl-tel-input/package.json"), "utf8"));
console.log(`# intl-tel-input ${version} (MIT, https://github.com/jackocnr/intl-tel-input), driven by record.mjs under jsdom`);
console.log("# start\tfirst\tcountry\tkind\tnumber\tshown after each character < after each backspace");
for (const number of numbers) record("shown", "NL", number);
for (const number of numbers) record("globe", "", number);

// Every area code the widget tells countries apart by, as far as it reads.
for (const c of countries) {
  for (const area of c.areaCodes ?? []) {
    record("shown", "NL", Object.assign(new String(`+${c.dialCode}${area}`), { country: c.iso2.toUpperCase(), kind: "area" }));
  }
}

const code = (iso2) => countries.find((c) => c.iso2 === iso2.toLowerCase())?.dialCode;
for (const number of numbers) {
  const shared = countries.filter((c) => c.dialCode === code(number.country));
  if (shared.length > 1) {
    for (const c of shared) record("chosen", c.iso2.toUpperCase(), number);
  }
}
