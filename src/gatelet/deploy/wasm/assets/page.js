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

function head(title, lead) {
  document.getElementById("title").textContent = title;
  document.getElementById("lead").textContent = lead;
}

function facts(steps, milliseconds) {
  const speed = steps && milliseconds > 0 ? ` The last ${steps} steps took ${((1000 * milliseconds) / steps).toFixed(1)} µs each.` : "";
  document.getElementById("facts").textContent = `${Math.round(binary.length / 1024)} KB of WebAssembly, in this page; nothing leaves it.${speed}`;
}

/* ---- typed text ---- */

function textPage(model) {
  const { labels, multiple, threshold, text } = about.features;
  head("Type, and the model reads along", `A classifier of ${labels.length} classes. Each word changes a small state, and the state says what the text is so far.`);
  const reader = new TextReader(text), stream = model.open();
  const field = made("textarea", { id: "text", "aria-label": "Text", placeholder: "Type or paste a text", oninput: () => trying(read) });
  const verdict = made("b", { id: "label" }), sure = made("span", { class: "soft" });
  const bars = made("div", { id: "bars" }), words = made("p", { class: "words", id: "words" });
  work.append(field, made("div", { class: "verdict", "aria-live": "polite" }, verdict, sure), bars, words);

  function read() {
    stream.reset();
    bars.replaceChildren();
    words.replaceChildren();
    if (!field.value.trim()) {
      verdict.textContent = "Nothing yet";
      sure.textContent = "";
      return facts();
    }
    const tokens = reader.tokens(field.value);
    const frames = tokens.map((token) => ({ tokens: reader.id(token), spelling: reader.spelling(token) }));
    const began = performance.now(), steps = frames.map((frame) => stream.push(frame));
    facts(tokens.length, performance.now() - began);
    const last = steps.at(-1), order = [...labels.keys()].sort((a, b) => last[b] - last[a]);
    const inside = last[order[0]] >= threshold;
    const several = labels.filter((_, k) => last[k] >= 0.5);
    verdict.textContent = multiple ? several.join(", ") || "None" : inside ? labels[order[0]] : "Out of scope";
    sure.textContent = multiple ? "" : `${share(last[order[0]])} after ${tokens.length} ${tokens.length === 1 ? "token" : "tokens"}`;
    for (const k of order.slice(0, 8)) {
      const bar = made("i", { style: `width:${100 * last[k]}%` });
      bars.append(made("div", { class: "bar" }, made("span", { title: labels[k] }, labels[k]), made("div", {}, bar), made("span", {}, share(last[k]))));
    }
    // how sure of its verdict the model was after each word
    tokens.slice(-400).forEach((token, place) => {
      const value = steps[Math.max(tokens.length - 400, 0) + place][order[0]];
      const known = reader.knows(token) ? "" : "new";
      const title = `${labels[order[0]]}: ${share(value)} after this word${known ? "; training has not shown it" : ""}`;
      words.append(made("span", { class: known, title, style: `background:rgba(var(--fan),${(0.06 + 0.5 * value).toFixed(3)})` }, token), " ");
    });
  }
  read();
  field.focus();
}

/* ---- a table of series ---- */

