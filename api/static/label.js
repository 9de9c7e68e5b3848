// What a label's page finds out in the reader's own browser: its signature and its place in the log; and what is kept for want of network.
// It follows signatures.js, formats.js and verify.js. `_()` marks what people read: the page to keep has it in their language.
"use strict";

const CONTEXT = "cacao-ledger/label/v1\n", BLOB_BYTES = 89, CLAIM_BYTES = 25, SIGNS = "[0-9A-HJKMNP-TV-Z]{8}", ID = "([A-Z0-9-]{1,20})";
const KINDS = [
  [`/C/${ID}/[1-9][0-9]{0,15}/S/(${SIGNS})`, _("Label {serial} of container {id}")],
  [`/L/(?:[A-Z0-9-]{1,20}/)?${ID}/S/(${SIGNS})`, _("Label {serial} of lot {id}")],
  [`/01/[0-9]{14}/10/${ID}/21/(${SIGNS})`, _("Label {serial} of lot {id}")],
  [`/K/()(${SIGNS})`, _("Card {serial}")],
  ["/00/()([0-9]{18})", _("Label of the pallet or container with the number {serial}")],
].map(([path, english]) => [new RegExp(`^${path}$`), english]);

function labelAt(path, root) { // what a path of this house leads to; in upper case, as it is printed and signed
  const whole = path.slice(root.length).toUpperCase();
  for (const [shape, english] of KINDS) {
    const [, id, serial] = shape.exec(whole) ?? [];
    if (serial) return { path: whole, english, values: { id, serial } };
  }
  return null;
}

// ---- the signature (trust of the keys is said apart)

function readLabel(digits) { // the claims, or null where the digits are none
  if (!/^[1-9][0-9]{0,319}$/.test(digits)) return null;
  const number = BigInt(digits).toString(16), whole = unhex(number.padStart(number.length + number.length % 2, "0"));
  if (whole.length !== BLOB_BYTES + 1 || whole[0] !== 1 || whole[1] !== 1) return null;
  const packed = whole.slice(1, 1 + CLAIM_BYTES), part = (from, to) => Number(big(packed.subarray(from, to)));
  const index = big(packed.subarray(5, 9)), signature = whole.slice(1 + CLAIM_BYTES);
  return { kid: part(1, 3), day: part(3, 5), index, digest: packed.subarray(9), packed, signature };
}

const dayOf = (moment) => Date.parse(`${moment.slice(0, 10)}T00:00Z`) / 86_400_000;

async function judgeLabel(path, digits, keys) { // the clauses of a label, and its claims where they are this house's own
  if (!digits) return { clauses: [unknown(_("this label carries no signature: without this site nothing about it can be checked"))] };
  const claims = readLabel(digits);
  if (!claims) return { clauses: [no(_("its signature cannot be read: no label was printed so here"))] };
  const key = keys.find((each) => each.kid === claims.kid), about = { kid: claims.kid, day: claims.day };
  if (!key) return { clauses: [unknown(_("it says that key {kid} signed it, and this browser knows no such key of this site"), about)] };
  if (!(await ed25519(unbase64(key.public, 32), claims.signature, joined([utf8(CONTEXT + path + "\n"), claims.packed])))) {
    return { clauses: [no(_("its signature does not fit this label: it was made up, or taken from another one"), about)] };
  }
  return { claims, clauses: ofKey(key, claims, about) };
}

function ofKey(key, { day }, about) { // what a signature that fits is worth after what became of its key
  if (key.reason === "compromised") { // whoever has it can write any day of issue, so no day helps
    const theirs = _("label key {kid} is in the hands of others: its signature shows nothing, the label's page says what is known of it");
    return [unknown(theirs, about)];
  }
  const begun = dayOf(key.opened_at), end = key.closed_at ? dayOf(key.closed_at) : Infinity; // one moment may be written a day apart
  if (day < begun - 1 || day > end + 1) return [no(_("it says that it was issued on {day}, when label key {kid} was not open"), about)];
  return [yes(_("it was signed here with key {kid} on {day}, for this label and no other"), about)];
}

// ---- the log: that the entry which recorded the printing stands in it

async function judgeLog(claims, { proof, inclusion, policy }) {
  const position = claims.index + 1n;
  if (!proof || !inclusion) {
    return [unknown(_("entry {position}, which recorded the printing, is not under the log's signature yet"), { position })];
  }
  try {
    const { index, hashes, checkpoint } = parseProof(proof), leaf = unbase64(JSON.parse(decoded(inclusion, "it")).leaf_hash, 32);
    const { head, clauses } = await signed(checkpoint, policy && await parsePolicy(policy));
    if (!head) return clauses;
    if (index !== claims.index || hex(leaf.subarray(0, 16)) !== hex(claims.digest)) {
      return [no(_("entry {position} of the log is another than that for which the label was signed"), { position })];
    }
    const detail = await notIncluded(leaf, index, head.size, hashes, head.root);
    const stands = yes(_("its printing stands at position {position} of {size} in the log {origin}"), { position, ...head });
    return [detail ? no(LED, { detail }) : stands, ...clauses];
  } catch (error) {
    return [unknown(_("the proof of its printing cannot be read ({detail})"), { detail: error.message })];
  }
}

