/* Numbers through any model: a table, or raw samples from the microphone. */

function showPage(model) {
  const [input] = about.inputs, width = about.inputs.length === 1 ? Math.max(input.size, 1) : 0;
  head(`${about.task}, step by step`, `Reads ${about.inputs.map((port) => `${port.name} (${port.size || "any"})`).join(", ")}; writes ${about.outputs.map((port) => `${port.name} (${port.size})`).join(", ")}.`);
  const stream = model.open(), figure = made("figure", { id: "picture" }), caption = made("figcaption");
  const choose = made("input", { type: "file", accept: ".csv,text/csv,text/plain", id: "file", onchange: () => trying(async () => choose.files[0] && table(await choose.files[0].text())) });
  const paste = made("textarea", { id: "paste", "aria-label": "CSV", spellcheck: "false", placeholder: "One line of names, then a row of numbers for each step", oninput: () => trying(() => paste.value.trim() && table(paste.value)) });
  const button = made("button", { id: "microphone", onclick: () => trying(hear) }, "Listen");
  work.append(made("div", { class: "row" }, made("label", { class: "file" }, "Choose a CSV", choose), ...(width ? [button] : [])), paste, figure, caption);
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
    const hops = new Hops(width), kept = [];
    stream.reset();
    await listen(16000, (samples) => {
      for (const hop of hops.push(samples)) kept.push(numbers(stream.push(width === 1 && input.byValue ? hop[0] : hop)));
      if (kept.length > 2000) kept.splice(0, 1000);
      if (kept.length) lines(kept);
    });
    button.textContent = "Listening";
    button.disabled = true;
  }
  facts();
}
