// What a proof or checkpoint shows, as `cacao verify` judges it, and the page that says so. It asks nobody and sends nothing.
// `_()` marks what people read: the page has it in their language.
"use strict";

const TRUE = 0, FALSE = 1, BROKEN = 2, MOST_BYTES = 2_000_000, NEWLINE = 10;
const _ = (english) => english;
const LED = _("the proof does not lead where it should ({detail})");
const clause = (mark) => (english, values = {}) => ({ mark, english, values });
const [yes, no, unknown] = ["true", "false", "unknown"].map(clause);

// ---- proofs

function parseProof(data) {
  const end = data.findIndex((each, at) => each === NEWLINE && data[at + 1] === NEWLINE);
  const [header, ...lines] = decoded(end < 0 ? data : data.subarray(0, end), "the proof").split("\n");
  if (header !== "c2sp.org/tlog-proof@v1" || end < 0) {
    throw new Malformed("a proof begins with the line c2sp.org/tlog-proof@v1, and an empty line stands before its checkpoint");
  }
  if (lines.length && lines[0].startsWith("extra ")) unbase64(lines.shift().slice(6)); // nobody signed it
  if (!lines.length || !lines[0].startsWith("index ")) throw new Malformed("the proof does not say at which index the entry stands");
  const index = decimal(lines.shift().slice(6));
  if (lines.length > 63) throw new Malformed(`the proof has ${lines.length} hashes; a log has 63 levels at most`);
  return { index, hashes: lines.map((each) => unbase64(each, 32)), checkpoint: data.subarray(end + 2) };
}

const SHAPES = {
  inclusion: { index: "n", size: "n", leaf_hash: "s", root: "s", proof: "list" },
  consistency: { old: "n", new: "n", old_root: "s", new_root: "s", proof: "list" },
};

function parseJson(data) { // numbers may be larger than the browser's own reach: each becomes text after an n, each text stands after an s
  let of;
  try {
    const text = decoded(data, "it"), tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9][0-9.eE+-]*/g;
    JSON.parse(text);
    of = JSON.parse(text.replace(tokens, (token) => (token[0] === '"' ? `"s${token.slice(1)}` : `"n${token}"`)));
  } catch {
    throw new Malformed("it is not JSON in UTF-8");
  }
  const text = (value) => typeof value === "string" && (value[0] === "s" || whole(value) !== null);
  const sort = (value) => (Array.isArray(value) ? "list" : text(value) ? value[0] : "");
  const found = JSON.stringify(Object.entries(of).map(([name, value]) => [name.slice(1), sort(value)]).sort());
  const what = Object.keys(SHAPES).find((each) => JSON.stringify(Object.entries(SHAPES[each]).sort()) === found);
  if (!what) throw new Malformed(`wanted ${Object.values(SHAPES).map((each) => Object.keys(each).join(", ")).join(", or ")}`);
  return { what, ...Object.fromEntries(Object.entries(of).map(([name, value]) => [name.slice(1), read(value)])) };
}

function whole(value) { // a whole number of 64 bits, or nothing
  const number = /^n-?[0-9]+$/.test(value) ? BigInt(value.slice(1)) : null;
  return number !== null && number >= -(1n << 63n) && number < 1n << 64n ? number : null;
}

const read = (value) => (Array.isArray(value) ? value.map((each) => (typeof each === "string" && each[0] === "s" ? each.slice(1) : "!"))
  : value[0] === "n" ? whole(value) : value.slice(1));

// ---- verdicts: true, false or none; why, in clauses; and what was read, for machines

function verdict(clauses, found = {}, judged = true) {
  return { code: clauses.some((each) => each.mark === "false") ? FALSE : judged ? TRUE : BROKEN, clauses, found };
}

const broken = (english, values) => verdict([unknown(english, values)], {}, false);

async function judge(data, entry, policy) {
  try {
    if (data.length > MOST_BYTES) throw new Malformed(`${data.length} bytes`);
    if (startsWith(data, "c2sp.org/tlog-proof@")) return await ofProof(data, entry, policy);
    return await (isJson(data) ? ofJson : ofCheckpoint)(data, entry, policy);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return broken(_("no proof and no checkpoint can be read in it ({detail})"), { detail: error.message });
  }
}

const startsWith = (data, text) => utf8(text).every((each, at) => data[at] === each);
const isJson = (data) => data[data.findIndex((each) => ![9, 10, 11, 12, 13, 32].includes(each))] === 0x7b;

