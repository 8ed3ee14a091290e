/** A model as WebAssembly, and the streams that it follows: each with a state of its own, all with the same weights. */

const ARRAYS = { float: Float32Array, double: Float64Array, int32_t: Int32Array, int16_t: Int16Array };
const MAGIC = [0x47, 0x4c, 0x57, 0x53];  // "GLWS", before the digest of the plan
const HEAD = 36;

/** The numbers of a frame in one row, whatever arrays are in arrays. */
function flat(value) {
  if (typeof value === "number") return [value];
  if (value == null || typeof value !== "object" || typeof value.length !== "number") throw new TypeError("A value of a frame must be a number or an array of numbers.");
  return Array.prototype.some.call(value, (part) => typeof part !== "number") ? Array.from(value).flatMap(flat) : value;
}

/** The numbers of an input of any length, and how long its axes are; shorter rows are filled up with -1. */
function rows({ name, shape }, value) {
  if (shape.length < 2) {
    const values = flat(value);
    return { values, sizes: [values.length] };
  }
  const parts = Array.from(value, flat), fixed = shape[1];
  const width = typeof fixed === "number" ? fixed : Math.max(0, ...parts.map((part) => part.length));
  const wrong = typeof fixed === "number" && parts.find((part) => part.length !== fixed);
  if (wrong) throw new TypeError(`A row of "${name}" of a frame must have ${fixed} numbers; it has ${wrong.length}.`);
  return { values: parts.flatMap((part) => [...part, ...Array(width - part.length).fill(-1)]), sizes: [parts.length, width] };
}

export class Model {
  /** @param {BufferSource | WebAssembly.Module} binary  @param {object} about what `model.js` says of inputs and outputs */
  static async load(binary, about) {
    const module = binary instanceof WebAssembly.Module ? binary : await WebAssembly.compile(binary);
    return new Model(await WebAssembly.instantiate(module, {}), about);
  }

  constructor(instance, about) {
    this.about = about;
    this._calls = instance.exports;
    this._end = instance.exports.__heap_base.value;
    this._free = [];
    this._stateSize = this._calls.model_state_size();
    this._inputs = about.inputs.map((port) => ({ ...port, room: port.byValue ? 0 : Math.max(port.size, 64) }));
    for (const port of this._inputs) port.place = port.byValue ? 0 : this._take(port.room * ARRAYS[port.type].BYTES_PER_ELEMENT);
    // what the page of a model of sound looks at is the last argument, where it is no output anyway
    const { outputs, spectrum } = about, extra = spectrum && outputs.every((port) => port.name !== spectrum.name) ? [spectrum] : [];
    this._outputs = [...outputs, ...extra].map((port) => ({ ...port, place: this._take(port.size * ARRAYS[port.type].BYTES_PER_ELEMENT) }));
  }

  /** A new stream, at its beginning. */
  open() {
    return new Stream(this, this._free.pop() ?? this._take(this._stateSize));
  }

  /** Room in the memory of the module, which grows where it must. */
  _take(bytes) {
    const place = Math.ceil(this._end / 16) * 16;
    this._end = place + bytes;
    const { memory } = this._calls;
    const lacking = this._end - memory.buffer.byteLength;
    if (lacking > 0) memory.grow(Math.ceil(lacking / 65536));
    return place;
  }

  _view(port, count = port.size) {
    return new ARRAYS[port.type](this._calls.memory.buffer, port.place, count);
  }

  /** The arguments of a step for one input; its numbers are put in place, and `lengths` learns of its axes of any length. */
  _argument(port, frame, lengths) {
    const { values, sizes } = port.size ? { values: flat(frame) } : rows(port, frame);
    if (port.size && values.length !== port.size) {
      throw new TypeError(`"${port.name}" of a frame must have ${port.size} numbers; it has ${values.length}.`);
    }
    if (port.byValue) return [values[0]];
    if (sizes?.some((size) => size > 65535)) throw new TypeError(`"${port.name}" of a frame must have at most 65535 numbers; it has ${values.length}.`);
    if (values.length > port.room) {
      port.room = 2 * values.length;
      port.place = this._take(port.room * ARRAYS[port.type].BYTES_PER_ELEMENT);
    }
    this._view(port, values.length).set(values);
    port.shape.forEach((axis, place) => {
      if (typeof axis === "number") return;
      lengths[axis] ??= sizes[place];
      if (lengths[axis] !== sizes[place]) throw new TypeError(`"${port.name}" of a frame must have ${lengths[axis]} rows; it has ${sizes[place]}.`);
    });
    return [port.place, ...port.counted.map((place) => sizes[place])];
  }

  _step(state, frame) {
    const inputs = this._inputs;
    const single = inputs.length === 1 && (typeof frame === "number" || frame == null || !(inputs[0].name in Object(frame)));
    const lengths = {};
    const given = inputs.flatMap((port) => this._argument(port, single ? frame : frame[port.name], lengths));
    if (this._calls.model_step(state, ...given, ...this._outputs.map((port) => port.place))) {
      throw new RangeError(`A text must have from 1 to ${this.about.most} rows; it has ${Object.values(lengths)[0]}.`);
    }
    const count = (port) => port.shape.reduce((product, axis) => product * (lengths[axis] ?? axis), 1);
    const told = this._outputs.slice(0, this.about.outputs.length);
    const found = told.map((port) => (port.shape.length ? this._view(port, count(port)).slice() : this._view(port)[0]));
    if (found.length === 1) return found[0];
    return Object.fromEntries(told.map((port, place) => [port.name, found[place]]));
  }

  /** The log-mel frame of the step before. */
  _spectrum() {
    const { spectrum } = this.about;
    return spectrum && this._view(this._outputs.find((port) => port.name === spectrum.name)).slice();
  }
}

export class Stream {
  constructor(model, place) {
    /** Of a model of sound: the log-mel frame of the last step. */
    this.spectrum = undefined;
    this._model = model;
    this._place = place;
    this.reset();
  }

  /** One step: a frame is a value for each input, by name, or the value itself where there is one input. */
  push(frame) {
    const answer = this._model._step(this._living(), frame);
    this.spectrum = this._model._spectrum();
    return answer;
  }

  /** Back to the beginning. */
  reset() {
    this._model._calls.model_reset(this._living());
  }

  /** Another stream that goes on from here. */
  fork() {
    const other = this._model.open();
    other.state = this.state;
    return other;
  }

  /** What the stream remembers, as bytes that belong to this model. */
  get state() {
    const { _calls, _stateSize, about } = this._model;
    const blob = new Uint8Array(HEAD + _stateSize);
    blob.set(MAGIC);
    blob.set(about.digest.match(/../g).map((pair) => parseInt(pair, 16)), MAGIC.length);
    blob.set(new Uint8Array(_calls.memory.buffer, this._living(), _stateSize), HEAD);
    return blob;
  }

  set state(blob) {
    const own = this.state;
    const head = blob instanceof Uint8Array && blob.length === own.length && own.subarray(0, HEAD).every((byte, k) => byte === blob[k]);
    if (!head) throw new TypeError("The state must be of this model; it is of another one, or damaged.");
    new Uint8Array(this._model._calls.memory.buffer, this._place, own.length - HEAD).set(blob.subarray(HEAD));
  }

  /** Ends the stream; its memory goes to the next one that is opened. */
  close() {
    this._model._free.push(this._living());
    this._place = undefined;
  }

  _living() {
    if (this._place === undefined) throw new TypeError("The stream must be open; it was closed.");
    return this._place;
  }
}
