/* A table of series through a forecaster. */

function showPage(model) {
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
  const paste = made("textarea", { id: "paste", "aria-label": "CSV", spellcheck: "false", placeholder: `${[columns.id, ...reader.columns].join(",")}\n…${columns.future.length ? "\nRows without a target at the end say what is known of the future." : ""}`, oninput: () => trying(() => paste.value.trim() && take(paste.value, "pasted text")) });
  work.append(
    made("div", { class: "row" }, made("label", { class: "file" }, "Choose a CSV", choose), names, slider),
    figure, caption,
    made("details", {}, made("summary", {}, `Paste a table: ${reader.columns.join(", ")}${columns.id ? `, and ${columns.id} where there are several series` : ""}${columns.future.length ? `; rows without ${columns.target} at the end say what is known of the future` : ""}`), paste),
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
    const stream = model.open(), ends = moments(), after = rows.map(({ row }) => row);
    const frames = rows.slice(0, ends).map(({ row, time }, k) => reader.frame(row, time, after.slice(k + 1, k + 1 + horizon)));
    const began = performance.now();
    forecasts = frames.map((frame) => stream.push(frame));
    facts(ends, performance.now() - began);
    stream.close();
    slider.max = ends;
    slider.value = ends;
    draw();
  }

  /** After how many rows there may be a forecast: those after the last target say no more than what is known of the future. */
  function moments() {
    return rows.findLastIndex(({ value }) => Number.isFinite(value)) + 1 || rows.length;
  }

  /** How much of the horizon is covered by rows with what is known of it. */
  function ahead(now) {
    if (!columns.future.length) return "";
    const known = rows.slice(now, now + horizon).filter(({ row }) => columns.future.every((name) => (row[name] ?? "") !== "")).length;
    return ` Of the ${horizon} rows ahead, ${known} ${known === 1 ? "says" : "say"} what is known of ${columns.future.join(", ")}.`;
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
    caption.textContent = `${from}: ${slider.max} rows. From ${ends}; the next value is about ${short(best)}, between ${short(at(0)[0])} and ${short(at(levels - 1)[0])} in ${Math.round(100 * (quantiles.at(-1) - quantiles[0]))} of 100 cases.${ahead(now)}${lacks.length ? ` Not in the table: ${lacks.join(", ")}.` : ""}`;
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
