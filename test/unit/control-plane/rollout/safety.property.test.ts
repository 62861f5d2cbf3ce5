/** Whatever happens, in any order and at any pace: an inconclusive step is not shipped and not rolled back, a failed one is rolled back once. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { advance } from "../../../../control-plane/rollout/advance.ts";
import type { StepFigures } from "../../../../control-plane/rollout/figures.ts";
import type { PolicyValues, Rollout, RolloutEvent } from "../../../../control-plane/rollout/types.ts";
import { fuzzRuns } from "../../../support/fuzz.ts";
import {
  armOf,
  BEFORE,
  FAILING,
  goodFigures,
  goodFor,
  HOUR_MS,
  NO_TEXTS,
  START_MS,
  started,
  UNDECIDED,
} from "../../../support/rollout.ts";

type Seen = "good" | "undecided" | "failing" | "nothing";
type Move =
  | { kind: "look"; seen: Seen; minutes: number; write: "stored" | "lost" | "refused" }
  | { kind: "pause" | "resume" }
  | { kind: "abort" };

const look = fc.record({
  kind: fc.constant("look" as const),
  seen: fc.constantFrom<Seen>("good", "good", "undecided", "failing", "nothing"),
  minutes: fc.integer({ min: 1, max: 3000 }),
  write: fc.constantFrom("stored" as const, "stored" as const, "lost" as const, "refused" as const),
});
const command = fc.constantFrom<Move>({ kind: "pause" }, { kind: "resume" }, { kind: "resume" });
const moves = fc.array(fc.oneof({ weight: 5, arbitrary: look }, { weight: 1, arbitrary: command }), {
  minLength: 1,
  maxLength: 30,
});

const FIGURES: Record<Seen, (rollout: Rollout) => StepFigures> = {
  good: (rollout) => goodFigures(goodFor(rollout)),
  undecided: (rollout) =>
    goodFigures({ ...goodFor(rollout), ...(rollout.steps[rollout.step]?.part === 0.1 ? UNDECIDED : NO_TEXTS) }),
  failing: (rollout) => {
    const good = goodFor(rollout);
    const n = good.treatment?.n ?? 0;
    return goodFigures({ ...good, ...FAILING, treatment: armOf(n, n / 20, 0.5) });
  },
  nothing: () =>
    goodFigures({ ...NO_TEXTS, agreement: { compared: 0, disagreed: 0 }, coverage: null, lastTextMs: null }),
};

interface Written {
  version: number;
  values: PolicyValues;
  rolloutId: number | null;
}

/** The rollout, and the policy store that it writes to. */
function play(all: readonly Move[], { replayLooks = 0 } = {}) {
  const history: Written[] = [{ version: 3, values: BEFORE, rolloutId: null }];
  const present = () => history.at(-1) ?? { version: 3, values: BEFORE, rolloutId: null };
  const seen: { verdict: string; writes: number; rollout: Rollout }[] = [];
  let nowMs = START_MS;
  let rollout = started().rollout;
  const send = (event: RolloutEvent, write: "stored" | "lost" | "refused") => {
    const advanced = advance(rollout, event);
    ({ rollout } = advanced);
    for (const { number, values, expectedVersion, reason } of advanced.actions) {
      expect(reason.startsWith("rollout #1: ")).toBe(true);
      if (write === "refused" || expectedVersion !== present().version) {
        rollout = advance(rollout, { kind: "write-failed", nowMs, write: number, problem: "refused" }).rollout;
        continue;
      }
      const version = present().version + 1;
      history.push({ version, values, rolloutId: 1 });
      if (write === "stored")
        rollout = advance(rollout, { kind: "write-succeeded", nowMs, write: number, version }).rollout;
    }
    return advanced;
  };
  for (const move of all) {
    if (move.kind !== "look") {
      send({ kind: move.kind, nowMs, by: "ann" }, "stored");
      continue;
    }
    nowMs += move.minutes * 60_000;
    const before = history.length;
    for (let again = 0; again <= replayLooks; again++) {
      const figures = FIGURES[move.seen](rollout);
      const { look: judged } = send({ kind: "look", nowMs, policy: present(), figures }, move.write);
      if (judged !== null) seen.push({ verdict: judged.verdict, writes: history.length - before, rollout });
    }
  }
  // The store works again: what is pending gets written.
  for (let more = 0; more < 3; more++) {
    const figures = FIGURES.nothing(rollout);
    if (rollout.endedMs !== null) send({ kind: "look", nowMs, policy: present(), figures }, "stored");
  }
  return { history, seen, rollout };
}

