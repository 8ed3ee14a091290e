
/** What the package says of the model: inputs, outputs, features. */
export declare const about: {
  readonly task: string;
  readonly kind: "text" | "language" | "series" | "sound" | "numbers";
  readonly digest: string;
  readonly inputs: readonly object[];
  readonly outputs: readonly object[];
  readonly features: Readonly<Record<string, any>>;
};

/** The model, ready to open streams. */
export declare function load(): Promise<Model>;

export declare class Model {
  static load(binary: BufferSource | WebAssembly.Module, about: object): Promise<Model>;
  /** A new stream, at its beginning. */
  open(): Stream;
}

export declare class Stream {
  /** One step; what is missing is NaN. Throws TypeError where the frame does not fit. */
  push(frame: Frame): Answer;
  /** Back to the beginning. */
  reset(): void;
  /** Another stream that goes on from here. */
  fork(): Stream;
  /** Of a model of sound: the log-mel frame of the last step. */
  readonly spectrum: Float32Array | undefined;
  /** What the stream remembers. Setting it throws TypeError where it is of another model. */
  state: Uint8Array;
  /** Ends the stream. */
  close(): void;
}
