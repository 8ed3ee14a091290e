/** Texts as the model reads them: the same tokens and numbers as gatelet.features.text. */
import { Subwords } from "./subwords.js";

const EMPTY = "\ufffd";
const SPACE = "\\s\\x1c-\\x1f\\x85";
const WORD = "\\p{L}\\p{N}_";
const INVISIBLE = "\\u00ad\\ufeff\\u200b\\u200e\\u200f\\u061c\\u202a-\\u202e\\u2060-\\u2064\\u2066-\\u2069";
const CONTROL = new RegExp(`[\\x00-\\x08\\x0e-\\x1b\\x7f-\\x84\\x86-\\x9f${INVISIBLE}]`, "gu");
const UNSPACED = "\\u2e80-\\u2fdf\\u3040-\\u30ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}";
const LETTER = `(?:(?![${UNSPACED}])(?:[${WORD}\\u200c]|(?![\\u{1ec00}-\\u{10ffff}])\\p{M}))`;
const MARK = `[^${WORD}${SPACE}]`;
const EMOJI = `${MARK}(?:[\\ufe0e\\ufe0f\\u{1f3fb}-\\u{1f3ff}\\u{e0020}-\\u{e007f}]|\\u200d${MARK})*`;
const TOKEN = new RegExp(`[${UNSPACED}]|${LETTER}+(?:['’]${LETTER}+)*|[\\u{1f1e6}-\\u{1f1ff}]{2}|${EMOJI}`, "gu");
const ASCII_TOKEN = /[A-Za-z0-9_]+(?:'[A-Za-z0-9_]+)*|[^A-Za-z0-9_\s\x1c-\x1f]/g;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});

/** CRC-32 of a text in UTF-8. */
function hashed(text) {
  let sum = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) sum = TABLE[(sum ^ byte) & 255] ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}

function plain(text) {
  const seen = text.replace(CONTROL, "");
  return /^[\x00-\x7f]*$/.test(seen) ? seen : seen.replace(/[\ud800-\udfff]/gu, EMPTY).normalize("NFC");
}

const parts = (text) => text.split(new RegExp(`[${SPACE}]+`, "u")).filter(Boolean);

const SPLITTERS = {
  word: (text) => plain(text).match(/^[\x00-\x7f]*$/.test(text) ? ASCII_TOKEN : TOKEN) ?? [],
  space: (text) => parts(text).map((part) => plain(part) || EMPTY),
  character: (text) => [...parts(plain(text)).join(" ")],
  byte: (text) => Array.from(new TextEncoder().encode(plain(text)), (byte) => byte.toString(16).padStart(2, "0")),
};

/** A line as it is read: plain, single spaces between words. */
export function plainLine(text) {
  return parts(plain(text)).join(" ");
}

export class TextReader {
  /** @param {{settings: object, tokens: string[], subwords?: object}} features */
  constructor(features) {
    const { subwords, tokens } = features;
    this._subwords = subwords && new Subwords(subwords, tokens);
    this._settings = features.settings;
    this._tokens = features.tokens;
    this._ids = new Map(features.tokens.map((token, place) => [token, 2 + place]));
  }

  /** The tokens of a text, at least one; of a text that is too long, both ends. */
  tokens(text) {
    const { lowercase, unit, max_length: most } = this._settings;
    const read = lowercase ? text.toLowerCase() : text, found = this._subwords ? this._subwords.pieces(plain(read)) : SPLITTERS[unit](read);
    if (found.length <= most) return found.length ? found : [EMPTY];
    const tail = Math.floor(most / 2);
    return [...found.slice(0, most - tail), ...(tail ? found.slice(-tail) : [])];
  }

  /** The number of a token: its own, or that of a bucket of the unknown. */
  id(token) {
    if (token === EMPTY) return 1;
    const { buckets } = this._settings;
    return this._ids.get(token) ?? (buckets ? 2 + this._tokens.length + (hashed(token) % buckets) : 1);
  }

  /** The text of a token by its number; undefined for one that stands for several. */
  token(id) {
    return this._tokens[id - 2];
  }

  /** Whether training has shown this token. */
  knows(token) {
    return this._ids.has(token);
  }

  /** Hashed sequences of 3 to 5 characters of a token, its edges marked. */
  spelling(token) {
    const { spelling_buckets: buckets } = this._settings;
    if (!buckets) return [];
    const edged = ["<", ...[...token].slice(0, 40), ">"];
    const found = new Set();
    for (const size of [3, 4, 5]) {
      for (let at = 0; at + size <= edged.length; at++) found.add(edged.slice(at, at + size).join(""));
    }
    return Array.from(found, (part) => hashed(part) % buckets).sort((a, b) => a - b);
  }
}
