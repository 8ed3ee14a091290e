
/** Texts as the model reads them. */
export declare class TextReader {
  constructor(features: object);
  tokens(text: string): string[];
  id(token: string): number;
  token(id: number): string | undefined;
  knows(token: string): boolean;
  spelling(token: string): number[];
}