const rollbacksIn = (history: readonly Written[]) => history.slice(1).filter(({ values }) => values.sharePercent === 0);

describe("for any order of looks, commands, lost and refused writes", () => {
  it("an inconclusive look writes nothing", () => {
    fc.assert(
      fc.property(moves, (all) => {
        for (const { verdict, writes } of play(all).seen) if (verdict === "inconclusive") expect(writes).toBe(0);
      }),
      fuzzRuns(60),
    );
  });

  it("a failed rollout is rolled back exactly once, and nothing is written after that", () => {
    fc.assert(
      fc.property(moves, (all) => {
        const { history, rollout, seen } = play(all);
        const isFailed = seen.some(({ verdict }) => verdict === "failed");
        expect(rollout.state === "failed").toBe(isFailed);
        expect(rollbacksIn(history)).toHaveLength(isFailed ? 1 : 0);
        if (isFailed) {
          expect(history.at(-1)?.values).toEqual(BEFORE);
          expect(rollout.pending).toBeNull();
        }
      }),
      fuzzRuns(60),
    );
  });

  it("an aborted rollout is rolled back exactly once, if anything was written", () => {
    fc.assert(
      fc.property(moves, fc.nat(30), (all, at) => {
        const { history, rollout } = play([...all.slice(0, at), { kind: "abort" }, ...all.slice(at)]);
        if (rollout.state !== "aborted") return;
        expect(rollbacksIn(history)).toHaveLength(history.length > 1 ? 1 : 0);
        expect(history.at(-1)?.values).toEqual(BEFORE);
      }),
      fuzzRuns(60),
    );
  });

  it("shares only rise, one step at a time, each after a successful look", () => {
    fc.assert(
      fc.property(moves, (all) => {
        const { history, seen } = play(all);
        const shares = history.map(({ values }) => values.sharePercent);
        const risen = shares.filter((share, index) => share > (shares[index - 1] ?? 0));
        expect([10, 50, 95, 100].slice(0, risen.length)).toEqual(risen);
        const successful = seen.filter(({ verdict }) => verdict === "successful").length;
        expect(risen.length - 1).toBeLessThanOrEqual(successful);
      }),
      fuzzRuns(60),
    );
  });

  it("looking at the same figures again changes no verdict of them and writes nothing more", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Seen>("undecided", "failing", "nothing"),
        fc.integer({ min: 1, max: 20 }),
        (figures, again) => {
          const first: Move = { kind: "look", seen: "nothing", minutes: 1, write: "stored" };
          const second: Move = { kind: "look", seen: figures, minutes: 120, write: "stored" };
          const once = play([first, second]);
          const often = play([first, second], { replayLooks: again });
          expect(often.history).toEqual(once.history);
          expect(often.rollout.state).toBe(once.rollout.state);
        },
      ),
      fuzzRuns(20),
    );
  });
});

it("the hours of a step are counted, not its looks", () => {
  const looks = (count: number): Move[] =>
    Array.from({ length: count }, () => ({
      kind: "look",
      seen: "good",
      minutes: Math.floor(50 / count),
      write: "stored",
    }));
  for (const count of [1, 5, 50]) {
    const { rollout } = play([{ kind: "look", seen: "nothing", minutes: 1, write: "stored" }, ...looks(count)]);
    expect(rollout.step, `${count} looks in ${HOUR_MS / 72_000} min`).toBe(0);
  }
});
