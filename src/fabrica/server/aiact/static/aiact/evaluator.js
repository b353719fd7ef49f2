// An independent evaluator signs here. The private key is drawn and kept in this browser and in the evaluator's own file;
// it is sent nowhere. The forms work with what `fabrica evaluators` keeps, and the other way round.
"use strict";

const ALGORITHM = "Ed25519";
const PASS_SECONDS = 240;
const STORE = "fabrica-evaluator";

const say = (words) => {
  const place = document.querySelector("[data-problem]");
  place.hidden = !words;
  place.querySelector("[data-problem-words]").textContent = words;
};
const told = (problem) => [problem.detail, problem.remedy].filter(Boolean).join(" ") || String(problem.message ?? problem);

const base64 = (bytes) => btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(""));
const base64url = (bytes) => base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const bytesOf = (text) => new TextEncoder().encode(text);
const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
const pem = (bytes) => `-----BEGIN PRIVATE KEY-----\n${base64(bytes).replace(/(.{64})/g, "$1\n").trimEnd()}\n-----END PRIVATE KEY-----\n`;
const bytesOfPem = (text) => Uint8Array.from(atob(text.replace(/-----[A-Z ]+-----|\s/g, "")), (sign) => sign.charCodeAt(0));
const imported = (bytes) => crypto.subtle.importKey("pkcs8", bytes, ALGORITHM, false, ["sign"]);

async function signed(kind, claims, key) {
  const parts = [{ alg: "EdDSA", typ: kind }, claims].map((part) => base64url(bytesOf(JSON.stringify(part))));
  const signature = await crypto.subtle.sign(ALGORITHM, key, bytesOf(parts.join(".")));
  return [...parts, base64url(signature)].join(".");
}

// The server told its time when it wrote the page, so a wrong clock here signs no wrong time.
const timed = document.querySelector("[data-now]");
const ahead = timed ? Math.floor(Date.now() / 1000) - Number(timed.dataset.now) : 0;
const now = () => Math.floor(Date.now() / 1000) - ahead;

// Keys that this browser keeps: no script can read them out again.
const asked = (request) => new Promise((done, failed) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => failed(request.error);
});
async function kept() {
  const opening = indexedDB.open(STORE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("held", { keyPath: "evaluator" });
  const database = await asked(opening);
  return (mode) => database.transaction("held", mode).objectStore("held");
}
async function keep(accepted, key) {
  try {
    const held = await kept();
    await asked(held("readwrite").put({ evaluator: accepted.evaluator, accepted, key }));
  } catch { /* a private window keeps nothing; the file does */ }
}
async function allKept() {
  try {
    return await asked((await kept())("readonly").getAll());
  } catch {
    return [];
  }
}

async function enter(accepted, key) {
  const claims = { iss: accepted.evaluator, aud: accepted.audience, iat: now(), exp: now() + PASS_SECONDS };
  const form = document.querySelector("[data-enter]");
  form.elements.pass.value = await signed("fabrica-evaluator+jwt", claims, key);
  form.submit();
}

async function readKeyFile(file) {
  let held;
  try {
    held = JSON.parse(await file.text());
    return { accepted: held.accepted, key: await imported(bytesOfPem(held.private_key)) };
  } catch {
    throw new Error(`${file.name} holds no key of an evaluator. Choose the file that was saved when you accepted.`);
  }
}

function save(held) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(held, null, 1)], { type: "application/json" }));
  link.download = `${held.accepted.evaluator}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function accept(form) {
  const pair = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const publicKey = base64url(await crypto.subtle.exportKey("raw", pair.publicKey));
  const proof = await signed("fabrica-key-proof+jwt", { nonce: publicKey }, pair.privateKey);
  const body = { code: form.elements.code.value.trim(), signatory: form.elements.signatory.value.trim(), public_key: publicKey, proof };
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(form.dataset.accept, { method: "POST", headers, body: JSON.stringify(body) });
  const accepted = await answer.json();
  if (!answer.ok) throw accepted;
  const bytes = await crypto.subtle.exportKey("pkcs8", pair.privateKey);
  const key = await imported(bytes);
  await keep(accepted, key);
  save({ server: location.origin, accepted, private_key: pem(bytes) });
  await enter(accepted, key);
}

async function report(form) {
  const file = form.elements.report.files[0];
  const held = (await allKept()).find((one) => one.evaluator === form.dataset.evaluator)
    ?? (form.querySelector("#report-key").files[0] && await readKeyFile(form.querySelector("#report-key").files[0]));
  if (!held) {
    form.querySelector("[data-key-field]").hidden = false;
    throw new Error("Choose your key file; this browser does not keep your key.");
  }
  const sha256 = hex(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  const title = form.querySelector("[data-title]").value.trim();
  const claims = { iss: form.dataset.evaluator, sub: form.dataset.version, file: file.name, title, sha256, bytes: file.size, iat: now() };
  form.elements.signature.value = await signed("fabrica-report+jwt", claims, held.key);
  form.submit();
}

function answers(selector, act) {
  const form = document.querySelector(selector);
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button:not([type])");
    button.disabled = true;
    say("");
    try {
      await act(form);
    } catch (problem) {
      say(told(problem));
      button.disabled = false;
    }
  });
}

async function begin() {
  try {
    await crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);
  } catch {
    const unfit = document.querySelector("[data-unfit]");
    if (unfit) unfit.hidden = false;
    return;
  }
  answers("[data-accept]", accept);
  answers("[data-report]", report);
  answers("[data-held]", async (form) => {
    const held = await readKeyFile(form.querySelector("input").files[0]);
    await keep(held.accepted, held.key);
    await enter(held.accepted, held.key);
  });
  const place = document.querySelector("[data-kept]");
  const found = place ? await allKept() : [];
  for (const one of found) {
    const line = document.createElement("li");
    line.className = "row";
    const words = document.createElement("p");
    words.className = "row-title";
    words.textContent = `${one.accepted.name}, ${one.accepted.signatory}`;
    const button = document.createElement("button");
    button.textContent = place.querySelector("[data-words]").dataset.words;
    button.setAttribute("aria-label", `${button.textContent}: ${words.textContent}`);
    button.addEventListener("click", () => enter(one.accepted, one.key).catch((problem) => say(told(problem))));
    line.append(words, button);
    place.querySelector("ul").append(line);
  }
  if (place) place.hidden = found.length === 0;
}

begin();