function seriesPage(model) {
  const { schema, horizon, quantiles, context_length: context } = about.features;
  const reader = new SeriesReader(about.features, about.inputs.map((port) => port.name));
  const { columns } = schema;
  const unit = { s: "seconds", min: "minutes", h: "hours", D: "days", W: "weeks", B: "business days", M: "months", Q: "quarters", Y: "years" }[schema.frequency.unit];
  const span = unit ? `${horizon * schema.frequency.step} ${unit}` : `${horizon} rows`;
  head("Drop a table, and see what comes next", `A forecast of ${columns.target} for the next ${span}, with ${quantiles.length} quantiles.`);
  const choose = made("input", { type: "file", accept: ".csv,text/csv,text/plain", id: "file", onchange: () => trying(async () => choose.files[0] && take(await choose.files[0].text(), choose.files[0].name)) });
  const names = made("select", { id: "series", "aria-label": "Series", onchange: () => trying(run) });
  const slider = made("input", { type: "range", id: "moment", min: 1, "aria-label": "Where the forecast begins", oninput: () => trying(draw) });
  const figure = made("figure", { id: "picture" }), caption = made("figcaption");
  const paste = made("textarea", { id: "paste", "aria-label": "CSV", spellcheck: "false", placeholder: `${[columns.id, ...reader.columns].join(",")}\n…`, oninput: () => trying(() => paste.value.trim() && take(paste.value, "pasted text")) });
  work.append(
    made("div", { class: "row" }, made("label", { class: "file" }, "Choose a CSV", choose), names, slider),
    figure, caption,
    made("details", {}, made("summary", {}, `Paste a table: ${reader.columns.join(", ")}${columns.id ? `, and ${columns.id} where there are several series` : ""}`), paste),
  );
  for (const kind of ["dragover", "dragleave", "drop"]) {
    work.addEventListener(kind, (event) => {
      event.preventDefault();
      work.classList.toggle("over", kind === "dragover");
      const [file] = kind === "drop" ? event.dataTransfer.files : [];
      if (file) trying(async () => take(await file.text(), file.name));
    });
  }
  let groups = new Map(), from = "", rows = [], forecasts = [];

  function take(text, name) {
    const found = new Map(), table = parseCsv(text);
    const lacking = [columns.time, columns.target].find((column) => !(column in table[0]));
    if (lacking) throw new Error(`The table must have a column "${lacking}"; it has ${Object.keys(table[0]).join(", ")}.`);
    table.forEach((row, line) => {
      const id = row[columns.id] ?? "series", time = reader.time(row);
      const target = row[columns.target];
      if (target !== "" && Number.isNaN(Number(target))) throw new Error(`Line ${line + 2}: "${columns.target}" must be a number; it is "${target}".`);
      found.set(id, [...(found.get(id) ?? []), { row, time, value: target === "" ? NaN : Number(target) }]);
    });
    show(found, name);
  }

  function show(found, name) {
    [groups, from] = [found, name];
    names.replaceChildren(...Array.from(found.keys(), (id) => made("option", { value: id }, id)));
    names.hidden = found.size < 2;
    run();
  }

  /** The rows that are missing between two times, empty, so that the model sees the gap. */
  function filled(given) {
    const found = [];
    for (const each of [...given].sort((a, b) => a.time - b.time)) {
      for (let at = found.at(-1); at && schema.frequency.unit !== "rows"; ) {
        const next = reader.later(at.time, 1);
        if (next >= each.time - 1e-6 || found.length > 2e5) break;
        found.push((at = { row: { [columns.id]: each.row[columns.id] }, time: next, value: NaN }));
      }
      found.push(each);
    }
    return found;
  }

  function run() {
    rows = filled(groups.get(names.value || groups.keys().next().value)).slice(-5000);
    const stream = model.open(), frames = rows.map(({ row, time }) => reader.frame(row, time));
    const began = performance.now();
    forecasts = frames.map((frame) => stream.push(frame));
    facts(rows.length, performance.now() - began);
    stream.close();
    slider.max = rows.length;
    slider.value = rows.length;
    draw();
  }

  function draw() {
    const now = Number(slider.value), levels = quantiles.length, found = forecasts[now - 1];
    const begin = Math.max(0, now - Math.max(2 * horizon, Math.min(context, 8 * horizon)));
    const past = rows.slice(begin, now), after = rows.slice(now, now + horizon);
    const at = (k) => Array.from({ length: horizon }, (_, h) => found[h * levels + k]);
    figure.replaceChildren(fan(past, after, quantiles.map((_, k) => at(k))));
    const ends = `${label(reader.later(rows[now - 1].time, 1))} to ${label(reader.later(rows[now - 1].time, horizon))}`;
    const best = found[Math.floor(levels / 2)];
    const lacks = reader.columns.slice(1).filter((name) => !(name in rows.at(-1).row) && !(name in rows[0].row));
    caption.textContent = `${from}: ${rows.length} rows. From ${ends}; the next value is about ${short(best)}, between ${short(at(0)[0])} and ${short(at(levels - 1)[0])} in ${Math.round(100 * (quantiles.at(-1) - quantiles[0]))} of 100 cases.${lacks.length ? ` Not in the table: ${lacks.join(", ")}.` : ""}`;
  }

  const label = (time) => (reader.plainTimes && Math.abs(time) < 1e10 ? String(time) : new Date(time).toISOString().slice(0, 16).replace("T", " ").replace(" 00:00", ""));

  /** What was, what is foretold as bands around a line, and what came where it is known. */
  function fan(past, after, bands) {
    const width = Math.max(320, Math.min(work.clientWidth - 30, 880)), height = Math.round(Math.max(240, width * 0.42));
    const [left, right, top, bottom] = [46, 10, 12, 26], count = past.length + horizon;
    const values = [...past, ...after].map((each) => each.value).concat(...bands).filter(Number.isFinite);
    const [low, high] = [Math.min(...values), Math.max(...values)], pad = (high - low) * 0.06 || 1;
    const x = (k) => left + ((width - left - right) * k) / (count - 1);
    const y = (value) => top + ((height - top - bottom) * (high + pad - value)) / (high - low + 2 * pad);
    const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "The series and its forecast" });
    const step = 10 ** Math.floor(Math.log10((high - low + 2 * pad) / 3)), wide = [1, 2, 5, 10].find((k) => (high - low + 2 * pad) / (k * step) < 6) * step;
    for (let tick = Math.ceil((low - pad) / wide) * wide; tick <= high + pad; tick += wide) {
      svg.append(drawn("line", { x1: left, x2: width - right, y1: y(tick), y2: y(tick), stroke: "var(--line)" }));
      svg.append(drawn("text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, short(tick)));
    }
    const path = (numbers, from) => numbers.reduce((line, value, k) => line + (Number.isFinite(value) ? `${line === "" || !Number.isFinite(numbers[k - 1]) ? "M" : "L"}${x(from + k).toFixed(1)} ${y(value).toFixed(1)}` : ""), "");
    const first = past.length;
    for (let k = 0; k < Math.floor(bands.length / 2); k++) {
      const upper = path(bands[bands.length - 1 - k], first), lower = bands[k].map((value, h) => `L${x(first + h).toFixed(1)} ${y(value).toFixed(1)}`).reverse().join("");
      svg.append(drawn("path", { d: `${upper}${lower}Z`, fill: `rgba(var(--fan), ${0.55 / Math.max(bands.length >> 1, 2)})` }));
    }
    svg.append(drawn("line", { x1: x(first - 0.5), x2: x(first - 0.5), y1: top, y2: height - bottom, stroke: "var(--soft)", "stroke-dasharray": "3 4" }));
    svg.append(drawn("path", { d: path(past.map((each) => each.value), 0), fill: "none", stroke: "var(--ink)", "stroke-width": 1.6, "stroke-linejoin": "round" }));
    svg.append(drawn("path", { d: path(after.map((each) => each.value), first), fill: "none", stroke: "var(--other)", "stroke-width": 1.6, "stroke-dasharray": "5 3" }));
    svg.append(drawn("path", { d: path(bands[bands.length >> 1], first), fill: "none", stroke: "var(--own)", "stroke-width": 2.4, "stroke-linejoin": "round" }));
    svg.append(drawn("text", { x: left, y: height - 6 }, label(past[0].time)));
    svg.append(drawn("text", { x: width - right, y: height - 6, "text-anchor": "end" }, label(reader.later(past.at(-1).time, horizon))));
    return svg;
  }

  // something to look at before there is a table; times without a calendar begin at 0
  const season = Math.max(schema.frequency.seasonality, 4), start = reader.plainTimes ? 0 : Date.UTC(2024, 0, 1);
  const wave = (k) => schema.target_mean + schema.target_std * (Math.sin((2 * Math.PI * k) / season) + 0.25 * Math.sin(k * 1.7) * Math.cos(k * 0.31));
  let time = start;
  const example = Array.from({ length: Math.max(2 * context, 4 * season) }, (_, k) => ({ row: { [columns.target]: String(wave(k)) }, time: k ? (time = reader.later(time, 1)) : time, value: wave(k) }));
  show(new Map([["series", example]]), "Made-up data until you choose a table");
  addEventListener("resize", () => draw());
}

