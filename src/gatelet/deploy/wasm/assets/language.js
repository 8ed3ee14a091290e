/** A text that goes on: what is read, what is likely next, and what is drawn from that; as gatelet.stream does it. */
import { TextReader, plainLine } from "./text.js";

const FILLER = "\ufffd";
const WORD_SPACE = "\u2581";
const OFTEN = 32;  // tokens between two states that are kept

/** Numbers between 0 and 1 by a seed: those of numpy.random.default_rng (PCG64, M. O'Neill 2014). */
export class Draws {
  constructor(seed) {
    const words = [];
    for (let left = BigInt(seed); left || !words.length; left >>= 32n) words.push(Number(left & 0xffffffffn));
    const pool = [0, 0, 0, 0];
    let constant = 0x43b0d7e5;
    const hashed = (value) => {
      value ^= constant;
      constant = Math.imul(constant, 0x931e8875);
      value = Math.imul(value, constant);
      return value ^ (value >>> 16);
    };
    const mixed = (x, y) => {
      const found = Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y);
      return found ^ (found >>> 16);
    };
    for (let k = 0; k < 4; k++) pool[k] = hashed(words[k] ?? 0);
    for (let from = 0; from < 4; from++) for (let to = 0; to < 4; to++) if (from !== to) pool[to] = mixed(pool[to], hashed(pool[from]));
    for (const word of words.slice(4)) for (let to = 0; to < 4; to++) pool[to] = mixed(pool[to], hashed(word));
    constant = 0x8b51f9dd;
    const [high, low, upper, lower] = Array.from({ length: 8 }, (_, k) => {
      let value = pool[k % 4] ^ constant;
      constant = Math.imul(constant, 0x58f38ded);
      value = Math.imul(value, constant);
      return BigInt((value ^ (value >>> 16)) >>> 0);
    }).reduce((found, word, k) => (k % 2 ? found[k >> 1] |= word << 32n : found.push(word), found), []);
    this._step = BigInt.asUintN(128, (((upper << 64n) | lower) << 1n) | 1n);
    this._state = this._step;
    this._state = BigInt.asUintN(128, this._state + ((high << 64n) | low));
    this._turn();
  }

  _turn() {
    this._state = BigInt.asUintN(128, this._state * 0x2360ed051fc65da44385df649fccf645n + this._step);
  }

  /** The next one, of 53 bits. */
  next() {
    this._turn();
    const word = BigInt.asUintN(64, (this._state >> 64n) ^ this._state), by = this._state >> 122n;
    const turned = BigInt.asUintN(64, (word >> by) | (word << (64n - by)));
    return Number(turned >> 11n) / 2 ** 53;
  }
}

/** With which probability each token comes: temperature, then the likeliest k, then those that together reach a share. */
export function nextProbabilities(scores, { temperature = 1, topK = null, topP = 1 } = {}) {
  const order = Array.from(scores.keys()).sort((a, b) => (scores[b] > scores[a] ? 1 : scores[b] < scores[a] ? -1 : a - b)).slice(0, topK ?? undefined);
  const shares = order.map((place) => Math.exp((scores[place] - scores[order[0]]) / temperature));
  const total = shares.reduce((all, value) => all + value, 0), found = new Float64Array(scores.length);
  let sum = 0, kept = 0;
  order.forEach((place, k) => {
    const value = shares[k] / total;
    sum += value;
    if (sum - value < topP) kept += found[place] = value;
  });
  return found.map((value) => value / kept);
}

/** Puts tokens together as they come, never half a character. */
export class TextWriter {
  /** @param {string} unit of the tokens  @param {{before: string[], after: string[]}} spacing of words */
  constructor(unit, spacing) {
    this._unit = unit;
    this._before = new Set(spacing.before);
    this._after = new Set(spacing.after);
    this._decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    this._last = this._spaces = "";
    this._begun = false;
  }

  /** What the next token of the line adds to the text, perhaps nothing yet. */
  add(token) {
    if (token === FILLER) return "";
    const text = this._added(token);
    this._begun ||= text !== "";
    return text;
  }

  /** What the end of a line adds. */
  line() {
    this._last = this._spaces = "";
    this._begun = false;
    return `${this._decoder.decode()}\n`;
  }

  /** What was still waiting when the text ends. */
  end() {
    return this._decoder.decode();
  }

  _added(token) {
    const unit = this._unit, last = this._last;
    if (unit === "byte") return this._decoder.decode(Uint8Array.of(parseInt(token, 16)), { stream: true });
    if (unit === "word" || unit === "space") {
      this._last = token;
      const glued = unit === "word" && (this._after.has(last) || this._before.has(token));
      return !last || glued ? token : ` ${token}`;
    }
    if (unit === "character") return token;
    const text = this._spaces + token.replaceAll(WORD_SPACE, " "), bare = text.replace(/ +$/, "");
    const shown = this._begun ? bare : bare.replace(/^ +/, "");
    this._spaces = this._begun || shown ? text.slice(bare.length) : "";
    return shown;
  }
}

