/** Subwords as the model reads them: the same pieces as the library tokenizers gives, with what gatelet sets in it. */

const SPACE_SIGN = "\u2581";
const UNKNOWN_SIGN = "<unk>";

/** Pairs in the order of their ranks, of equal ones the first in the text. */
class Queue {
  constructor() {
    this._heap = [];
  }

  add(one) {
    const heap = this._heap;
    let at = heap.push(one) - 1;
    for (let above; at && before(one, heap[(above = (at - 1) >> 1)]); at = above) [heap[at], heap[above]] = [heap[above], one];
  }

  take() {
    const heap = this._heap, first = heap[0], last = heap.pop();
    if (!heap.length) return first;
    heap[0] = last;
    for (let at = 0, next; (next = 2 * at + 1) < heap.length; at = next) {
      if (next + 1 < heap.length && before(heap[next + 1], heap[next])) next++;
      if (!before(heap[next], last)) break;
      [heap[at], heap[next]] = [heap[next], last];
    }
    return first;
  }
}

const before = (a, b) => a.rank < b.rank || (a.rank === b.rank && a.place < b.place);

export class Subwords {
  /**
   * @param {{kind: string, merges?: number[], scores?: number[], punctuation: number[]}} described
   * @param {string[]} tokens in the order of their numbers
   */
  constructor(described, tokens) {
    this._punctuation = described.punctuation;
    this._tokens = tokens;
    this._ids = new Map(tokens.map((token, id) => [token, id]));
    this._split = described.kind === "bpe" ? this._merged : this._likeliest;
    if (described.kind === "bpe") {
      this._ranks = new Map();
      for (let k = 0; k < described.merges.length; k += 2) {
        const [left, right] = described.merges.slice(k, k + 2);
        this._ranks.set(`${left} ${right}`, { rank: k / 2, id: this._ids.get(tokens[left] + tokens[right]) });
      }
    } else {
      this._scores = described.scores;
      this._longest = Math.max(...tokens.map((token) => [...token].length));
      this._unknown = Math.min(...described.scores) - 10;
    }
  }

  /** The subwords of a plain text; an unknown character as itself. */
  pieces(text) {
    return text.split(UNKNOWN_SIGN).flatMap((part, place) => [...(place ? [UNKNOWN_SIGN] : []), ...this._words(part).flatMap((word) => this._split(word))]);
  }

  /** Words with the space before them as a sign; marks of punctuation, and each further space, alone. */
  _words(text) {
    if (!text) return [];
    const signed = text.replaceAll(" ", SPACE_SIGN), found = [];
    for (const word of (signed.startsWith(SPACE_SIGN) ? signed : SPACE_SIGN + signed).match(/\u2581?[^\u2581]+|\u2581/gu)) {
      let begun = "";
      for (const sign of word) {
        if (!this._isPunctuation(sign.codePointAt(0))) {
          begun += sign;
          continue;
        }
        if (begun) found.push(begun);
        found.push(sign);
        begun = "";
      }
      if (begun) found.push(begun);
    }
    return found;
  }

  /** Ranges are numbers in a row: where one begins, where it ends, ... */
  _isPunctuation(code) {
    let low = 0, high = this._punctuation.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this._punctuation[middle] <= code) low = middle + 1;
      else high = middle;
    }
    return low % 2 === 1;
  }

  /** Byte-pair encoding: the pair that was learned first is merged first. */
  _merged(word) {
    const signs = [...word], ids = signs.map((sign) => this._ids.get(sign)), next = signs.map((_, k) => k + 1), last = signs.map((_, k) => k - 1);
    const texts = signs.slice(), waiting = new Queue();
    const meet = (place) => {
      const other = next[place], pair = place >= 0 && other < ids.length ? this._ranks.get(`${ids[place]} ${ids[other]}`) : undefined;
      if (pair) waiting.add({ ...pair, place, left: ids[place], right: ids[other] });
    };
    ids.forEach((_, place) => meet(place));
    for (let found; (found = waiting.take()); ) {
      const { place, left, right, id } = found, other = next[place];
      if (texts[place] === "" || ids[place] !== left || other >= ids.length || ids[other] !== right) continue;  // merged since
      texts[place] += texts[other];
      texts[other] = "";
      ids[place] = id;
      next[place] = next[other];
      if (next[other] < ids.length) last[next[other]] = place;
      if (last[place] >= 0) meet(last[place]);
      meet(place);
    }
    return texts.filter(Boolean);
  }

  /** The cut that is likeliest in a unigram model; unknown characters that follow each other are one piece. */
  _likeliest(word) {
    const signs = [...word], count = signs.length;
    const best = Array.from({ length: count + 1 }, () => ({ score: 0, from: -1, known: true }));
    const reach = (end, score, from, known) => {
      if (best[end].from < 0 || score > best[end].score) best[end] = { score, from, known };
    };
    for (let from = 0; from < count; from++) {
      let single = false, text = "";
      for (let end = from + 1; end <= Math.min(count, from + this._longest); end++) {
        text += signs[end - 1];
        const id = this._ids.get(text);
        if (id === undefined) continue;
        reach(end, this._scores[id] + best[from].score, from, true);
        single ||= end === from + 1;
      }
      if (!single) reach(from + 1, this._unknown + best[from].score, from, false);
    }
    const found = [];
    for (let end = count, open = false; end > 0; end = best[end].from) {
      const { from, known } = best[end], text = signs.slice(from, end).join("");
      if (!known && open) found[0] = text + found[0];
      else found.unshift(text);
      open = !known;
    }
    return found;
  }
}
