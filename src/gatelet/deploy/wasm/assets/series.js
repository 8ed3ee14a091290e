/** Rows of a table as a forecaster reads them: the same numbers as gatelet.stream gives it. */

const FIXED = { us: 1e-3, s: 1e3, min: 6e4, h: 36e5, D: 864e5, W: 6048e5 };  // milliseconds
const MONTHS = { M: 1, Q: 3, Y: 12 };
const CYCLES = { "second of minute": 6e4, "minute of hour": 36e5, "hour of day": 864e5, "day of week": 6048e5 };

/** The rows of a CSV text as objects by the names of its head. */
export function parseCsv(text) {
  const rows = [];
  let row = [], cell = "", quoted = false;
  const end = () => { row.push(cell); cell = ""; };
  const close = () => { end(); if (row.length > 1 || row[0] !== "") rows.push(row); row = []; };
  for (let k = 0; k < text.length; k++) {
    const sign = text[k];
    if (quoted) {
      if (sign !== '"') cell += sign;
      else if (text[k + 1] === '"') { cell += '"'; k++; }
      else quoted = false;
    } else if (sign === '"' && cell === "") quoted = true;
    else if (sign === ",") end();
    else if (sign === "\n") close();
    else if (sign !== "\r") cell += sign;
  }
  if (cell !== "" || row.length) close();
  const [head, ...body] = rows;
  if (!head || !body.length) throw new Error("The table must have a line of names and at least one row.");
  return body.map((cells, line) => {
    if (cells.length !== head.length) throw new Error(`Line ${line + 2} must have ${head.length} columns; it has ${cells.length}.`);
    return Object.fromEntries(head.map((name, place) => [name.trim().replace(/^\ufeff/, ""), cells[place].trim()]));
  });
}

const number = (value) => (value === undefined || value === "" ? NaN : Number(value));

export class SeriesReader {
  /** @param {object} features of the plan  @param {string[]} inputs names of what a step reads */
  constructor(features, inputs) {
    this._schema = features.schema;
    this._features = features;
    this._inputs = inputs;
    const { unit } = this._schema.frequency;
    this.plainTimes = unit === "int" || unit === "rows";
  }

  /** Columns that the model reads, the time first. */
  get columns() {
    const { columns } = this._schema;
    return [columns.time, columns.target, ...columns.past, ...columns.future, ...columns.static];
  }

  /** The time of a row: milliseconds, or a whole number. */
  time(row) {
    const text = row[this._schema.columns.time];
    if (text === undefined) throw new Error(`The table must have a column "${this._schema.columns.time}".`);
    const digits = /^-?\d+$/.test(text) && this.plainTimes;
    // without a zone, times are what they say, wherever they are read
    const found = digits ? Number(text) : Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) || !/\d[ T]\d/.test(text) ? text : `${text.replace(" ", "T")}Z`);
    if (Number.isNaN(found)) throw new Error(`Column "${this._schema.columns.time}" must hold times like 2024-01-31 08:00; it holds "${text}".`);
    return found;
  }

  /** The time some steps later. */
  later(time, steps) {
    const { unit, step, at_end: atEnd } = this._schema.frequency;
    if (unit in MONTHS) {
      const from = new Date(time), months = steps * step * MONTHS[unit];
      const day = (date, by) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + by + (atEnd ? 1 : 0), atEnd ? 0 : 1);
      return day(from, months) + (time - day(from, 0));
    }
    if (unit === "B") {
      let at = time;
      for (let left = steps * step; left !== 0; ) {
        at += Math.sign(left) * FIXED.D;
        const weekday = new Date(at).getUTCDay();
        if (weekday !== 0 && weekday !== 6) left -= Math.sign(left);
      }
      return at;
    }
    const length = unit === "rows" && Math.abs(time) > 1e10 ? step / 1e3 : step * (FIXED[unit] ?? 1);
    return time + steps * length;
  }

  /** A frame for the model from a row, and the rows after it, of which the known covariates are read. What is missing is NaN. */
  frame(row, time, following = []) {
    const { columns } = this._schema, { horizon, series } = this._features;
    const ahead = Array.from({ length: horizon }, (_, k) => this._values(following[k] ?? {}, columns.future));
    const frame = {
      target: number(row[columns.target]),
      past: this._values(row, columns.past),
      known: this._values(row, columns.future),
      ahead: ahead.flat(),
      calendar: this._calendar(time),
      calendar_ahead: ahead.flatMap((_, k) => this._calendar(this.later(time, k + 1))),
      static: this._static(row),
      series: series.indexOf(row[columns.id] ?? "series") + 1,
    };
    return Object.fromEntries(this._inputs.map((name) => [name, frame[name]]));
  }

  _values(row, names) {
    return names.flatMap((name) => {
      const labels = this._schema.categories[name], value = row[name];
      if (!labels) return [number(value)];
      return labels.map((label) => (value === undefined || value === "" ? NaN : Number(value === label)));
    });
  }

  _static(row) {
    const { columns, categories, mean, std } = this._schema;
    return columns.static.flatMap((name) => this._values(row, [name]).map((value) => {
      const scaled = categories[name] ? value : (value - mean[name]) / std[name];
      return Number.isNaN(scaled) ? 0 : scaled;
    }));
  }

  _calendar(time) {
    return this._schema.calendar.flatMap((cycle) => {
      let phase;
      if (cycle === "day of year") {
        const year = new Date(time).getUTCFullYear(), begin = Date.UTC(year, 0);
        phase = (time - begin) / (Date.UTC(year + 1, 0) - begin);
      } else {
        const length = CYCLES[cycle], shifted = time + (cycle === "day of week" ? 3 * FIXED.D : 0);
        phase = (((shifted % length) + length) % length) / length;
      }
      return [Math.sin(2 * Math.PI * phase), Math.cos(2 * Math.PI * phase)];
    });
  }
}
