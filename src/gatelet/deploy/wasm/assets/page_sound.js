/* The microphone, or a recording, through a model of sound. */

const LIVE = 600;      // frames that are shown while it listens
const KEPT = 6000;
const COLUMNS = 3000;  // at most, of a long recording
const PART = 2;        // seconds of a recording between two pictures
const LOUDEST = 14;    // from the loudest to what is shown as silence, in units of log power: 60 dB

function showPage(model) {
  const { rate, labels } = about.features, [input] = about.inputs;
  const output = about.outputs.find((port) => port.size === labels?.length) ?? about.outputs[0];
  const named = labels && labels.length === output.size ? labels : Array.from({ length: output.size }, (_, k) => `${output.name} ${k}`);
  const every = `${Number(((1000 * input.size) / rate).toPrecision(3))} ms`;
  head("Make a sound, and the model listens", `${labels ? `A classifier of ${named.length} classes` : about.task}. It hears ${rate.toLocaleString("en")} samples a second and answers every ${every}.`);
  const stream = model.open();
  const button = made("button", { id: "microphone", class: "main", onclick: () => trying(turn) }, "Listen");
  const choose = made("input", { type: "file", accept: "audio/*,.wav", id: "file", onchange: () => trying(async () => choose.files[0] && play(choose.files[0])) });
  const level = made("i", { style: "width:0" }), picture = made("canvas", { id: "spectrum", role: "img", "aria-label": "Log-mel frames, and the answers under them" });
  const verdict = made("b", { id: "label" }), sure = made("span", { class: "soft" }), bars = made("div", { id: "bars" }), caption = made("figcaption", { id: "heard" });
  work.append(
    made("div", { class: "row" }, button, made("label", { class: "file second" }, "Choose a recording", choose), made("div", { class: "level", title: "Level" }, level)),
    made("figure", {}, picture), made("div", { class: "verdict", "aria-live": "polite" }, verdict, sure), bars, caption,
  );
  for (const kind of ["dragover", "dragleave", "drop"]) {
    work.addEventListener(kind, (event) => {
      event.preventDefault();
      work.classList.toggle("over", kind === "dragover");
      const [file] = kind === "drop" ? event.dataTransfer.files : [];
      if (file) trying(() => play(file));
    });
  }
  let frames = [], answers = [], shown = LIVE, count = 0, took = 0, hops = new Hops(input.size), listening = null, waiting = false, turning = false, run = 0;

  const numbers = (answer) => {
    const found = about.outputs.length > 1 ? answer[output.name] : answer;
    return typeof found === "number" ? [found] : Array.from(found);
  };

  function begin() {
    stream.reset();
    [frames, answers, count, took, hops] = [[], [], 0, 0, new Hops(input.size)];
    return ++run;
  }

  function hear(samples) {
    const cut = hops.push(samples), began = performance.now();
    for (const hop of cut) {
      answers.push(numbers(stream.push(hop)));
      frames.push(stream.spectrum);
    }
    if (!cut.length) return;
    [count, took] = [count + cut.length, took + performance.now() - began];
    if (listening && frames.length > KEPT) [frames, answers] = [frames.slice(-LIVE), answers.slice(-LIVE)];
    const last = cut.at(-1), power = last.reduce((sum, value) => sum + value * value, 0) / last.length;
    level.style.width = `${Math.max(0, Math.min(100, 100 + (100 / 60) * 10 * Math.log10(power + 1e-9)))}%`;
    if (!waiting) requestAnimationFrame(draw);
    waiting = true;
  }

  async function turn() {
    if (turning) return;
    turning = true;
    try {
      await (listening ? stop() : start());
    } finally {
      turning = false;
    }
  }

  async function start() {
    begin();
    shown = LIVE;
    listening = await listen(rate, hear);
    const own = listening.rate === rate ? "as the browser gives them" : `made of the ${listening.rate.toLocaleString("en")} of this browser`;
    caption.textContent = `Listening, ${rate.toLocaleString("en")} samples a second, ${own}.`;
    button.textContent = "Stop";
  }

  async function stop() {
    const { end } = listening;
    listening = null;
    button.textContent = "Listen";
    caption.textContent = "The microphone is off.";
    await end();
  }

  async function play(file) {
    if (listening) await stop();
    const samples = await recorded(file, rate), own = begin();
    if (samples.length < input.size) throw new Error(`The recording must have at least ${input.size} samples; it has ${samples.length}.`);
    shown = Math.floor(samples.length / input.size);
    caption.textContent = `${file.name}: ${(samples.length / rate).toFixed(1)} seconds.`;
    for (let at = 0; at < samples.length && own === run; at += PART * rate) {
      hear(samples.subarray(at, at + PART * rate));
      await new Promise(requestAnimationFrame);
    }
  }

  function draw() {
    waiting = false;
    facts(count, took);
    spectrum();
    const last = answers.at(-1);
    if (!last) return;
    const order = [...named.keys()].sort((a, b) => last[b] - last[a]);
    if (labels) {
      verdict.textContent = last[order[0]] >= (about.features.threshold ?? 0) ? named[order[0]] : "Nothing it knows";
      sure.textContent = `${share(last[order[0]])} after ${((count * input.size) / rate).toFixed(1)} s`;
    }
    bars.replaceChildren(...order.slice(0, 8).map((k) => {
      const wide = labels ? 100 * last[k] : 100 * Math.min(1, Math.abs(last[k]));
      return made("div", { class: "bar" }, made("span", { title: named[k] }, named[k]), made("div", {}, made("i", { style: `width:${wide}%;background:${colour(k)}` })), made("span", {}, labels ? share(last[k]) : short(last[k])));
    }));
  }

  const colour = (k) => `hsl(${(180 + 47 * k) % 360} 55% 50%)`;

  /** Frames from the left to the right, low bands below; under them the answers, each class in its colour. */
  function spectrum() {
    const wide = Math.round(picture.clientWidth * devicePixelRatio), high = Math.round(wide * (wide < 1000 ? 0.5 : 0.36)), under = Math.round(high * 0.28);
    if (picture.width !== wide || picture.height !== high) [picture.width, picture.height] = [wide, high];
    const pen = picture.getContext("2d"), step = Math.ceil(shown / COLUMNS), columns = Math.ceil(shown / step);
    const [recent, said] = [frames, answers].map((each) => each.slice(-shown).filter((_, t) => t % step === 0)), bands = recent[0]?.length ?? 1;
    pen.clearRect(0, 0, wide, high);
    if (!recent.length) return;
    const ink = getComputedStyle(document.documentElement).getPropertyValue("--fan").split(",").map(Number);
    const most = Math.max(...recent.map((frame) => Math.max(...frame))), image = new ImageData(columns, bands);
    recent.forEach((frame, t) => frame.forEach((value, band) => {
      const strong = Math.max(0, Math.min(1, 1 + (value - most) / LOUDEST));
      image.data.set([...ink, 255 * strong * strong], 4 * ((bands - 1 - band) * columns + t));
    }));
    const small = Object.assign(document.createElement("canvas"), { width: columns, height: bands });
    small.getContext("2d").putImageData(image, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(small, 0, 0, wide, high - under);
    const values = said.flatMap((answer) => answer.slice(0, 8)).filter(Number.isFinite), low = labels ? 0 : Math.min(...values), top = labels ? 1 : Math.max(...values);
    pen.lineWidth = 2 * devicePixelRatio;
    for (let k = 0; k < Math.min(named.length, 8); k++) {
      pen.strokeStyle = colour(k);
      pen.beginPath();
      said.forEach((answer, t) => pen.lineTo(((t + 0.5) * wide) / columns, high - pen.lineWidth - ((under - 4 * pen.lineWidth) * (answer[k] - low)) / (top - low || 1)));
      pen.stroke();
    }
  }

  verdict.textContent = "Nothing yet";
  caption.textContent = "The microphone is off.";
  facts();
  spectrum();
  addEventListener("resize", () => spectrum());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => spectrum());
}
