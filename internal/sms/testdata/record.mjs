// Records what Vonage's own Node package says about signed receipts: the reference that
// receipt_test.go holds VonageReceipts against.
//
// To record again, in a directory of its own, so that no node_modules stands in the module:
//
//	npm i --ignore-scripts @vonage/sms@1.24.1
//	node internal/sms/testdata/record.mjs > internal/sms/testdata/vonage_sms_1.24.1.jsonl
//
// A line of the recording: the method, the secret, the receipt's fields with its sig, and
// whether SMS.verifySignature takes it. The sigs are made here, by the scheme's description,
// and some are then spoilt; the verdict is the package's alone.
import { createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

// Packages are looked up where the command is run, not beside this file.
const modules = path.resolve("node_modules");
const require = createRequire(modules);
const { SMS } = require("@vonage/sms");
const { AlgorithmTypes } = require("@vonage/auth");
const sms = new SMS({ apiKey: "abcd1234", apiSecret: "unused" });

const algorithms = { sha256: AlgorithmTypes.sha256hmac, sha512: AlgorithmTypes.sha512hmac, md5: AlgorithmTypes.md5hash };

function sign(method, secret, fields) {
  const text = Object.keys(fields).sort().map((name) => `&${name}=${fields[name].replace(/[&=]/g, "_")}`).join("");
  if (method === "md5") return createHash("md5").update(text + secret).digest("hex");
  return createHmac(method, secret).update(text).digest("hex");
}

const receipt = {
  msisdn: "31612345678", to: "Nightlatch", "network-code": "20408", messageId: "0A0000001234ABCD", price: "0.07270000",
  status: "delivered", scts: "2611260902", "err-code": "0", "api-key": "abcd1234",
  "client-ref": "abcdefghijklmnopqrstuvwxyz.1", "message-timestamp": "2026-11-26 09:02:00",
  timestamp: "1795683720", nonce: "b8f3a2c4-5d1e-4f7a-9c60-2e8d7b1a4f35",
};
const variants = {
  plain: receipt,
  "& and = in values": { ...receipt, to: "A&B=C", nonce: "a=b&c=d&&==" },
  "looks like another field": { ...receipt, to: "x&status=delivered", status: "failed" },
  unicode: { ...receipt, to: "Zoë & Ülkü 夜 🔐", nonce: "é = ё" },
  "blanks and percents": { ...receipt, to: " a+b%20c% ", nonce: "" },
  "a date for a timestamp": { ...receipt, timestamp: "2026-11-26 09:02:00" },
  "case of names": { ...receipt, Zeta: "1", alpha: "2", "a-b": "3", a_b: "4", "a.b": "5" },
  few: { status: "failed", timestamp: "1795683720", messageId: "1" },
};
const secrets = ["0123456789abcdef", "kAnary&=%?#sEcret+93b1//=="];

const { version } = JSON.parse(readFileSync(path.join(modules, "@vonage/sms/package.json"), "utf8"));
console.log(JSON.stringify({ note: `@vonage/sms ${version} (Apache-2.0, https://github.com/Vonage/vonage-node-sdk), driven by record.mjs` }));
const seen = { true: 0, false: 0 };
for (const [method, algorithm] of Object.entries(algorithms)) {
  for (const secret of secrets) {
    for (const [name, fields] of Object.entries(variants)) {
      const right = sign(method, secret, fields);
      const other = method === "md5" ? "sha256" : "md5";
      const sigs = {
        right, "upper case": right.toUpperCase(), "one digit off": right.slice(0, -1) + (right.endsWith("0") ? "1" : "0"),
        "cut short": right.slice(0, -2), "another secret": sign(method, secret + "x", fields), "another method": sign(other, secret, fields),
      };
      for (const [kind, sig] of Object.entries(sigs)) {
        const signed = { ...fields, sig };
        const valid = sms.verifySignature(sig, signed, secret, algorithm);
        seen[valid]++;
        console.log(JSON.stringify({ name: `${name}, ${kind}`, method, secret, fields: signed, valid }));
      }
    }
  }
}
if (seen.true < 90 || seen.false < 180) throw new Error(`the recording looks wrong: ${JSON.stringify(seen)}`);