async function signed(data, policy) { // a signed checkpoint, and who vouches for it
  const note = parseNote(data), head = parseCheckpoint(note.text);
  const found = { origin: head.origin, size: head.size, root: hex(head.root), checked_with: null };
  if (!policy) return { head, found, clauses: [unknown(_("nobody's signature was checked: give the keys that count"))] };
  try {
    const { log, witnesses } = await vouched(policy, note, head);
    Object.assign(found, { checked_with: "policy", log: log.vkey, witnesses: Object.fromEntries(witnesses) });
    const signing = yes(_("its log signed it, with the key {key}"), { key: `${log.name}+${log.id}` });
    return { head, found, clauses: [signing, seen(policy, witnesses)] };
  } catch (error) {
    const why = error instanceof BadSignature ? _("a signature does not hold: what was signed is another text ({detail})")
      : error instanceof Unsigned && _("nobody whose signature counts signed it ({detail})");
    if (!why) throw error;
    return { clauses: [no(why, { detail: error.message })] };
  }
}

function seen(policy, witnesses) {
  const when = (time) => (time < 1n << 37n ? new Date(Number(time) * 1000).toISOString().replace(".000", "") : time);
  const names = [...witnesses].map(([name, time]) => `${name} (${when(time)})`).join(", ");
  if (!reached(policy, witnesses)) {
    const count = new Set(members(policy)), some = [...witnesses.keys()].filter((each) => count.has(each));
    const values = { seen: some.length, of: count.size, needed: least(policy), names: some.join(", ") };
    if (some.length) return no(_("seen by {seen} of {of} witnesses ({names}), and the policy asks for {needed}"), values);
    return no(_("seen by {seen} of {of} witnesses, and the policy asks for {needed}"), values);
  }
  const values = { seen: witnesses.size, of: policy.witnesses.size, names };
  if (witnesses.size) return yes(_("seen by {seen} of {of} witnesses: {names}"), values);
  if (policy.witnesses.size) return unknown(_("seen by none of {of} witnesses, and the policy asks for none"), values);
  return unknown(_("whether others were shown the same log: the policy names no witness"));
}

async function ofCheckpoint(data, entry, policy) {
  const { head, clauses, found } = await signed(data, policy);
  if (!head) return verdict(clauses);
  if (entry) clauses.unshift(unknown(_("a checkpoint shows no entry: give the entry's .tlog-proof")));
  else clauses.unshift((policy ? yes : unknown)(_("the log {origin} had {size} entries"), head));
  return verdict(clauses, { what: "checkpoint", ...found }, policy && !entry);
}

async function ofProof(data, entry, policy) {
  const { index, hashes, checkpoint } = parseProof(data), { head, clauses, found } = await signed(checkpoint, policy);
  if (!head) return verdict([...clauses, unknown(_("whether the entry stands in the log: nobody vouches for its root"))]);
  const stands = yes(_("the entry stands at position {position} of {size} in the log {origin}"), { position: index + 1n, ...head });
  const why = (leaf) => notIncluded(leaf, index, head.size, hashes, head.root);
  clauses.unshift(entry ? await placed(entry, why, stands) : unknown(_("a proof is of an entry: give its exact bytes")));
  return verdict(clauses, { what: "tlog-proof", position: index + 1n, ...found }, entry);
}

async function placed(entry, why, stands) { // where an entry stands, or why it does not, which may be a newline too much
  const detail = await why(await leafHash(entry));
  if (!detail) return stands;
  const trimmed = entry[entry.length - 1] === NEWLINE && !(await why(await leafHash(entry.subarray(0, -1))));
  return trimmed ? no(_("an entry has no newline at its end: without the one in the file it would be true")) : no(LED, { detail });
}

async function ofJson(data, entry, policy) {
  const { what, ...of } = parseJson(data);
  if (policy) return broken(_("a policy is about signatures, and a proof as JSON has none: give the .tlog-proof"));
  const hashes = of.proof.map((each) => unbase64(each, 32));
  if (what === "consistency" && entry) return broken(_("a proof of consistency shows no entry: give the entry's .tlog-proof"));
  const clauses = [await (what === "consistency" ? grown : included)(of, hashes, entry)];
  clauses.push(unknown(_("nobody signed its roots here: compare them with those of a signed checkpoint")));
  return verdict(clauses, { what, checked_with: null, ...of });
}

async function grown(of, hashes) {
  const detail = await notGrown(of.old, of.new, hashes, unbase64(of.old_root, 32), unbase64(of.new_root, 32));
  return detail ? no(LED, { detail }) : yes(_("the log of {new} entries begins with that of {old}, unchanged"), of);
}

async function included(of, hashes, entry) {
  const leaf = unbase64(of.leaf_hash, 32), values = { position: of.index + 1n, size: of.size };
  const detail = await notIncluded(leaf, of.index, of.size, hashes, unbase64(of.root, 32));
  if (detail) return no(LED, { detail });
  if (!entry) return yes(_("an entry with this hash stands at position {position} of {size}"), values);
  const same = (hash) => (hex(hash) === hex(leaf) ? "" : `the entry has the hash ${hex(hash)}, the proof is of ${hex(leaf)}`);
  return placed(entry, same, yes(_("the entry stands at position {position} of {size}"), values));
}

