/** Every bench. A new one is a file of its own and a line here. */
import type { Bench } from "./bench.ts";
import { edgeBench } from "./edge/edge.ts";
import { memoryBench } from "./memory/memory.ts";

export const benches: readonly Bench[] = [edgeBench, memoryBench];
