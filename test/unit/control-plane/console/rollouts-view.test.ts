/** The page of rollouts: what is missing, looks, and buttons that state their reason. */
import { describe, expect, it } from "vitest";
import type { Parts } from "../../../../control-plane/console/markup.ts";
import { NO_FIELDS, rolloutsParts, startForms } from "../../../../control-plane/console/rollouts-view.ts";
import type { Look } from "../../../../control-plane/rollout/types.ts";
import { armOf, lookAt, HELD as ROLLOUT, running, START_MS } from "../../../support/rollout.ts";

function lookOf(number: number, verdict: Look["verdict"]): Look {
  const { numbers } = lookAt(running(), { treatment: armOf(400, 100), control: armOf(400, 0) }).look ?? {};
  if (numbers === undefined) throw new Error("a look has numbers");
  const atMs = START_MS + (number - 1) * 60_000;
  return { number, atMs, step: "10 %", policyVersion: 6, verdict, reason: "Not decided.", numbers, missing: [] };
}

const textOf = async (parts: Parts) => (await Promise.all(Object.values(parts))).join("\n");

describe("rollouts", () => {
  const seen = { shown: ROLLOUT, looks: null, all: [ROLLOUT], halves: null };

  it("show what is missing and how long it takes, and a disabled button states its reason", async () => {
    const page = await textOf(rolloutsParts(seen, null));
    expect(page).toContain("400 texts of the inside arm <small>2 h at this pace</small>");
    expect(page).toContain('<form method="post" action="/rollouts/pause">');
    expect(page).toContain("<button disabled>Resume</button> <small>It is not paused.</small>");
  });

  it("show agreement with its lower bound, and a time that is missing once", async () => {
    const { numbers } = lookOf(1, "inconclusive");
    const agreement = { compared: 1000, disagreed: 4, atLeast: 0.001, atMost: 0.012 };
    const missing = [{ what: "32 min in this step", texts: null, ms: 1_920_000 }];
    const page = await textOf(
      rolloutsParts({ ...seen, shown: { ...ROLLOUT, numbers: { ...numbers, agreement }, missing } }, null),
    );
    expect(page).toMatch(
      /same label<small>of 1,000<\/small><\/th><td class="figure">99\.6 %<\/td><td class="figure">≥ 98\.8 %/,
    );
    expect(page).toContain("<li>32 min in this step</li>");
  });

  it("show no bound where a look had too few texts for one", async () => {
    const { numbers } = lookAt(running(), { treatment: armOf(0, 0), control: armOf(0, 0) }).look ?? {};
    if (numbers === undefined) throw new Error("a look has numbers");
    const agreement = { compared: 0, disagreed: 0, atLeast: 0, atMost: 1 };
    const boundsOf = async (found: Partial<typeof numbers>) =>
      textOf(rolloutsParts({ ...seen, shown: { ...ROLLOUT, numbers: { ...numbers, agreement, ...found } } }, null));
    const none = await boundsOf({});
    expect(none).toContain('P95, times</th><td class="figure">–</td><td class="figure">–</td>');
    expect(none).not.toMatch(/[≤≥] (–|0 %)|– to|– asked|NaN/);
    const half = await boundsOf({ p95Ratio: 0.9, p95RatioAtLeast: 0.4 });
    expect(half).toContain('P95, times</th><td class="figure">0.90</td><td class="figure">≥ 0.40</td>');
  });

  it("list what is missing once", async () => {
    const missing = ["a", "d"].map((what) => ({ what: `item-${what}`, texts: 1, ms: null }));
    const rollout = { ...ROLLOUT, reason: "Not decided. Missing: item-a; item-d.", missing };
    const page = await textOf(rolloutsParts({ ...seen, shown: rollout }, null));
    expect(page).toContain("<p>Not decided.</p>");
    expect(page).toContain("<li>item-d</li>");
  });

  it("have looks that judge the same in one row, which unfolds to all of them with their numbers", async () => {
    const looks = [0, 1, 2, 3].map((at) => lookOf(at + 1, at < 3 ? "inconclusive" : "successful"));
    const page = await textOf(rolloutsParts({ ...seen, looks: { id: 3, kind: "share", looks, max: null } }, null));
    expect(page).toMatch(
      /<th scope="row" class="figure">4<\/th>[\s\S]*successful[\s\S]*>1 to 3<\/th><td class="figure">2026-11-26 10:00 to 10:02<\/td>/,
    );
    expect(page).toMatch(
      /<details id="looks-1"><summary>3 looks with their numbers<\/summary><ol reversed><li value="3">/,
    );
    expect(page.match(/100 of 400 texts inside the share failed/g)).toHaveLength(4);
  });

  it("have as many looks as a page that is refreshed may have, and a link to all", async () => {
    const verdicts = ["inconclusive", "successful"] as const;
    const looks = Array.from({ length: 40 }, (_, at) => lookOf(at + 501, verdicts[Math.floor(at / 20)] ?? "failed"));
    const card = async (max: { rows: number; looks: number } | null) =>
      textOf(rolloutsParts({ ...seen, looks: { id: 3, kind: "share", looks, max } }, null));
    const bounded = await card({ rows: 1, looks: 10 });
    expect(bounded.match(/<li value=/g)).toHaveLength(10);
    expect(bounded).toContain('<a href="/rollouts/3">All 20</a>');
    expect(bounded).toContain('<a href="/rollouts/3">All looks of rollout 3</a>');
    expect(await card(null)).toContain('<a href="/rollouts/3?before=501">Looks before 501</a>');
  });

  it("cannot be changed with the read-only token, and each button states it", async () => {
    const page = await textOf({
      ...rolloutsParts(seen, "Read-only token."),
      forms: startForms(NO_FIELDS, [], "Read-only token."),
    });
    expect(page.match(/<button disabled>/g)).toHaveLength(5);
    expect(page.match(/Read-only token\./g)).toHaveLength(5);
    expect(page).not.toContain("<button class");
  });
});