/** A language model along a text. */
export class LanguageStream {
  /** @param {Model} model  @param {object} features of the plan */
  constructor(model, features) {
    this._features = features;
    this._reader = new TextReader(features.text);
    this._stream = model.open();
    this._open = [];  // tokens of the last line
    this._restart();
  }

  /**
   * Reads a text, or what is new of it; an empty line begins another one. The last line is open: it may go on, and where
   * spaces are tokens, one at its end is read.
   * @returns {{token: string, bits: number}[]} each token, and how unlikely it was
   */
  read(text) {
    const { line: mark } = this._features, lines = text.split("\n").map(plainLine);
    let found = [];
    this._open = [];
    lines.forEach((line, place) => {
      if (!line && place < lines.length - 1) [found, this._open] = [[], []];
      else if (line || found.length) {
        const tokens = line ? this._reader.tokens(line) : [];
        if (found.length) found.push({ token: "\n", id: mark });
        this._open = tokens;
        found.push(...tokens.map((token) => ({ token, id: this._reader.id(token) })));
      }
    });
    const space = { character: " ", byte: "20" }[this._features.text.settings.unit];
    if (space && this._open.length && /[^\n\S]$/.test(text)) {
      this._open = [...this._open, space];
      found.push({ token: space, id: this._reader.id(space) });
    }
    let same = 0;
    while (same < found.length && found[same].id === this._ids[same]) same++;
    this._back(same);
    for (const { id } of found.slice(this._ids.length)) this._follow(id);
    return found.map(({ token }, place) => ({ token, bits: this._bits[place] }));
  }

  /** The likeliest next tokens; the text of one is null for the end. */
  likeliest(count = 5) {
    const scores = this._barred(this._scores), order = Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b);
    return order.slice(0, count).map((id) => ({ token: this._spelled(id), probability: Math.exp(scores[id]) }));
  }

  /** How the text may go on, piece by piece; it is forgotten afterwards. The same seed draws the same. */
  *write({ tokens = 200, temperature, topK, topP, seed = 0 } = {}) {
    const { sampling, line, end, spacing, text } = this._features, stop = sampling.stop ?? [];
    const how = { temperature: temperature ?? sampling.temperature, topK: topK === undefined ? sampling.top_k : topK, topP: topP ?? sampling.top_p };
    const stream = this._stream.fork(), draws = new Draws(seed), writer = new TextWriter(text.settings.unit, spacing);
    for (const token of this._open) writer.add(token);
    let scores = this._scores, written = "", given = 0;
    try {
      for (let count = 0; count < tokens; count++) {
        const id = chosen(nextProbabilities(this._barred(scores), how), draws.next());
        if (id === end) break;
        written += id === line ? writer.line() : writer.add(this._reader.token(id));
        const cut = Math.min(...stop.map((each) => written.indexOf(each)).filter((place) => place >= 0));
        if (Number.isFinite(cut)) {
          yield written.slice(given, cut);
          return;
        }
        // what may be the beginning of a text that stops it waits
        const safe = written.length - Math.max(0, ...stop.map((each) => overlap(written, each)));
        if (safe > given) yield written.slice(given, safe);
        given = Math.max(given, safe);
        scores = stream.push(id);
      }
      yield written.slice(given) + writer.end();
    } finally {
      stream.close();
    }
  }

  _restart() {
    this._stream.reset();
    [this._ids, this._bits, this._saved] = [[], [], []];
    this._scores = this._stream.push(this._features.end);
  }

  /** To where so many tokens were read, or a little before. */
  _back(count) {
    if (count === this._ids.length) return;
    while (this._saved.length && this._saved.at(-1).count > count) this._saved.pop();
    const kept = this._saved.at(-1);
    if (!kept) return this._restart();
    this._stream.state = kept.state;
    this._scores = kept.scores;
    this._ids.length = this._bits.length = kept.count;
  }

  _follow(id) {
    this._bits.push(-this._scores[id] / Math.LN2);
    this._ids.push(id);
    this._scores = this._stream.push(id);
    if (this._ids.length % OFTEN === 0) this._saved.push({ count: this._ids.length, state: this._stream.state, scores: this._scores });
  }

  _barred(scores) {
    const found = Float64Array.from(scores);
    for (const id of this._features.unwritten) found[id] = -Infinity;
    return found;
  }

  _spelled(id) {
    const { line } = this._features;
    return id >= line ? (id === line ? "\n" : null) : this._reader.token(id).replaceAll(WORD_SPACE, " ");
  }
}

/** The first place from which on the shares reach more than a number. */
function chosen(shares, number) {
  const sums = new Float64Array(shares.length);
  shares.reduce((sum, value, place) => (sums[place] = sum + value), 0);
  return sums.findIndex((sum) => sum / sums.at(-1) > number);
}

/** How much of the end of a text may be the beginning of another. */
function overlap(text, other) {
  for (let size = Math.min(text.length, other.length - 1); size > 0; size--) if (text.endsWith(other.slice(0, size))) return size;
  return 0;
}
