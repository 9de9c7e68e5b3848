// What the page's scripts say of cases: JSON in, JSON out; in Node and in a browser alike.
"use strict";

globalThis.answers = async (written) => {
  const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (each) => parseInt(each, 16));
  const maybe = (text) => (text === null ? null : bytes(text));
  const keys = (vkeys) => Promise.all(vkeys.map(parseKey));
  const names = (of) => [...of.keys()].map((key) => key.vkey);
  const sorts = {
    sha2: (kind, data) => hex(sha2(kind, bytes(data))),
    sha: async (kind, data) => hex(await sha(kind, bytes(data))),
    ed25519: (key, signature, message) => ed25519(...[key, signature, message].map(bytes)),
    native: async (key, signature, message) => {
      const imported = await crypto.subtle.importKey("raw", bytes(key), "Ed25519", false, ["verify"]);
      return crypto.subtle.verify("Ed25519", imported, bytes(signature), bytes(message));
    },
    included: (leaf, index, size, proof, root) => notIncluded(bytes(leaf), BigInt(index), BigInt(size), proof.map(bytes), bytes(root)),
    grown: (old, size, proof, one, other) => notGrown(BigInt(old), BigInt(size), proof.map(bytes), bytes(one), bytes(other)),
    leaf: async (entry) => hex(await leafHash(bytes(entry))),
    number: (text) => String(decimal(text)),
    base64: (text) => hex(unbase64(text)),
    key: async (vkey) => (await parseKey(vkey)).vkey,
    opened: async (note, vkeys) => names(await verified(parseNote(bytes(note)), await keys(vkeys))),
    note: (note) => { const { text, signatures } = parseNote(bytes(note)); return [text, ...signatures.map((each) => each.name)]; },
    checkpoint: (text) => { const { origin, size, root } = parseCheckpoint(text); return [origin, String(size), hex(root)]; },
    proof: (data) => { const { index, hashes, checkpoint } = parseProof(bytes(data)); return [String(index), hashes.map(hex), hex(checkpoint)]; },
    policy: async (text) => {
      const policy = await parsePolicy(text);
      return [policy.logs.map((each) => each.vkey), [...policy.witnesses.keys()], least(policy), new Set(members(policy)).size];
    },
    reached: async (text, sets) => {
      const policy = await parsePolicy(text);
      return sets.map((each) => reached(policy, new Set(each)));
    },
    labelAt: (path, root) => labelAt(path, root),
    label: async (path, digits, keys) => (await judgeLabel(path, digits, keys)).clauses,
    printing: (digits, proof, inclusion, policy) => judgeLog(readLabel(digits), { proof: maybe(proof), inclusion: maybe(inclusion), policy }),
    judge: async (data, entry, policy) => judge(bytes(data), maybe(entry), policy === null ? null : await parsePolicy(policy)),
  };
  const answer = async ([sort, ...values]) => {
    try {
      return { is: await sorts[sort](...values) };
    } catch (error) {
      if (![Malformed, Unsigned, BadSignature].includes(error.constructor)) throw error;
      return { not: error.constructor.name, why: error.message };
    }
  };
  const answered = [];
  for (const each of JSON.parse(written)) answered.push(await answer(each));
  return JSON.stringify(answered, (_name, value) => (typeof value === "bigint" ? String(value) : value));
};
