/** A runtime without relaxed SIMD is recognized before anything is loaded. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { createEngine } from "../../../engine/create-engine.ts";
import { hasRelaxedSimd, UnsupportedRuntimeError } from "../../../engine/relaxed-simd.ts";
import { engineModule } from "../../support/engine.ts";

/** Opcodes of `v128` begin with this byte. */
const SIMD_PREFIX = 0xfd;

/** Opcodes from 0x100 are relaxed SIMD: in two bytes of LEB128, the second is 2. */
function usesRelaxedSimd(module: Uint8Array): boolean {
  return module.some((byte, at) => byte === SIMD_PREFIX && (module[at + 1] ?? 0) >= 0x80 && module[at + 2] === 2);
}

afterEach(() => vi.restoreAllMocks());

describe("relaxed SIMD", () => {
  it("is found in this runtime, by a module that is valid and uses it", () => {
    const validate = vi.spyOn(WebAssembly, "validate");
    expect(hasRelaxedSimd()).toBe(true);
    const probe = validate.mock.calls[0]?.[0];
    expect(probe instanceof Uint8Array && usesRelaxedSimd(probe)).toBe(true);
  });

  it("that is missing is reported at load as a typed error, and no memory is used", () => {
    vi.spyOn(WebAssembly, "validate").mockImplementation(
      (bytes) => !(bytes instanceof Uint8Array && usesRelaxedSimd(bytes)),
    );
    const engine = createEngine(engineModule);
    expect(hasRelaxedSimd()).toBe(false);
    expect(() => engine.load({ maxTokens: 8 })).toThrow(UnsupportedRuntimeError);
    expect(engine.memoryBytes()).toBe(0);
  });
});
