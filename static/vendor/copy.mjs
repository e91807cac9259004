// Copies what the program uses out of node_modules; see vendor.sh. The one argument is the root to copy into.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

const root = process.argv[2];
const files = `${root}/static/files`;
const licenses = `${root}/static/vendor/licenses`;
for (const dir of [`${files}/flags`, licenses, `${root}/internal/locale`, `${root}/internal/account`]) mkdirSync(dir, { recursive: true });
const from = (path) => `node_modules/${path}`;
const json = (path) => JSON.parse(readFileSync(from(path), "utf8"));

// htmx: the minified build, without its extensions.
copyFileSync(from("htmx.org/dist/htmx.min.js"), `${files}/htmx.min.js`);

// Licences.
copyFileSync(from("htmx.org/LICENSE"), `${licenses}/htmx.org.txt`);
copyFileSync(from("circle-flags/LICENSE.md"), `${licenses}/circle-flags.txt`);
copyFileSync(from("lucide-static/LICENSE"), `${licenses}/lucide-static.txt`);
copyFileSync(from("cldr-localenames-full/LICENSE"), `${licenses}/cldr-localenames-full.txt`);
copyFileSync(from("@zxcvbn-ts/language-common/LICENSE.txt"), `${licenses}/zxcvbn-ts-language-common.txt`);

// Common passwords: one a line, lower case, sorted by bytes, so that the program can look one up in the text itself.
const common = json("@zxcvbn-ts/language-common/src/passwords.json").map((password) => password.toLowerCase());
writeFileSync(`${root}/internal/account/common_passwords.txt`, [...new Set(common)].filter((password) => /^[!-~]+$/.test(password)).sort().join("\n") + "\n");

// Icons: only these, as symbols of one sprite, beside our own logo.
const icons = [
  "arrow-left", "building-2", "check", "chevron-down", "chevron-right", "circle-alert", "circle-check", "circle-x",
  "clock", "copy", "download", "globe", "history", "info", "key-round", "log-out", "mail", "message-square-text", "monitor",
  "plus", "printer", "refresh-cw", "search", "shield-check", "smartphone", "trash-2", "triangle-alert", "user", "users", "x",
];
const inner = (svg) => svg.replace(/<!--[\s\S]*?-->/g, "").replace(/^[\s\S]*?<svg[\s\S]*?>/, "").replace(/<\/svg>\s*$/, "")
  .replace(/\s*\n\s*/g, "").trim();
const symbol = (id, svg) =>
  `<symbol id="${id}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${inner(svg)}</symbol>`;
const lucide = json("lucide-static/package.json").version;
writeFileSync(`${files}/icons.svg`, [
  `<svg xmlns="http://www.w3.org/2000/svg"><!-- Lucide ${lucide}, ISC (static/vendor/licenses/lucide-static.txt); "logo" is our own. Made by static/vendor/vendor.sh. -->`,
  symbol("logo", readFileSync(`${files}/logo.svg`, "utf8")),
  ...icons.map((name) => symbol(name, readFileSync(from(`lucide-static/icons/${name}.svg`), "utf8"))),
  "</svg>",
].join("\n") + "\n");

// Countries: CLDR's territories that are ISO 3166-1 countries, and AC, TA, XK, which have telephone numbers.
// Not a country: unions, unknown and pseudo regions, and islands that telephone under another country's code.
const not = new Set(["CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "UN", "XA", "XB", "ZZ"]);
// CLDR's long names of these three are formal ("Hong Kong SAR China"); the short ones are what people look for.
const short = new Set(["HK", "MO", "PS"]);
for (const language of ["en", "nl"]) {
  const names = json(`cldr-localenames-full/main/${language}/territories.json`).main[language].localeDisplayNames.territories;
  const countries = Object.keys(names).filter((code) => /^[A-Z]{2}$/.test(code) && !not.has(code)).sort();
  const name = (code) => (short.has(code) && names[`${code}-alt-short`]) || names[code];
  writeFileSync(`${root}/internal/locale/countries_${language}.json`,
    JSON.stringify(Object.fromEntries(countries.map((code) => [code, name(code)])), null, 2) + "\n");
  if (language !== "en") continue;
  for (const code of countries) {
    const flag = from(`circle-flags/flags/${code.toLowerCase()}.svg`);
    if (!existsSync(flag)) throw new Error(`no flag for ${code}`);
    copyFileSync(flag, `${files}/flags/${code.toLowerCase()}.svg`);
  }
  console.log(`${countries.length} countries, ${icons.length} icons`);
}
