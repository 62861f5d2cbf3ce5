/** Every bench. A new one is a file of its own and a line here. */
import type { Bench } from "./bench.ts";
import { coldBench } from "./cold/cold.ts";
import { decideBench } from "./decide/decide.ts";
import { edgeBench } from "./edge/edge.ts";
import { memoryBench } from "./memory/memory.ts";
import { spikeBench } from "./spike/spike.ts";
import { telemetryBench } from "./telemetry/telemetry.ts";

export const benches: readonly Bench[] = [edgeBench, memoryBench, coldBench, spikeBench, decideBench, telemetryBench];
