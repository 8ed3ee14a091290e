/** Sound as a model of sound reads it: at its own rate, hop by hop. */

const CROSSINGS = 48;  // of zero, of the sinc on either side
const CUTOFF = 0.95;   // of the half of the lower rate: what lies above would come back below
const BETA = 9;        // of Kaiser's window: -90 dB

/** The modified Bessel function of order 0. */
function bessel(x) {
  let sum = 1, term = 1;
  for (let k = 1; term > 1e-12 * sum; k++) sum += term *= (x / (2 * k)) ** 2;
  return sum;
}

const divisor = (a, b) => (b ? divisor(b, a % b) : a);

/** A stream of samples at another rate, through a low-pass, so that nothing is folded back. */
export class Resampler {
  /** @param {number} from samples per second that come  @param {number} to that are wanted */
  constructor(from, to) {
    const common = divisor(Math.round(from), Math.round(to)), band = CUTOFF * Math.min(1, to / from);
    this._up = Math.round(to) / common;
    this._down = Math.round(from) / common;
    this._half = this._up === this._down ? 0 : Math.ceil(CROSSINGS / band);
    const value = (t) => {
      const x = Math.PI * band * t, edge = Math.abs(t) / this._half;
      return edge >= 1 ? 0 : ((band * (x ? Math.sin(x) / x : 1)) * bessel(BETA * Math.sqrt(1 - edge * edge))) / bessel(BETA);
    };
    // one filter for each place that a sample may have between two others
    this._filters = Array.from({ length: this._half ? this._up : 0 }, (_, phase) =>
      Float64Array.from({ length: 2 * this._half }, (_, k) => value(k - this._half + 1 - phase / this._up)));
    this.reset();
  }

  /** Back to the beginning, silence before it. */
  reset() {
    this._kept = new Float64Array(Math.max(2 * this._half - 1, 0));
    this._place = 0;  // of the next sample, in parts of a sample that came, from the middle of what is kept
  }

  /** The samples that are whole by now; they come `half` samples later than they went in. */
  push(samples) {
    if (!this._half) return Float32Array.from(samples);
    const width = 2 * this._half, given = new Float64Array(this._kept.length + samples.length), found = [];
    given.set(this._kept);
    given.set(samples, this._kept.length);
    for (; ; this._place += this._down) {
      const begin = Math.floor(this._place / this._up);
      if (begin + width > given.length) break;
      const filter = this._filters[this._place % this._up];
      let sum = 0;
      for (let k = 0; k < width; k++) sum += filter[k] * given[begin + k];
      found.push(sum);
    }
    const gone = given.length - this._kept.length;
    this._kept = given.slice(gone);
    this._place -= gone * this._up;
    return Float32Array.from(found);
  }
}

/** Samples as they come, cut into hops. */
export class Hops {
  /** @param {number} size samples of a hop */
  constructor(size) {
    this._size = size;
    this._waiting = new Float32Array(0);
  }

  /** The hops that are whole by now. */
  push(samples) {
    const all = new Float32Array(this._waiting.length + samples.length), whole = Math.floor(all.length / this._size);
    all.set(this._waiting);
    all.set(samples, this._waiting.length);
    this._waiting = all.slice(whole * this._size);
    return Array.from({ length: whole }, (_, k) => all.slice(k * this._size, (k + 1) * this._size));
  }
}