// ---- the page

const LOOKS = { true: ["good", _("Shown")], false: ["warn", _("False")], unknown: ["open", _("Not shown")] };
const HEADS = [["good", _("True")], ["warn", _("False")], ["open", _("No verdict")]];
const PARTLY = ["open", _("True, as far as it was checked")];
const HOUSE_KEYS = _("whether these are the right keys: they came with this page, so have them from somebody else");
const NOT_THE_FACT = _("whether what somebody wrote is true: no proof shows that");
const UNSHOWN = /(?! )[\p{C}\p{Z}]/gu;

class Unreadable extends Error {}

async function bytesOf(file) {
  if (file.size > MOST_BYTES) throw new Unreadable(`${file.size} bytes`);
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    throw new Unreadable(error.message);
  }
}

const cannot = (file, error) => broken(_("{file} cannot be read ({detail})"), { file: file.name, detail: error.message });

async function trusted(file, area) { // the policy that counts, or the verdict that there is none
  try {
    const text = file ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(await bytesOf(file)) : area.value;
    return { policy: text.trim() ? await parsePolicy(text) : null, own: text === area.defaultValue };
  } catch (error) {
    return { unread: file && error instanceof Unreadable ? cannot(file, error)
      : broken(_("the keys that count cannot be read ({detail})"), { detail: error.message }) };
  }
}

async function checked(proof, entry, { policy, own, unread }) {
  if (unread) return unread;
  let at = proof;
  try {
    const data = await bytesOf(at);
    const line = (at = entry) ? await bytesOf(at) : null;
    const found = await judge(data, line, isJson(data) ? null : policy); // a proof as JSON has no signatures
    if (found.found.checked_with && own) found.clauses.push(unknown(HOUSE_KEYS));
    return found;
  } catch (error) {
    return cannot(at, error);
  }
}

function pairs(proofs, entries) { // each proof with its entry: the only ones, or those of one name
  const stem = (file) => file.name.replace(/\.[^.]*$/, ""), alone = proofs.length === 1 && entries.length === 1;
  const paired = proofs.map((proof) => [proof, alone ? entries[0] : entries.find((each) => stem(each) === stem(proof))]);
  return [...paired, ...entries.filter((each) => !paired.some(([, entry]) => entry === each)).map((each) => [null, each])];
}

function page(form, result) {
  const words = JSON.parse(document.getElementById("words").textContent);
  const said = (english, values = {}) =>
    (words[english] ?? english).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all).replace(UNSHOWN, "\ufffd");
  const made = (tag, of, ...within) => {
    const element = Object.assign(document.createElement(tag), of);
    element.append(...within);
    return element;
  };
  const told = (tag, look, ...within) => made(tag, { className: `verdict ${look}` },
    document.getElementById(`sign-${look}`).content.cloneNode(true), made("span", {}, ...within));
  const shown = (name, { code, clauses, found }) => {
    const [look, word] = code === TRUE && clauses.some((each) => each.mark === "unknown") ? PARTLY : HEADS[code];
    const lines = (code === TRUE ? [...clauses, unknown(NOT_THE_FACT)] : clauses).map(({ mark, english, values }) => told(
      "li", LOOKS[mark][0], made("strong", {}, `${said(LOOKS[mark][1])}: `), said(english, values)));
    const data = JSON.stringify(found, (_name, value) => (typeof value === "bigint" ? String(value) : value), 1);
    const more = found.what ? [made("details", {}, made("summary", {}, said(_("As data (JSON)"))), made("pre", {}, data))] : [];
    const heading = [made("h3", {}, said("{name}", { name })), told("p", look, made("strong", {}, said(word)))];
    return made("article", {}, ...heading, made("ul", { className: "clauses" }, ...lines), ...more);
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    form.elements.check.disabled = true;
    const of = form.elements, trust = await trusted(of.policies.files[0], of.policy), pasted = new File([of.entry.value], "");
    const todo = pairs([...of.proofs.files], of.entries.files.length || !pasted.size ? [...of.entries.files] : [pasted]);
    const bar = made("progress", { max: todo.length, value: 0, ariaLabel: said(_("Checked so far")) });
    result.replaceChildren(made("h2", { tabIndex: -1 }, said(_("What was found"))), bar);
    for (const [proof, entry] of todo) {
      result.append(shown((proof ?? entry).name || said(_("the text")), proof ? await checked(proof, entry, trust)
        : broken(_("there is no proof of this entry: give one of the same name"))));
      bar.value += 1;
    }
    bar.remove();
    form.elements.check.disabled = false;
    result.firstChild.focus();
  });
  document.getElementById("unable").hidden = true;
  form.hidden = false;
}

if (globalThis.document?.getElementById("verify")) page(document.getElementById("verify"), document.getElementById("result"));
