// Passkeys: asks the browser for one and hands its answer to the house. Everything else works without script.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

async function send(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.detail);
  return said;
}

function spoken(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: {} };
}

async function make(root) {
  const { options, ticket } = await send(`${root}/devices/passkey/options`, {});
  const { device, ...publicKey } = options;
  publicKey.challenge = bytes(publicKey.challenge);
  publicKey.user.id = bytes(publicKey.user.id);
  publicKey.excludeCredentials = [];
  const credential = await navigator.credentials.create({ publicKey });
  return send(`${root}/devices/passkey`, { ticket, device, credential: spoken(credential) });
}

async function sign(root) {
  const { options, ticket } = await send(`${root}/signin/passkey/options`, {});
  const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: [] };
  const credential = await navigator.credentials.get({ publicKey });
  return send(`${root}/signin/passkey`, { ticket, credential: spoken(credential) });
}

for (const button of document.querySelectorAll("button[data-passkey]")) {
  const told = document.getElementById("told");
  if (!window.PublicKeyCredential) {
    told.textContent = told.dataset.none;
    continue;
  }
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    told.textContent = "";
    try {
      const { next } = await (button.dataset.passkey === "make" ? make : sign)(button.dataset.root);
      location.assign(button.dataset.root + (button.dataset.next || next));
    } catch (error) {
      told.textContent = error.name === "NotAllowedError" ? told.dataset.refused : `${told.dataset.failed} ${error.message}`;
      button.disabled = false;
    }
  });
}
