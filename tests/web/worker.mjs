// Runs the service worker on cases of JSON in Node, as a browser would: each what is asked, what the network does, and what is kept.
// `node worker.mjs < {text, cases: [{url, method, mode, network, kept}]}`; network: a status, "fails" or "hangs". Answers: what was served.
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";

const { text, cases } = JSON.parse(readFileSync(0, "utf8")), AT = "https://cacao.example/in/sw.js";

function browser({ network, kept }) {
  const listeners = {}, shelves = new Map((kept ?? []).map((name) => [name, new Map([["/in/offline", "kept"]])]));
  const shelf = (name) => ({
    match: async (key) => shelves.get(name)?.get(key),
    add: async (key) => {
      if (network !== 200) throw new TypeError("no network");
      shelves.set(name, (shelves.get(name) ?? new Map()).set(key, "fetched"));
    },
  });
  const self = {
    location: new URL(AT), skipWaiting: async () => {}, clients: { claim: async () => {} },
    addEventListener: (name, listener) => { listeners[name] = listener; },
  };
  const fetch = () => {
    if (network === "hangs") return new Promise(() => {});
    return network === "fails" ? Promise.reject(new TypeError("no network")) : Promise.resolve({ status: network });
  };
  const caches = { open: async (name) => shelf(name), keys: async () => [...shelves.keys()], delete: async (name) => shelves.delete(name) };
  runInNewContext(text, { self, fetch, caches, URL, setTimeout: (run, after) => setTimeout(run, after / 1_000) });
  return { listeners, shelves };
}

async function happened(name, of, event = {}) {
  let answer = null;
  of.listeners[name]({ ...event, waitUntil: (promise) => { answer = promise; }, respondWith: (promise) => { answer = promise; } });
  return answer;
}

const answers = [];
for (const each of cases) {
  const of = browser(each);
  try {
    const request = { url: each.url, method: each.method ?? "GET", mode: each.mode ?? "navigate" };
    const answer = await happened(each.event ?? "fetch", of, { request });
    const shelves = Object.fromEntries([...of.shelves].map(([name, shelf]) => [name, [...shelf.keys()]]));
    answers.push(each.event ? shelves : answer === null ? "untouched" : answer.status ?? answer);
  } catch (error) {
    answers.push(error.message);
  }
}
process.stdout.write(JSON.stringify(answers));
