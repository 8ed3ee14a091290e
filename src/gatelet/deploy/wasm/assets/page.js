/* The page: what is typed, a table or the microphone goes through the model; nothing leaves this page. */

const about = JSON.parse(document.getElementById("about").textContent);
const binary = Uint8Array.from(atob(document.getElementById("binary").textContent.trim()), (sign) => sign.charCodeAt(0));
const work = document.getElementById("work");

function made(name, values = {}, ...children) {
  const found = document.createElement(name);
  for (const [key, value] of Object.entries(values)) {
    if (key.startsWith("on")) found.addEventListener(key.slice(2), value);
    else found.setAttribute(key, value);
  }
  found.append(...children);
  return found;
}

function drawn(name, values, text) {
  const found = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(values)) found.setAttribute(key, value);
  if (text !== undefined) found.textContent = text;
  return found;
}

function said(problem) {
  const place = document.getElementById("problem");
  place.hidden = !problem;
  place.textContent = problem ? problem.message ?? String(problem) : "";
}

/** Runs what a person asked for, and says what went wrong. */
async function trying(body) {
  try {
    said(null);
    await body();
  } catch (error) {
    said(error);
  }
}

const share = (value) => `${(100 * value).toFixed(value > 0.995 || value < 0.005 ? 1 : 0)} %`;
const short = (value) => (Number.isFinite(value) ? String(Number(value.toPrecision(4))) : "none");

/** A token as it is shown: without the sign that subwords have for the space before them. */
const shownToken = (token) => (token === "\n" ? "¶" : token.replaceAll("\u2581", " ").trim() || "␣");

function head(title, lead) {
  document.getElementById("title").textContent = title;
  document.getElementById("lead").textContent = lead;
}

function facts(steps, milliseconds) {
  const speed = steps && milliseconds > 0 ? ` The last ${steps} steps took ${((1000 * milliseconds) / steps).toFixed(1)} µs each.` : "";
  document.getElementById("facts").textContent = `${Math.round(binary.length / 1024)} KB of WebAssembly, in this page; nothing leaves it.${speed}`;
}
