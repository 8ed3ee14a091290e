
/** Texts as the model reads them. */
export declare class TextReader {
  constructor(features: object);
  tokens(text: string): string[];
  id(token: string): number;
  token(id: number): string | undefined;
}

/** A language model along a text. */
export declare class LanguageStream {
  constructor(model: Model, features: object);
  /** Reads a text, or what is new of it: each token, and how unlikely it was. */
  read(text: string): { token: string; bits: number }[];
  likeliest(count?: number): { token: string | null; probability: number }[];
  /** How the text may go on, piece by piece. */
  write(how?: { tokens?: number; temperature?: number; topK?: number | null; topP?: number; seed?: number | bigint }): Generator<string>;
}

/** Puts tokens together as they come. */
export declare class TextWriter {
  constructor(unit: string, spacing: { before: string[]; after: string[] });
  add(token: string): string;
  line(): string;
  end(): string;
}

/** The numbers of numpy.random.default_rng(seed).random(). */
export declare class Draws {
  constructor(seed: number | bigint);
  next(): number;
}
