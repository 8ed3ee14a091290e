
/** The rows of a CSV text as objects by the names of its head. */
export declare function parseCsv(text: string): Record<string, string>[];

/** Rows of a table as the forecaster reads them. */
export declare class SeriesReader {
  constructor(features: object, inputs: readonly string[]);
  readonly columns: string[];
  readonly plainTimes: boolean;
  time(row: Record<string, string>): number;
  later(time: number, steps: number): number;
  /** `following`: the rows of the next times, in their order, as far as their known covariates are there. */
  frame(row: Record<string, string>, time: number, following?: readonly Record<string, string>[]): Inputs;
}
