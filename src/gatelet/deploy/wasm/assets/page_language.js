/* A text that goes on, by a language model. */

function showPage(model) {
  const { text, sampling } = about.features, follower = new LanguageStream(model, about.features);
  const unit = { word: "words", space: "words", character: "characters", byte: "bytes" }[text.settings.unit] ?? "subwords";
  head("Begin a text, and the model goes on", `A language model that knows ${text.tokens.length.toLocaleString("en")} ${unit}. It reads along, says what is likely next, and writes on from there.`);
  const field = made("textarea", { id: "text", "aria-label": "Text", placeholder: "Type the beginning of a text; an empty line begins another", oninput: () => trying(read) });
  const warmth = made("input", { type: "range", id: "temperature", min: 0.1, max: 2, step: 0.05, value: sampling.temperature, oninput: () => trying(again) }), warm = made("output", {}, "");
  const seed = made("input", { type: "number", id: "seed", min: 0, max: 2 ** 53 - 1, step: 1, value: Math.min(sampling.seed ?? 0, 2 ** 53 - 1), oninput: () => trying(again) });
  const most = made("input", { type: "number", id: "tokens", min: 1, max: 5000, step: 1, value: Math.min(sampling.max_length ?? 200, unit === "words" ? 100 : 400), oninput: () => trying(again) });
  const button = made("button", { id: "write", class: "main", onclick: () => trying(write) }, "Write on");
  const keep = made("button", { id: "keep", hidden: "", onclick: () => trying(take) }, "Keep it");
  const written = made("p", { class: "written", id: "written", "aria-live": "polite", hidden: "" });
  const bars = made("div", { id: "bars" }), words = made("p", { class: "words", id: "words" });
  work.append(
    field,
    made("div", { class: "row settings" }, button, keep, made("label", {}, "Temperature", warmth, warm), made("label", {}, "Seed", seed), made("label", {}, unit[0].toUpperCase() + unit.slice(1), most)),
    written, made("h2", {}, "What is likely next"), bars, made("h2", { id: "surprise" }, "How much each part surprised it"), words,
  );
  let run = 0, piece = "";

  function read() {
    run++;
    [piece, written.hidden, keep.hidden] = ["", true, true];
    const began = performance.now(), tokens = follower.read(field.value), milliseconds = performance.now() - began;
    facts(tokens.length, milliseconds);
    bars.replaceChildren(...follower.likeliest(6).map(({ token, probability }) => {
      const name = token === null ? "the end" : token === "\n" ? "a new line" : token.trim() === "" ? "a space" : token;
      return made("div", { class: "bar" }, made("span", { title: name }, name), made("div", {}, made("i", { style: `width:${100 * probability}%` })), made("span", {}, share(probability)));
    }));
    words.replaceChildren(...tokens.slice(-400).flatMap(({ token, bits }) => {
      const style = `background:rgba(var(--fan),${Math.min(0.55, bits / 30).toFixed(3)})`;
      return [made("span", { title: `${bits.toFixed(1)} bits`, style }, shownToken(token)), " "];
    }));
    document.getElementById("surprise").hidden = !tokens.length;
    warm.textContent = Number(warmth.value).toFixed(2);
  }

  /** Settings were changed: what was written is written anew. */
  function again() {
    warm.textContent = Number(warmth.value).toFixed(2);
    if (!written.hidden) return write();
  }

  async function write() {
    const own = ++run, [tokens, drawn] = [most, seed].map((each) => Number(each.value)), begun = field.value;
    if (![tokens, drawn].every((value) => Number.isSafeInteger(value) && value >= 0)) throw new Error("Seed and length must be whole numbers.");
    written.replaceChildren(made("span", { class: "soft" }, begun.slice(-200)), "");
    [piece, written.hidden, keep.hidden] = ["", false, true];
    let until = performance.now() + 12;
    for (const part of follower.write({ tokens, temperature: Number(warmth.value), seed: drawn })) {
      piece += piece === "" && (begun === "" || /\s$/.test(begun)) ? part.replace(/^ +/, "") : part;
      if (performance.now() < until) continue;
      written.lastChild.textContent = piece;
      await new Promise(requestAnimationFrame);
      if (own !== run) return;  // something else was asked for
      until = performance.now() + 12;
    }
    written.lastChild.textContent = piece;
    keep.hidden = piece === "";
  }

  function take() {
    field.value += piece;
    read();
    field.scrollTop = field.scrollHeight;
    field.focus();
  }

  read();
  field.focus();
}
