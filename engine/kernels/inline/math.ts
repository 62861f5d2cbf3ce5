// Functions of one vector. Their coefficients come from engine/build/fit-coefficients.ts.
import {
  erfDenominator0,
  erfDenominator1,
  erfDenominator2,
  erfDenominator3,
  erfDenominator4,
  erfDenominator5,
  erfLimit,
  erfNumerator0,
  erfNumerator1,
  erfNumerator2,
  erfNumerator3,
  erfNumerator4,
  erfNumerator5,
  exp0,
  exp1,
  exp2,
  exp3,
  exp4,
  exp5,
  expHighest,
  expLowest,
  geluTanhCubic,
  geluTanhLinear,
  half,
  log2e,
  minusErfLimit,
  minusLn2,
  minusTwo,
  one,
  roundingBias,
  sqrtHalf,
  two,
} from "./constants";
import { madd } from "./vector";

/** e^x for x ≤ 87: 2^n · polynomial(x − n ln 2). Below −87 it is e^−87. */
export function expOf(x: v128): v128 {
  const bounded = f32x4.pmax(expLowest(), x);
  const shifted = madd(bounded, log2e(), roundingBias());
  const rest = madd(f32x4.sub(shifted, roundingBias()), minusLn2(), bounded);
  let p = madd(rest, exp5(), exp4());
  p = madd(p, rest, exp3());
  p = madd(p, rest, exp2());
  p = madd(p, rest, exp1());
  p = madd(p, rest, exp0());
  return i32x4.add(p, i32x4.shl(shifted, 23));
}

/** x · Φ(x), Φ by erf as a ratio of two polynomials in x². */
export function geluErfOf(x: v128): v128 {
  const t = f32x4.pmax(minusErfLimit(), f32x4.pmin(erfLimit(), f32x4.mul(x, sqrtHalf())));
  const u = f32x4.mul(t, t);
  let p = madd(u, erfNumerator5(), erfNumerator4());
  let q = madd(u, erfDenominator5(), erfDenominator4());
  p = madd(p, u, erfNumerator3());
  q = madd(q, u, erfDenominator3());
  p = madd(p, u, erfNumerator2());
  q = madd(q, u, erfDenominator2());
  p = madd(p, u, erfNumerator1());
  q = madd(q, u, erfDenominator1());
  p = madd(p, u, erfNumerator0());
  q = madd(q, u, erfDenominator0());
  const h = f32x4.mul(x, half());
  return madd(h, f32x4.div(f32x4.mul(p, t), q), h);
}

/** x · (1 + tanh(y)) / 2 = x / (1 + e^−2y), y = √(2/π) · (x + 0.044715 x³). */
export function geluTanhOf(x: v128): v128 {
  const y = f32x4.mul(x, madd(f32x4.mul(x, x), geluTanhCubic(), geluTanhLinear()));
  const power = expOf(f32x4.pmin(expHighest(), f32x4.mul(y, minusTwo())));
  return f32x4.div(x, f32x4.add(one(), power));
}

/** 1 − 2 / (1 + e^2x). */
export function tanhOf(x: v128): v128 {
  const power = expOf(f32x4.pmin(expHighest(), f32x4.mul(x, two())));
  return f32x4.sub(one(), f32x4.div(two(), f32x4.add(one(), power)));
}
