import { describe, expect, it } from "vitest";
import { policyEvents } from "../../../../gateway/record/events.ts";
import { parsePolicy } from "../../../../policies/parse.ts";
import type { PolicyInForce } from "../../../../policies/store.ts";

function stored(policy: object, problem: string | null = null): PolicyInForce {
  const parsed = parsePolicy(JSON.stringify(policy));
  if (!parsed.ok) throw new Error(parsed.problem);
  return { policy: parsed.policy, source: "kv", problem };
}

describe("the events of a policy change", () => {
  it.each([
    ["a newer version", { version: 8 }, [{ kind: "policy", version: 8, source: "kv" }]],
    [
      "other content under the same version",
      { version: 7, override: "edge" },
      [{ kind: "policy", version: 7, source: "kv" }],
    ],
    ["the same policy, read again", { version: 7 }, []],
  ])("%s", (_, policy, events) => {
    expect(policyEvents(stored(policy), stored({ version: 7 }))).toEqual(events);
  });

  it("report a problem when it appears and when it is gone", () => {
    const good = stored({ version: 7 });
    const bad = { ...good, problem: "not JSON" };
    expect(policyEvents(bad, good)).toEqual([{ kind: "policy-problem", problem: "not JSON" }]);
    expect(policyEvents(bad, bad)).toEqual([]);
    expect(policyEvents(good, bad)).toEqual([{ kind: "policy-problem", problem: null }]);
  });
});
