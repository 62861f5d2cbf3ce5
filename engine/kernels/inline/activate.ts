import { geluErfOf, geluTanhOf, tanhOf } from "./math";

/** Replaces each f32 from `x` to `end` by its activation: 1 GELU by erf, 2 GELU by tanh, 3 ReLU, 4 tanh. Steps of 16 bytes. */
export function activate(x: usize, end: usize, activation: i32): void {
  if (activation === 1) {
    for (let p = x; p < end; p += 16) v128.store(p, geluErfOf(v128.load(p)));
  } else if (activation === 2) {
    for (let p = x; p < end; p += 16) v128.store(p, geluTanhOf(v128.load(p)));
  } else if (activation === 3) {
    for (let p = x; p < end; p += 16) v128.store(p, f32x4.pmax(f32x4.splat(0), v128.load(p)));
  } else if (activation === 4) {
    for (let p = x; p < end; p += 16) v128.store(p, tanhOf(v128.load(p)));
  }
}
