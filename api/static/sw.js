// Answers a label's address where there is no network, with the page that checks the signature by the keys that this browser keeps.
// It touches nothing else: no other page, no file, nothing that is sent. `KEPT` stands before this text, and changes with what is kept.
"use strict";

const ROOT = new URL(".", self.location).pathname.slice(0, -1), ID = "[A-Z0-9-]{1,20}";
const LABEL = new RegExp(
  `^(?:/(?:C/${ID}/[0-9]{1,16}/S|L/(?:${ID}/)?${ID}/S|K|01/[0-9]{14}/10/${ID}/21)/[0-9A-HJKMNP-TV-Z]{8}|/00/[0-9]{18})$`, "i");
const GONE = [502, 504]; // what stands before the house says so when it reaches nobody
const PATIENCE = 20_000; // milliseconds, after which a line counts as none

async function prepare() { // a label's page may have put both there before, in the reader's language
  const kept = await caches.open(KEPT), put = async (each) => await kept.match(each) || kept.add(each);
  await put(`${ROOT}/offline`);
  await put(`${ROOT}/label-keys`).catch(() => {}); // they come with the next label that is opened
  await self.skipWaiting();
}

async function takeOver() {
  const others = (await caches.keys()).filter((each) => each.startsWith("cacao-labels-") && each !== KEPT);
  await Promise.all(others.map((each) => caches.delete(each)));
  await self.clients.claim();
}

async function answered(request) {
  const kept = async () => (await caches.open(KEPT)).match(`${ROOT}/offline`), asked = fetch(request);
  const late = new Promise((resolve) => { setTimeout(resolve, PATIENCE); });
  asked.catch(() => {}); // where it was too late
  try {
    const answer = await Promise.race([asked, late.then(kept)]) ?? await asked;
    return GONE.includes(answer.status) ? await kept() ?? answer : answer;
  } catch (error) {
    const page = await kept();
    if (!page) throw error;
    return page;
  }
}

self.addEventListener("install", (event) => event.waitUntil(prepare()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
self.addEventListener("fetch", (event) => {
  const { request } = event, { origin, pathname } = new URL(request.url);
  const label = origin === self.location.origin && pathname.startsWith(ROOT) && LABEL.test(pathname.slice(ROOT.length));
  if (label && request.method === "GET" && request.mode === "navigate") event.respondWith(answered(request));
});
