/* Typed text through a classifier. */

function showPage(model) {
  const { labels, multiple, threshold, text } = about.features;
  const whole = about.most > 0; // all of a text is one step
  const how = whole ? `It reads a whole text, of up to ${about.most} tokens, each time one changes.` : "Each word changes a small state, and the state says what the text is so far.";
  head("Type, and the model reads along", `A classifier of ${labels.length} classes. ${how}`);
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
    const began = performance.now(), answers = whole ? [stream.push(together(frames))] : frames.map((frame) => stream.push(frame));
    const steps = answers.map((answer) => answer.probabilities ?? answer), marks = slotsOf(answers[0], tokens.length);
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
    if (whole) {
      tokens.forEach((token, place) => {
        const mark = marks[place], known = reader.knows(token);
        const title = [mark, known ? "" : "training has not shown it"].filter(Boolean).join("; ");
        words.append(made("span", { class: known ? "" : "new", title, style: mark ? "background:rgba(var(--fan),.4)" : "" }, shownToken(token)), " ");
      });
      return;
    }
    // how sure of its verdict the model was after each word
    tokens.slice(-400).forEach((token, place) => {
      const value = steps[Math.max(tokens.length - 400, 0) + place][order[0]];
      const known = reader.knows(token) ? "" : "new";
      const title = `${labels[order[0]]}: ${share(value)} after this word${known ? "; training has not shown it" : ""}`;
      words.append(made("span", { class: known, title, style: `background:rgba(var(--fan),${(0.06 + 0.5 * value).toFixed(3)})` }, shownToken(token)), " ");
    });
  }
  /** The frame of a whole text. */
  function together(frames) {
    return { tokens: frames.map((frame) => frame.tokens), spelling: frames.map((frame) => frame.spelling) };
  }

  /** The likeliest slot of each token, "" for none. */
  function slotsOf(answer, count) {
    const { slots = [] } = about.features, scores = answer.slots;
    if (!scores || !slots.length) return Array(count).fill("");
    return Array.from({ length: count }, (_, row) => {
      const each = scores.subarray(row * slots.length, (row + 1) * slots.length), best = slots[each.indexOf(Math.max(...each))];
      return best === "O" ? "" : best;
    });
  }

  read();
  field.focus();
}
