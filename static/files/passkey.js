// Passkeys: the form asks the browser with its question, and is sent with the answer.
"use strict";
(() => {
  const form = document.querySelector("form[data-passkey]");
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
  const withIDs = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
  const read = (question) => {
    const { challenge, user, allowCredentials, excludeCredentials, ...rest } = JSON.parse(question);
    const publicKey = { ...rest, challenge: bytes(challenge) };
    if (user) publicKey.user = { ...user, id: bytes(user.id) };
    if (allowCredentials) publicKey.allowCredentials = withIDs(allowCredentials);
    if (excludeCredentials) publicKey.excludeCredentials = withIDs(excludeCredentials);
    return publicKey;
  };
  const write = ({ id, rawId, type, authenticatorAttachment, response }) => {
    const answer = { clientDataJSON: text(response.clientDataJSON) };
    for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[part]) answer[part] = text(response[part]);
    }
    if (response.getTransports) answer.transports = response.getTransports();
    const all = { id, rawId: text(rawId), type, response: answer, clientExtensionResults: {} };
    return JSON.stringify(authenticatorAttachment ? { ...all, authenticatorAttachment } : all);
  };

  // A question is answered within five minutes. The page brings a new one whenever it is loaded.
  const fresh = 240_000;
  let asked = performance.now(), { question } = form.dataset, waiting = new AbortController();
  const renew = async () => {
    const page = await (await fetch(form.dataset.page ?? location.href)).text();
    const next = new DOMParser().parseFromString(page, "text/html").querySelector("form[data-passkey]");
    if (next) [asked, question] = [performance.now(), next.dataset.question];
  };
  const ask = async (options) => {
    if (!question || performance.now() - asked > fresh) await renew();
    const publicKey = read(question);
    limit = publicKey.timeout ?? Infinity;
    return write(await navigator.credentials[form.dataset.passkey]({ ...options, publicKey }));
  };
  const problem = form.querySelector("[data-problem]"), button = form.querySelector("button");
  let limit = Infinity;
  const say = ({ name }, since) => {
    const { refused, timeout, registered, failed } = form.dataset;
    if (name === "InvalidStateError") return registered;
    if (name !== "NotAllowedError" && name !== "AbortError") return failed;
    return performance.now() - since >= limit ? timeout : refused;
  };
  const { credential } = form.elements;
  const send = (answer) => (credential.value = answer, form.requestSubmit(button));
  form.addEventListener("submit", async (event) => {
    if (credential.value) return; // answered: the form goes its way
    event.preventDefault();
    const since = performance.now();
    waiting.abort(), button.disabled = true, problem.textContent = "";
    let answer = "";
    try {
      answer = await ask({});
    } catch (error) {
      problem.textContent = say(error, since);
    }
    button.disabled = false;
    if (answer) send(answer);
  });
  // At the log-in the browser offers passkeys among the usernames that it knows, until the question is too old.
  const offer = async () => {
    if (form.dataset.offer === undefined || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    waiting = new AbortController();
    const { signal } = waiting, again = setTimeout(() => (waiting.abort(), offer()), fresh);
    try {
      send(await ask({ mediation: "conditional", signal }));
    } catch {
      if (signal.aborted) return; // by the button, or for a fresh question
    } finally {
      if (!signal.aborted || button.disabled) clearTimeout(again);
    }
  };
  addEventListener("pageshow", () => (credential.value = "")); // Back: another question, another answer
  if (window.PublicKeyCredential) return offer();
  button.disabled = true, problem.textContent = form.dataset.unsupported;
})();