// ---- the page

const SINCE = _("whether it or its key was given up since, and whether its printing stands in the log: that takes the network");
const THE_THING = _("whether it hangs where it belongs: a copied code has the same signature, so compare container, seal and lot");

async function asked(address) { // what this house answers, or null where it has nothing; throws where it cannot be reached
  const answer = await fetch(address, { credentials: "omit" });
  return answer.ok ? answer : null;
}
async function bytesAt(address) {
  const answer = await asked(address);
  return answer && new Uint8Array(await answer.arrayBuffer());
}

async function shelf(version) { // where this browser keeps things for want of network; null where it may keep nothing
  try {
    return await caches.open(`cacao-labels-${version}`);
  } catch {
    return null;
  }
}

async function keptPage(root, kept, language) { // the page to keep, which has all words in it
  const parsed = (text) => new DOMParser().parseFromString(text.replace(/<style>.*?<\/style>/s, ""), "text/html");
  const stored = await kept?.match(`${root}/offline`), page = stored && parsed(await stored.text());
  if (page?.documentElement.lang === language) return page;
  const fresh = await asked(`${root}/offline?lang=${language}`);
  await kept?.put(`${root}/offline`, fresh.clone());
  return parsed(await fresh.text());
}

async function newestKeys(root, kept, online) {
  const fresh = online && await asked(`${root}/label-keys`);
  if (fresh) await kept?.put(`${root}/label-keys`, fresh.clone());
  const found = await (fresh || await kept?.match(`${root}/label-keys`))?.json() ?? [];
  return found.keys ?? found;
}

async function inTheLog(root, claims) {
  const at = `${root}/proofs/${claims.index + 1n}`, addresses = [`${at}.tlog-proof`, `${at}.json`, `${root}/policy`];
  const [proof, inclusion, policy] = await Promise.all(addresses.map(bytesAt));
  return judgeLog(claims, { proof, inclusion, policy: policy && decoded(policy, "the policy") });
}

function teller({ sentences, signs }, language) { // says a clause as an element, or a sentence as text
  const calendar = new Intl.DateTimeFormat(language === "es" ? "es-PE" : language, { dateStyle: "long", timeZone: "UTC" });
  const value = (name, of) => (name === "day" ? calendar.format(of * 86_400_000) : of);
  const said = (english, values = {}) => (sentences[english] ?? english)
    .replace(/\{(\w+)\}/g, (all, name) => (name in values ? value(name, values[name]) : all)).replace(UNSHOWN, "\ufffd");
  const line = ({ mark, english, values }) => {
    const [look, word] = LOOKS[mark], [whole, text, first] = ["p", "span", "strong"].map((tag) => document.createElement(tag));
    whole.className = `verdict ${look}`;
    first.textContent = `${said(word)}: `;
    text.append(first, said(english, values));
    whole.append(document.importNode(signs[look].content, true), text);
    return whole;
  };
  return { said, line };
}

function wordsOf(page) {
  const signs = Object.fromEntries(["good", "open", "warn"].map((look) => [look, page.getElementById(`sign-${look}`)]));
  return { sentences: JSON.parse(page.getElementById("words").textContent), signs };
}

async function ownCheck(section) {
  const { root, version, offline } = section.dataset, language = document.documentElement.lang, online = offline === undefined;
  const label = labelAt(location.pathname, root), digits = new URLSearchParams(location.search).get("s"), kept = await shelf(version);
  const { said, line } = teller(wordsOf(online ? await keptPage(root, kept, language) : document), language);
  const keys = await newestKeys(root, kept, online), show = (...clauses) => section.append(...clauses.map(line));
  if (!online) document.getElementById("what").textContent = label ? said(label.english, label.values) : location.pathname;
  if (!label || (online && !digits)) return;
  section.hidden = false;
  const { claims, clauses } = await judgeLabel(label.path, digits, keys);
  show(...clauses);
  if (claims && online) show(...await inTheLog(root, claims), unknown(HOUSE_KEYS));
  if (!online) show(unknown(SINCE));
  if (claims) show(unknown(THE_THING));
}

if (globalThis.document?.getElementById("own-check")) {
  const section = document.getElementById("own-check"), { root, offline } = section.dataset;
  ownCheck(section).catch(() => {}).finally(() => { // the page is complete without it
    section.dataset.done = "";
    if (offline === undefined) navigator.serviceWorker?.register(`${root}/sw.js`).catch(() => {});
  });
}
