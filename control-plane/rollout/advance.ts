/** The state machine of a rollout. Pure: no clock, no storage, no policy store; `now` and everything else is in the event. */
import { lookAt } from "./look.ts";
import type { Advanced, Rollout, RolloutEvent } from "./types.ts";
import { askForPending, hasEnded, only, pendingWritten, rollBack } from "./writes.ts";

/**
 * What an event makes of a rollout. Store the rollout, and the look if there is one, then carry the actions out.
 * An event that does not apply leaves the rollout as it is.
 */
export function advance(rollout: Rollout, event: RolloutEvent): Advanced {
  switch (event.kind) {
    case "look":
      return lookAt(rollout, event);
    case "write-succeeded":
      return writeSucceeded(rollout, event);
    case "write-failed":
      return writeFailed(rollout, event);
    case "pause":
      return pause(rollout, event);
    case "resume":
      return resume(rollout, event);
    case "abort":
      return abort(rollout, event);
  }
}

type Command = Extract<RolloutEvent, { by: string }>;
type EventOf<Kind extends RolloutEvent["kind"]> = Extract<RolloutEvent, { kind: Kind }>;

function writeSucceeded(rollout: Rollout, { write, version, nowMs }: EventOf<"write-succeeded">): Advanced {
  if (rollout.pending?.number === write) return only(pendingWritten(rollout, version, nowMs));
  return only(rollout);
}

function writeFailed(rollout: Rollout, { write, problem }: EventOf<"write-failed">): Advanced {
  const { pending } = rollout;
  if (pending?.number !== write) return only(rollout);
  return only({ ...rollout, pending: { ...pending, lastProblem: problem } });
}

function pause(rollout: Rollout, { by }: Command): Advanced {
  if (rollout.state !== "running" && rollout.state !== "held") return refused(rollout, "paused");
  return only({ ...rollout, state: "paused", reason: `Paused by ${by}.` });
}

/** The times after which a rollout is paused begin anew. What was counted stays. */
function resume(rollout: Rollout, { by, nowMs }: Command): Advanced {
  if (rollout.state !== "paused") return refused(rollout, "resumed");
  return only({ ...rollout, state: "running", reason: `Resumed by ${by}.`, waitsSinceMs: nowMs });
}

function abort(rollout: Rollout, { by, nowMs }: Command): Advanced {
  if (hasEnded(rollout)) return refused(rollout, "aborted");
  const aborted = rollBack(rollout, "aborted", { reason: `Aborted by ${by}.`, present: null, nowMs });
  return { ...only(rollout), ...askForPending(aborted, rollout.policyVersion) };
}

function refused(rollout: Rollout, command: string): Advanced {
  const next: Record<string, string> = {
    paused: "Resume or abort it.",
    running: "Pause or abort it.",
    held: "It continues when its figures suffice. Pause or abort it.",
  };
  const advice = next[rollout.state] ?? "Start another one.";
  const problem = `Rollout #${rollout.id} is ${rollout.state} and cannot be ${command}. ${advice}`;
  return { ...only(rollout), refused: problem };
}
