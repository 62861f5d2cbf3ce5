/** What `npm run deploy` reports of the control plane: its Worker, and stores that must be the gateway's. Nothing is built. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  checkControlPlane,
  checkLedgerBinding,
  checkSharedStores,
} from "../../../../tools/deploy/check-control-plane.ts";
import { readTargets, type Target } from "../../../../tools/deploy/target.ts";
import { fillIn } from "./filled-in.ts";
import { problems } from "./findings.ts";

const CONTROL_PLANE = "control-plane/wrangler.toml";

let scratch: string;
/** The gateway's configuration and the control plane's. */
let toml: { gateway: string; controlPlane: string };
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "spillway-checks-"));
  const { config, controlConfig } = await fillIn(scratch);
  toml = { gateway: await readFile(config, "utf8"), controlPlane: await readFile(controlConfig, "utf8") };
}, 60_000);
afterAll(() => rm(scratch, { recursive: true, force: true }));

type Bend = (text: string) => string;

/** Changes only the production half of the file. */
const replaced =
  (from: string | RegExp, to: string): Bend =>
  (text) => {
    const at = text.indexOf("[env.production]");
    return text.slice(0, at) + text.slice(at).replace(from, to);
  };

/** Production of a configuration with one change. */
async function bent(which: keyof typeof toml, bend: Bend = (same) => same): Promise<Target> {
  const file = join(scratch, `${which}.toml`);
  await writeFile(file, bend(toml[which]));
  const { target } = await readTargets(file, "production");
  if (target === null) throw new Error(`${which} has no production`);
  return target;
}

describe("the ledger", () => {
  const worker = "spillway-control-production";

  it("is bound to the control plane of the same environment", async () => {
    expect(checkLedgerBinding(await bent("gateway"), worker).state).toBe("ok");
  });

  it.each([
    [
      "that of another environment",
      replaced('script_name = "spillway-control-production"', 'script_name = "spillway-control-staging"'),
      "ledger LEDGER: is bound to LedgerShard of spillway-control-staging; it must be LedgerShard of spillway-control-production",
    ],
    [
      "an object of the gateway",
      replaced('script_name = "spillway-control-production"', ""),
      "ledger LEDGER: is bound to LedgerShard of the gateway; it must be LedgerShard of spillway-control-production",
    ],
  ])("is refused: %s", async (_, bend, found) => {
    expect(problems([checkLedgerBinding(await bent("gateway", bend), worker)])).toEqual([found]);
  });

  it("may be left out, with a warning: the gateway serves without it", async () => {
    const target = await bent("gateway", replaced('name = "LEDGER"', 'name = "OTHER"'));
    expect(await checkControlPlane(target, CONTROL_PLANE)).toEqual({
      worker: null,
      findings: [expect.objectContaining({ state: "warning", message: expect.stringContaining("is not bound") })],
    });
  });
});

describe("the control plane's stores", () => {
  const stores = async (bend?: Bend) =>
    problems(checkSharedStores(await bent("gateway"), await bent("controlPlane", bend), CONTROL_PLANE));

  it("are the gateway's of the same environment", async () => {
    expect(await stores()).toEqual([]);
  });

  it.each([
    [
      "control plane: POLICIES is bound to 00000000000000000000000000000001; the gateway has 00000000000000000000000000000003",
      replaced('"00000000000000000000000000000003"', '"00000000000000000000000000000001"'),
    ],
    [
      "control plane: POLICIES is a placeholder; the gateway has 00000000000000000000000000000003",
      replaced('"00000000000000000000000000000003"', '"<the ID>"'),
    ],
    [
      "control plane: POLICIES is not bound: no rollout and no console could save the policy",
      replaced('binding = "POLICIES"', 'binding = "OTHER"'),
    ],
  ])("refused: %s", async (found, bend) => {
    expect(await stores(bend)).toEqual([found]);
  });
});
