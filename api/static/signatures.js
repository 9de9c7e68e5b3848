// SHA-2 and Ed25519 for verify.js, and the bytes they work on. Nothing here is secret, so it need not take the same time for all inputs.
"use strict";

const hex = (bytes) => Array.from(bytes, (each) => each.toString(16).padStart(2, "0")).join("");
const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (each) => parseInt(each, 16));
const big = (bytes) => BigInt(`0x${hex(bytes) || 0}`);
const little = (bytes) => big(Uint8Array.from(bytes).reverse());

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, each) => sum + each.length, 0));
  parts.reduce((at, each) => (whole.set(each, at), at + each.length), 0);
  return whole;
}

// ---- SHA-2 (FIPS 180-4): the browser's own; where it has none (a page without TLS), the same in plain script

const PRIMES = [2n];
for (let n = 3n; PRIMES.length < 80; n += 2n) if (PRIMES.every((each) => n % each)) PRIMES.push(n);
const ROOTS = [2n, 3n].map((power) => PRIMES.map((prime) => { // the first 64 bits behind the point of each root
  let [low, high] = [0n, 1n << 69n];
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** power <= prime << (64n * power)) low = middle; else high = middle;
  }
  return BigInt.asUintN(64, low);
}));
const TURNS = { // word, rounds, and by how much the words are turned; the last number of the latter two is a shift
  256: [32, 64, [2n, 13n, 22n], [6n, 11n, 25n], [7n, 18n, 3n], [17n, 19n, 10n]],
  512: [64, 80, [28n, 34n, 39n], [14n, 18n, 41n], [1n, 8n, 7n], [19n, 61n, 6n]],
};

function sha2(kind, data) {
  const [bits, rounds, sum0, sum1, sigma0, sigma1] = TURNS[kind], size = bits / 8, block = 16 * size;
  const cut = (word) => BigInt.asUintN(bits, word), turned = (word, by) => word >> by | word << BigInt(bits) - by;
  const sum = (word, [a, b, c]) => cut(turned(word, a) ^ turned(word, b) ^ turned(word, c));
  const sigma = (word, [a, b, c]) => cut(turned(word, a) ^ turned(word, b) ^ word >> c);
  const padded = new Uint8Array(Math.ceil((data.length + 1 + 2 * size) / block) * block);
  padded.set(data);
  padded[data.length] = 0x80;
  new DataView(padded.buffer).setBigUint64(padded.length - 8, 8n * BigInt(data.length));
  const [state, keys] = ROOTS.map((roots, at) => roots.slice(0, at ? rounds : 8).map((root) => root >> BigInt(64 - bits)));
  for (let at = 0; at < padded.length; at += block) {
    const words = [];
    for (let t = 0; t < rounds; t++) words.push(t < 16 ? big(padded.subarray(at + t * size, at + (t + 1) * size))
      : cut(words[t - 16] + sigma(words[t - 15], sigma0) + words[t - 7] + sigma(words[t - 2], sigma1)));
    let [a, b, c, d, e, f, g, h] = state;
    for (let t = 0; t < rounds; t++) {
      const first = h + sum(e, sum1) + (e & f ^ ~e & g) + keys[t] + words[t], second = sum(a, sum0) + (a & b ^ a & c ^ b & c);
      [a, b, c, d, e, f, g, h] = [cut(first + second), a, b, c, cut(d + first), e, f, g];
    }
    [a, b, c, d, e, f, g, h].forEach((word, t) => { state[t] = cut(state[t] + word); });
  }
  return unhex(state.map((word) => word.toString(16).padStart(2 * size, "0")).join(""));
}

async function sha(kind, ...parts) {
  const data = joined(parts), native = globalThis.crypto?.subtle;
  return native ? new Uint8Array(await native.digest(`SHA-${kind}`, data)) : sha2(kind, data);
}

// ---- Ed25519 (RFC 8032), judged as the server does: without the cofactor, R compared as bytes. What browsers bring along does not serve:
// of 914 odd signatures some accept 208, as the server does, and some 43; what is true must not depend on the browser.

const P = 2n ** 255n - 19n, ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (value) => { const rest = value % P; return rest < 0n ? rest + P : rest; };
function power(base, exponent) {
  let result = 1n;
  for (let bit = exponent.toString(2).length - 1; bit >= 0; bit--) {
    result = result * result % P;
    if (exponent >> BigInt(bit) & 1n) result = result * base % P;
  }
  return result;
}
const inverse = (value) => power(value, P - 2n);
const D = mod(-121665n * inverse(121666n)), ROOT = power(2n, (P - 1n) / 4n);

function point(bytes) { // y, and the lowest bit of x in the highest bit; extended coordinates
  const value = little(bytes), y = mod(value & (1n << 255n) - 1n), above = mod(y * y - 1n), below = mod(D * y * y + 1n);
  let x = above * power(below, 3n) * power(mod(above * power(below, 7n)), (P - 5n) / 8n) % P;
  if (mod(below * x * x - above)) x = x * ROOT % P;
  if (mod(below * x * x - above)) return null;
  if ((x & 1n) !== value >> 255n) x = mod(-x);
  return [x, y, 1n, mod(x * y)];
}
function added([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2)), b = mod((y1 + x1) * (y2 + x2)), c = mod(2n * D * t1 * t2), d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}
const BASE = point(Uint8Array.from({ length: 32 }, (_, at) => (at ? 0x66 : 0x58)));

async function ed25519(key, signature, message) {
  if (key.length !== 32 || signature.length !== 64) return false;
  const of = point(key), scalar = little(signature.subarray(32));
  if (!of || scalar >= ORDER) return false;
  const hashed = little(await sha(512, signature.subarray(0, 32), key, message)) % ORDER;
  const away = [mod(-of[0]), of[1], 1n, mod(-of[3])], picks = [null, BASE, away, added(BASE, away)];
  let sum = [0n, 1n, 1n, 0n];
  for (let bit = 252n; bit >= 0n; bit--) {
    sum = added(sum, sum);
    const pick = picks[Number(scalar >> bit & 1n | (hashed >> bit & 1n) << 1n)];
    if (pick) sum = added(sum, pick);
  }
  const z = inverse(sum[2]);
  return (mod(sum[1] * z) | (mod(sum[0] * z) & 1n) << 255n) === little(signature.subarray(0, 32));
}
