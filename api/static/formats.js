// The formats of the log for verify.js: the tree, signed notes, checkpoints and policies, read as strictly as in Python.
"use strict";

class Malformed extends Error {}
class Unsigned extends Error {}
class BadSignature extends Error {}

// ---- bytes, in the one right spelling

const utf8 = (text) => new TextEncoder().encode(text);
const quoted = (text, most = 40) => JSON.stringify(text.slice(0, most));

function decoded(data, what) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw new Malformed(`${what} is not UTF-8`);
  }
}

function decimal(written) {
  if (!/^(0|[1-9][0-9]{0,18})$/.test(written) || BigInt(written) >> 63n) throw new Malformed(`${quoted(written)} is not a decimal number`);
  return BigInt(written);
}

function unbase64(written, length) {
  let data = null;
  try { data = atob(written); } catch { /* said below */ }
  if (data === null || btoa(data) !== written) throw new Malformed(`${quoted(written)} is not base64`);
  if (length !== undefined && data.length !== length) throw new Malformed(`${quoted(written)} spells ${data.length} bytes, not ${length}`);
  return Uint8Array.from(data, (sign) => sign.charCodeAt(0));
}

// ---- the tree (RFC 6962): each check gives the reason why not, or ""

const leafHash = (entry) => sha(256, [0], entry);
const nodeHash = (left, right) => sha(256, [1], left, right);
const bits = (number) => (number ? number.toString(2).length : 0);
const ones = (number) => number.toString(2).replaceAll("0", "").length;
const led = (which, root, to) => (hex(root) === hex(to) ? "" : `the proof leads to the ${which}root ${hex(to)}, not to ${hex(root)}`);

function misshapen(proof, wanted, ...further) {
  if (proof.length !== wanted) return `the proof has ${proof.length} hashes, not ${wanted}`;
  const odd = [...proof, ...further].find((each) => each.length !== 32);
  return odd ? `a hash has ${odd.length} bytes, not 32` : "";
}

async function notIncluded(leaf, index, size, proof, root) {
  if (index < 0n || index >= size) return `there is no entry ${index} in a log of ${size}`;
  const inner = bits(index ^ size - 1n), wrong = misshapen(proof, inner + ones(index >> BigInt(inner)), leaf, root);
  if (wrong) return wrong;
  let hash = leaf;
  for (const [level, other] of proof.entries()) {
    hash = level >= inner || index >> BigInt(level) & 1n ? await nodeHash(other, hash) : await nodeHash(hash, other);
  }
  return led("", root, hash);
}

async function notGrown(old, size, proof, oldRoot, newRoot) {
  if (old < 0n || old > size) return `a log of ${size} cannot begin with one of ${old}`;
  if (old === 0n || old === size) {
    const empty = await sha(256);
    return misshapen(proof, 0, oldRoot, newRoot)
      || led("old ", oldRoot, old ? newRoot : empty) || led("new ", newRoot, size ? newRoot : empty);
  }
  const perfect = BigInt(bits(old & -old) - 1), last = old - 1n >> perfect, inner = bits(last ^ size - 1n >> perfect);
  const whole = last ? proof : [oldRoot, ...proof];
  const wrong = misshapen(proof, inner + ones(last >> BigInt(inner)) + 1 - (whole.length - proof.length), oldRoot, newRoot);
  if (wrong) return wrong;
  let [first, second] = [whole[0], whole[0]];
  for (const [level, other] of whole.slice(1).entries()) {
    if (level >= inner || last >> BigInt(level) & 1n) [first, second] = [await nodeHash(other, first), await nodeHash(other, second)];
    else second = await nodeHash(second, other);
  }
  return led("old ", oldRoot, first) || led("new ", newRoot, second);
}

// ---- signed notes (C2SP signed-note): keys that say their name, text that somebody signed

const LOG = 1, WITNESS = 4, LENGTHS = { [LOG]: 64, [WITNESS]: 72 };
const NO_NAME = /[\0- +\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]|^$/;

