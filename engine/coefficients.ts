/**
 * Printed by `node engine/build/fit-coefficients.ts`: minimax fits with coefficients rounded to f32, lowest degree first.
 * The errors are those of the rounded coefficients in double precision.
 */

/** e^x ≈ polynomial(x) for |x| ≤ ln 2 / 2; relative error ≤ 1.3e-7. */
export const EXP: readonly number[] = [1.00000012, 0.999999702, 0.499988943, 0.166675746, 0.0419153832, 0.0082976548];

/** erf(x) ≈ x · numerator(x²) / denominator(x²) for |x| ≤ ERF_LIMIT; absolute error ≤ 6.3e-8. */
export const ERF_NUMERATOR: readonly number[] = [
  1.12837923, 0.184543014, 0.052069135, 0.00353703042, 0.0002840792, 0.00000215645514,
];

export const ERF_DENOMINATOR: readonly number[] = [
  1, 0.496880263, 0.111772336, 0.0145119987, 0.0011148518, 0.0000391390204,
];

/** Beyond it erf(±ERF_LIMIT) is used; absolute error ≤ 1.1e-7 more. */
export const ERF_LIMIT = 3.75;
