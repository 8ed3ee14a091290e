// Opens a page in Chromium, over its debugging pipe, and evaluates expressions in it, one after the other.
// In: {command, url, before?, steps: [{expression, until?}], picture?, size?: {width, height}, dark?};
// out: the value of each expression.
// `until` repeats an expression, at most so many milliseconds, until it is neither null nor false.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const given = JSON.parse(readFileSync(0, "utf8"));
const browser = spawn(given.command[0], [...given.command.slice(1), "--remote-debugging-pipe"], {
  stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
});
const [, , , to, from] = browser.stdio;
const waiting = new Map();
let last = 0, held = "", session;
from.setEncoding("utf8");
from.on("data", (text) => {
  const parts = (held + text).split("\0");
  held = parts.pop();
  for (const part of parts) {
    const message = JSON.parse(part);
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
  }
});

function call(method, params = {}) {
  const id = ++last;
  to.write(`${JSON.stringify({ id, method, params, sessionId: session })}\0`);
  return new Promise((done, failed) => {
    waiting.set(id, ({ result, error }) => (error ? failed(new Error(error.message)) : done(result)));
  });
}

async function evaluated(expression) {
  const options = { expression, awaitPromise: true, returnByValue: true, userGesture: true };
  const { result, exceptionDetails } = await call("Runtime.evaluate", options);
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result.value ?? null;
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

try {
  const { targetId } = await call("Target.createTarget", { url: "about:blank" });
  session = (await call("Target.attachToTarget", { targetId, flatten: true })).sessionId;
  await call("Page.enable");
  if (given.before) await call("Page.addScriptToEvaluateOnNewDocument", { source: given.before });
  if (given.size) await call("Emulation.setDeviceMetricsOverride", { deviceScaleFactor: 1, mobile: false, ...given.size });
  if (given.dark) await call("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: "dark" }] });
  await call("Page.navigate", { url: given.url });
  const found = [];
  for (const { expression, until = 0 } of given.steps) {
    const end = Date.now() + until;
    let value = await evaluated(expression).catch((error) => { if (!until) throw error; });
    while (until && (value == null || value === false) && Date.now() < end) {
      await pause(50);
      value = await evaluated(expression).catch(() => null);
    }
    found.push(value ?? null);
  }
  if (given.picture) {
    const { data } = await call("Page.captureScreenshot", { captureBeyondViewport: true });
    writeFileSync(given.picture, Buffer.from(data, "base64"));
  }
  console.log(JSON.stringify(found));
} finally {
  browser.kill("SIGKILL");
}
