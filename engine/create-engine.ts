/** The engine: one linear memory, in which one model at a time is loaded and run. */
import type { Model } from "./encoder/context.ts";
import { Encoder, EngineStateError, type Occupancy } from "./encoder/encoder.ts";
import { padSizes } from "./format/architecture.ts";
import type { Header } from "./format/header.ts";
import { matrixSizes, type SectionKind } from "./format/sections.ts";
import { type DotVariant, instantiateKernels, type Kernels } from "./kernels.ts";
import { WeightsLoader, type WeightsTarget } from "./load-weights.ts";
import { DEFAULT_MAX_MEMORY_BYTES, EngineMemory } from "./memory.ts";
import { planMemory } from "./plan-memory.ts";
import { hasRelaxedSimd, UnsupportedRuntimeError } from "./relaxed-simd.ts";

export interface EngineOptions {
  /** Upper bound of the linear memory; default 128 MiB. */
  maxMemoryBytes?: number;
  /** Overrides the choice of the dot product, for tests and measurements. */
  variant?: DotVariant;
  /** Wraps the kernels, for measurements. */
  instrument?: (kernels: Kernels) => Kernels;
}

export interface LoadOptions {
  /** Tokens of all texts of one run together, at most. */
  maxTokens: number;
}

/** Receives a weights file. */
export interface Loading {
  /** The file's next bytes, of any number. @throws WeightsError with one sentence if the file is not usable */
  write(chunk: Uint8Array): void;
  /** @throws WeightsError if bytes are missing */
  finish(): Encoder;
}

export interface Engine {
  /**
   * Begins to load a model. A model that is loaded stays usable until the new one's header has arrived and been accepted; then the
   * same memory serves the new one, and a load that fails leaves the engine without a model.
   * @throws UnsupportedRuntimeError if the runtime has no relaxed SIMD
   */
  load(options: LoadOptions): Loading;
  /** Bytes of the linear memory: 0 before the first model. */
  memoryBytes(): number;
  /** The linear memory, for a caller who watches when it is collected; null before the first model. */
  linearMemory(): WebAssembly.Memory | null;
}

/**
 * Creates an engine; it takes memory when the first model's header has arrived.
 * @param module the compiled engine.wasm
 */
export function createEngine(module: WebAssembly.Module, options: EngineOptions = {}): Engine {
  const memory = new EngineMemory(options.maxMemoryBytes ?? DEFAULT_MAX_MEMORY_BYTES);
  const occupancy: Occupancy = { model: null, run: null };
  const instrument = options.instrument ?? ((plain) => plain);
  let kernels: Kernels | null = null;
  let lastLoad: symbol | null = null;

  const prepare = (header: Header, maxTokens: number, load: symbol): WeightsTarget => {
    const plan = planMemory(header, maxTokens);
    const used = memory.atLeast(plan.totalBytes);
    occupancy.model = null;
    occupancy.run = null;
    lastLoad = load;
    kernels ??= instrument(instantiateKernels(module, used, options.variant ?? null));
    return { memory: used, kernels, plan };
  };

  return {
    load({ maxTokens }) {
      if (!hasRelaxedSimd()) throw new UnsupportedRuntimeError();
      const load = Symbol("load");
      let prepared = false;
      const loader = new WeightsLoader((header) => {
        prepared = true;
        return prepare(header, maxTokens, load);
      });
      const checkCurrent = () => {
        if (prepared && lastLoad !== load) throw new EngineStateError("Another load has begun to use the memory.");
      };
      return {
        write(chunk) {
          checkCurrent();
          loader.write(chunk);
        },
        finish() {
          checkCurrent();
          const { header, target } = loader.finish();
          const model = modelOf(header, target);
          occupancy.model = model;
          return new Encoder(model, occupancy);
        },
      };
    },
    memoryBytes: () => memory.bytes,
    linearMemory: () => memory.used,
  };
}

function modelOf({ architecture, sections }: Header, { memory, kernels, plan }: WeightsTarget): Model {
  const addresses = new Map(sections.map(({ kind, layer, offset }) => [`${kind} ${layer}`, plan.weights + offset]));
  const addressOf = (kind: SectionKind, layer = 0) => {
    const address = addresses.get(`${kind} ${architecture.sharesLayers ? 0 : layer}`);
    if (address === undefined) throw new Error(`The model has no section "${kind}" in layer ${layer}.`);
    return address;
  };
  return {
    architecture,
    sizes: padSizes(architecture),
    matrices: matrixSizes(architecture),
    kernels,
    memory,
    plan,
    addressOf,
  };
}
