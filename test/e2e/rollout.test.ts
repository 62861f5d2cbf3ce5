/** One system that is steered: rollouts with the commands of the guide, then models by hand. It ends when its gateway dies. */
import { afterAll, beforeAll } from "vitest";
import { modelTests } from "./parts/models.ts";
import { rolloutTests } from "./parts/rollouts.ts";
import { type Running, start } from "./support/system.ts";

let system: Running;
beforeAll(async () => {
  system = await start();
});
afterAll(() => system?.stop());

rolloutTests(() => system);
modelTests(() => system);
