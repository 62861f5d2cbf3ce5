/** The isolates that sent counts lately, by Cloudflare's location: state of the edge, breakers, queue, policy, model. Pure. */
import type { IsolateRow } from "../../formats/ledger/answer.ts";
import { shortModelId } from "../../formats/model-package/names.ts";
import { count } from "../report/numbers.ts";
import type { Table } from "../report/table.ts";

/** One row per location, with the largest number of isolates first. */
export function isolateTable(isolates: readonly IsolateRow[]): Pick<Table, "title" | "head" | "rows"> {
  const byPlace = Map.groupBy(isolates, ({ colo, shard }) => colo || shard);
  const places = [...byPlace].sort(([a, first], [b, second]) => second.length - first.length || a.localeCompare(b));
  return {
    title: "Isolates by location",
    head: ["location", "isolates", "edge", "breakers", "waiting", "policy", "model"],
    rows: places.map(([place, rows]) => [
      place,
      count(rows.length),
      tallied(rows.map(({ edgeState }) => edgeState)),
      breakersOf(rows),
      `${count(rows.reduce((sum, { queuedTexts }) => sum + queuedTexts, 0))} texts`,
      tallied(rows.map(({ policy }) => String(policy))),
      tallied(rows.map(modelOf)),
    ]),
  };
}

function modelOf({ model, candidate }: IsolateRow): string {
  if (candidate !== null) return `candidate ${shortModelId(candidate.model)}, ${candidate.state}`;
  return model === "" ? "none" : shortModelId(model);
}

/** "3 ready, 1 cold"; only the value where all have the same. */
function tallied(values: readonly string[]): string {
  const counts = [...Map.groupBy(values, (value) => value)].sort(([, a], [, b]) => b.length - a.length);
  if (counts.length === 1) return counts[0]?.[0] ?? "";
  return counts.map(([value, all]) => `${all.length} ${value}`).join(", ");
}

/** "all closed", or each breaker that is not: "origin:us-east-1 open in 2". */
function breakersOf(isolates: readonly IsolateRow[]): string {
  const states = isolates.flatMap(({ breakers }) => Object.entries(breakers));
  const notClosed = states.filter(([, state]) => state !== "closed").map(([name, state]) => `${name} ${state}`);
  if (notClosed.length === 0) return "all closed";
  return [...Map.groupBy(notClosed, (name) => name)].map(([name, all]) => `${name} in ${all.length}`).join(", ");
}