/* ---- numbers: a table, or the microphone ---- */

function numbersPage(model) {
  const [input] = about.inputs, width = about.inputs.length === 1 ? Math.max(input.size, 1) : 0;
  head(`${about.task}, step by step`, `Reads ${about.inputs.map((port) => `${port.name} (${port.size || "any"})`).join(", ")}; writes ${about.outputs.map((port) => `${port.name} (${port.size})`).join(", ")}.`);
  const stream = model.open(), figure = made("figure", { id: "picture" }), caption = made("figcaption");
  const choose = made("input", { type: "file", accept: ".csv,text/csv,text/plain", id: "file", onchange: () => trying(async () => choose.files[0] && table(await choose.files[0].text())) });
  const paste = made("textarea", { id: "paste", "aria-label": "CSV", spellcheck: "false", placeholder: "One line of names, then a row of numbers for each step", oninput: () => trying(() => paste.value.trim() && table(paste.value)) });
  const listen = made("button", { id: "microphone", onclick: () => trying(hear) }, "Listen");
  work.append(made("div", { class: "row" }, made("label", { class: "file" }, "Choose a CSV", choose), ...(width ? [listen] : [])), paste, figure, caption);
  if (width) caption.textContent = `The microphone gives raw samples, 16,000 a second, ${width} a step: right for a model that was trained on such, and no other.`;

  function frame(row) {
    const values = Object.values(row).map(Number);
    if (width) return values;
    let at = 0;
    return Object.fromEntries(about.inputs.map((port) => {
      const count = Math.max(port.size, 1), part = values.slice(at, (at += count));
      return [port.name, port.byValue ? part[0] : part];
    }));
  }

  const numbers = (answer) => (typeof answer === "number" ? [answer] : Array.from(answer.length === undefined ? answer[about.outputs[0].name].length ? answer[about.outputs[0].name] : [answer[about.outputs[0].name]] : answer));

  function table(text) {
    stream.reset();
    const frames = parsed(text).map(frame), began = performance.now();
    const found = frames.map((each) => numbers(stream.push(each)));
    facts(found.length, performance.now() - began);
    lines(found);
  }

  /** Rows of numbers of a CSV text. */
  function parsed(text) {
    const [names, ...rows] = text.trim().split(/\r?\n/).map((line) => line.split(","));
    return rows.map((cells) => Object.fromEntries(cells.map((cell, k) => [names[k] ?? k, cell])));
  }

  function lines(steps) {
    const shown = Math.min(steps[0].length, 8), recent = steps.slice(-400), values = recent.flatMap((step) => step.slice(0, shown)).filter(Number.isFinite);
    const wide = Math.max(320, Math.min(work.clientWidth - 30, 880)), high = wide * 0.4, [low, top] = [Math.min(...values), Math.max(...values)];
    const svg = drawn("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": "What the model writes" });
    for (let k = 0; k < shown; k++) {
      const points = recent.map((step, t) => `${(40 + ((wide - 50) * t) / Math.max(recent.length - 1, 1)).toFixed(1)},${(10 + ((high - 20) * (top - step[k])) / (top - low || 1)).toFixed(1)}`);
      svg.append(drawn("polyline", { points: points.join(" "), fill: "none", stroke: `hsl(${(180 + 47 * k) % 360} 55% 50%)`, "stroke-width": 1.8 }));
    }
    svg.append(drawn("text", { x: 34, y: 16, "text-anchor": "end" }, short(top)), drawn("text", { x: 34, y: high - 8, "text-anchor": "end" }, short(low)));
    figure.replaceChildren(svg);
  }

  async function hear() {
    if (!navigator.mediaDevices) throw new Error("The microphone needs a page from https, localhost or a file; this one is none.");
    const sound = await navigator.mediaDevices.getUserMedia({ audio: true });
    const context = new AudioContext({ sampleRate: 16000 }), source = context.createMediaStreamSource(sound);
    const code = "registerProcessor('tap', class extends AudioWorkletProcessor { process([[samples]]) { if (samples) this.port.postMessage(samples.slice()); return true; } });";
    await context.audioWorklet.addModule(`data:text/javascript,${encodeURIComponent(code)}`);  // a blob may not be loaded by a file
    const tap = new AudioWorkletNode(context, "tap"), kept = [];
    let waiting = [];
    stream.reset();
    tap.port.onmessage = ({ data }) => trying(() => {
      waiting.push(...data);
      while (waiting.length >= width) {
        kept.push(numbers(stream.push(width === 1 && input.byValue ? waiting[0] : waiting.slice(0, width))));
        waiting = waiting.slice(width);
      }
      if (kept.length > 2000) kept.splice(0, 1000);
      if (kept.length) lines(kept);
    });
    source.connect(tap);
    listen.textContent = "Listening";
    listen.disabled = true;
  }
  facts();
}

trying(async () => {
  facts();
  const model = await Model.load(binary, about);
  ({ text: textPage, series: seriesPage, numbers: numbersPage })[about.kind](model);
  document.body.dataset.ready = "yes";
});