function named(name) {
  if (NO_NAME.test(name)) throw new Malformed(`${quoted(name, 80)} cannot be the name of a key`);
  return name;
}

async function parseKey(vkey) {
  const [, name, id, written] = /^([^+]*)\+([^+]*)\+(.*)$/s.exec(vkey) ?? [];
  if (name === undefined) throw new Malformed(`${quoted(vkey, 80)} is not a name, an id and a key with a plus between them`);
  const data = unbase64(written, 33), type = data[0], right = hex((await sha(256, utf8(`${named(name)}\n`), data)).subarray(0, 4));
  if (!LENGTHS[type]) throw new Malformed(`the key of ${name} is of type ${type}: wanted 1 (Ed25519) or 4 (Ed25519 cosignature)`);
  if (id !== right) throw new Malformed(`the key of ${name} has the id ${right}, not ${quoted(id)}`);
  return { name, id, type, public: data.subarray(1), vkey };
}

function parseNote(data) {
  if (data.length > 1_000_000) throw new Malformed(`a note of ${data.length} bytes; at most 1000000 are read`);
  const whole = decoded(data, "the note"), end = whole.lastIndexOf("\n\n");
  if (/[\0-\t\v-\x1f]/.test(whole)) throw new Malformed("the note has a control character in it");
  if (end < 0 || !whole.endsWith("\n") || end + 2 === whole.length) {
    throw new Malformed("the note does not end in an empty line and lines of signatures");
  }
  const lines = whole.slice(end + 2, -1).split("\n");
  if (lines.length > 100) throw new Malformed(`the note has ${lines.length} signatures; at most 100 are read`);
  return { text: whole.slice(0, end + 1), signatures: lines.map(parseSignature) };
}

function parseSignature(line) {
  const [, name, written] = /^\u2014 ([^ ]*) (.*)$/s.exec(line) ?? [];
  if (name === undefined) throw new Malformed(`${quoted(line, 80)} is not the line of a signature`);
  const data = unbase64(written);
  if (data.length < 5) throw new Malformed(`the signature of ${name} is too short`);
  return { name: named(name), id: hex(data.subarray(0, 4)), signed: data.subarray(4) };
}

async function holds(key, text, signed) {
  if (signed.length !== LENGTHS[key.type]) return false;
  if (key.type === LOG) return ed25519(key.public, signed, utf8(text));
  const time = big(signed.subarray(0, 8));
  return !(time >> 63n) && ed25519(key.public, signed.subarray(8), utf8(`cosignature/v1\ntime ${time}\n${text}`));
}

async function verified(note, keys) { // key -> its signature; those of unknown keys say nothing
  const known = new Map(keys.map((each) => [`${each.name}\n${each.id}`, each])), found = new Map();
  for (const { name, id, signed } of note.signatures) {
    const key = known.get(`${name}\n${id}`);
    if (!key || found.has(key)) continue;
    if (!(await holds(key, note.text, signed))) throw new BadSignature(`the signature of ${name} does not hold`);
    found.set(key, signed);
  }
  const names = [...new Set(note.signatures.map((each) => each.name))].sort();
  if (!found.size) throw new Unsigned(`nobody whose key is known signed it: ${names.join(", ")}`);
  return found;
}

function parseCheckpoint(text) {
  const lines = text.split("\n");
  if (lines.length < 4 || lines.pop() || !lines.every(Boolean)) {
    throw new Malformed("a checkpoint is three lines or more, none of them empty: the log's name, its size, its root");
  }
  return { origin: lines[0], size: decimal(lines[1]), root: unbase64(lines[2], 32) };
}

// ---- policies (C2SP tlog-policy): whose signatures count, and how many witnesses must have seen a checkpoint

