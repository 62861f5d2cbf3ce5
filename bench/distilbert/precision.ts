/** The two ways a layer's weights enter the graph. */
export interface Precision {
  /** rows · W + b on the last axis. `gain` 1 keeps the variance of the rows. @returns the output's name */
  dense(rows: string, name: string, inputs: number, outputs: number, gain: number): string;
  /** Rows of a table by their numbers. */
  embed(ids: string, name: string, rows: number, width: number): string;
}

/** Standard deviation of embedding rows; LayerNormalization follows, so only the ratios among tables matter. */
export const EMBEDDING_DEVIATION = 0.05;
export const BIAS_DEVIATION = 0.02;
