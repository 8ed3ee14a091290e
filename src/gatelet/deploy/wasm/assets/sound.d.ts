
/** A stream of samples at another rate, through a low-pass. */
export declare class Resampler {
  constructor(from: number, to: number);
  push(samples: ArrayLike<number>): Float32Array;
  reset(): void;
}

/** Samples as they come, cut into hops. */
export declare class Hops {
  constructor(size: number);
  push(samples: ArrayLike<number>): Float32Array[];
}
