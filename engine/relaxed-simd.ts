/** The kernels need the WebAssembly proposal "relaxed SIMD". V8 has it since 11.4, workerd without a flag, Node since 22. */

/** `(func (result v128) …)`: the dot product of two vectors, in a module of nothing else. */
const DOT_PRODUCT = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  // One function, () → v128.
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b],
  ...[0x03, 0x02, 0x01, 0x00],
  // i8x16.splat(0), twice, then i16x8.relaxed_dot_i8x16_i7x16_s.
  ...[0x0a, 0x0f, 0x01, 0x0d, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f, 0xfd, 0x92, 0x02, 0x0b],
);

/** The runtime cannot run the kernels: another engine has to serve the model. */
export class UnsupportedRuntimeError extends Error {
  constructor() {
    super(
      "This runtime has no relaxed SIMD, which the engine needs. Use another engine, or a runtime with V8 11.4 or later.",
    );
    this.name = "UnsupportedRuntimeError";
  }
}

/** @returns whether the runtime has relaxed SIMD; it compiles nothing, so it is allowed where code generation is not (Workers) */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(DOT_PRODUCT);
}