async function parsePolicy(text) {
  const policy = { logs: [], witnesses: new Map(), groups: new Map(), quorum: null, grouped: new Set() };
  for (const [at, line] of text.split("\n").entries()) {
    const words = line.split(/[ \t]+/).filter(Boolean);
    if (!words.length || words[0].startsWith("#")) continue;
    try {
      await readLine(policy, line, words);
    } catch (error) {
      throw error instanceof Malformed ? new Malformed(`line ${at + 1} of the policy: ${error.message}`) : error;
    }
  }
  if (policy.quorum === null) throw new Malformed("the policy has no quorum line; `quorum none` asks for no witness");
  return policy;
}

async function readLine(policy, line, words) {
  const [what, name, more, ...members] = words, { logs, witnesses, groups, grouped } = policy;
  const free = () => { if (name === "none" || witnesses.has(name) || groups.has(name)) throw new Malformed(`the name ${name} is taken`); };
  const known = (each) => {
    if (!witnesses.has(each) && !groups.has(each)) throw new Malformed(`${each} is no witness and no group of the lines above`);
    return each;
  };
  const key = async (vkey, type, others) => {
    const read = await parseKey(vkey);
    if (read.type !== type) throw new Malformed(`the key of ${read.name} is of type ${read.type}, not ${type}`);
    if (others.some((each) => hex(each.public) === hex(read.public))) throw new Malformed(`the key of ${read.name} stands there twice`);
    return read;
  };
  if (/[\0-\x08\n-\x1f\x7f]/.test(line)) throw new Malformed("it has a control character in it");
  if (what === "log" && (words.length === 2 || words.length === 3)) {
    logs.push(await key(name, LOG, logs));
  } else if (what === "witness" && (words.length === 3 || words.length === 4)) {
    const read = await key(more, WITNESS, [...witnesses.values()]);
    free();
    witnesses.set(name, read);
  } else if (what === "group" && members.length) {
    for (const each of members) {
      if (grouped.has(known(each))) throw new Malformed(`${each} is a member twice`);
      grouped.add(each);
    }
    const needed = more === "any" ? 1n : more === "all" ? BigInt(members.length) : decimal(more);
    if (needed < 1n || needed > members.length) throw new Malformed(`${needed} of ${members.length} members`);
    free();
    groups.set(name, { needed: Number(needed), members });
  } else if (what === "quorum" && words.length === 2) {
    if (policy.quorum !== null) throw new Malformed("a second quorum");
    policy.quorum = name === "none" ? name : known(name);
  } else {
    throw new Malformed(`${quoted(words.join(" "), 80)} is not a line of a policy`);
  }
}

function reached(policy, names, name = policy.quorum) {
  const group = policy.groups.get(name);
  if (!group) return name === "none" || names.has(name);
  return group.members.filter((each) => reached(policy, names, each)).length >= group.needed;
}

function members(policy, name = policy.quorum) {
  const group = policy.groups.get(name);
  return group ? group.members.flatMap((each) => members(policy, each)) : name === "none" ? [] : [name];
}

function least(policy, name = policy.quorum) { // with how many witnesses the quorum can be reached
  const group = policy.groups.get(name);
  if (!group) return name === "none" ? 0 : 1;
  const each = group.members.map((member) => least(policy, member)).sort((one, other) => one - other);
  return each.slice(0, group.needed).reduce((sum, few) => sum + few, 0);
}

async function vouched(policy, note, head) { // which key of the log signed it, and who saw it when
  const logs = policy.logs.filter((each) => each.name === head.origin);
  const names = new Map([...policy.witnesses].map(([name, key]) => [key, name]));
  const found = await verified(note, [...logs, ...names.keys()]), log = logs.find((each) => found.has(each));
  if (!log) throw new Unsigned(`no log of the policy signed the checkpoint of ${head.origin}`);
  const witnesses = [...found].filter(([key]) => names.has(key)).map(([key, signed]) => [names.get(key), big(signed.subarray(0, 8))]);
  return { log, witnesses: new Map(witnesses) };
}
