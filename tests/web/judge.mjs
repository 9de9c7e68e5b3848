// Runs the page's own scripts on cases of JSON: [sort, ...values] each, bytes in hexadecimal, numbers as text; answers as JSON.
// In Node: `node judge.mjs [plain] < cases`, where plain takes the browser's SHA-2 away. In a browser the same function is called by name.
import { readFileSync } from "node:fs";
import { runInThisContext } from "node:vm";

const scripts = ["signatures", "formats", "verify", "label"].map((name) => new URL(`../../api/static/${name}.js`, import.meta.url));
if (process.argv[2] === "plain") Object.defineProperty(globalThis, "crypto", { value: undefined });
runInThisContext(scripts.map((each) => readFileSync(each, "utf8")).join("\n"));
runInThisContext(readFileSync(new URL("answers.js", import.meta.url), "utf8"));
process.stdout.write(await globalThis.answers(readFileSync(0, "utf8")));
