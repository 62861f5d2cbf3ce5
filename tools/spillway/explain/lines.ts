/** Pure. An explanation for people, in columns. */
import { permittedIn } from "../../../gateway/decide/residency.ts";
import type { Route, SideRoute } from "../../../gateway/decide/route.ts";
import type { Paint } from "../terminal/colors.ts";
import type { Explanation, RuleResult } from "./explanation.ts";
import type { Situation } from "./situation.ts";

const LABEL_WIDTH = 12;
const RULE_WIDTH = 17;
const SIDE_WIDTH = 7;

/** `policyFrom` and `modelId` say where policy and counts come from. */
export function explanationLines(
  situation: Situation,
  explanation: Explanation,
  { policyFrom, modelId }: { policyFrom: string; modelId: string },
  paint: Paint,
): string[] {
  return [
    labelled("policy", policyFrom),
    labelled("text", textWords(situation, modelId)),
    labelled("caller", callerWords(situation)),
    labelled("edge", edgeWords(situation)),
    ...originLines(situation),
    "",
    ...ruleLines(explanation.ruleResults, paint),
    "",
    ...consequenceLines(situation, explanation, paint),
  ];
}

function labelled(label: string, words: string): string {
  return `${label.padEnd(LABEL_WIDTH)}${words}`;
}

function textWords({ text }: Situation, modelId: string): string {
  if (text.tokens === null || text.edgeRunMs === null) return "not counted: the isolate has no verified tokenizer";
  return `${text.tokens} tokens, ${Math.round(text.edgeRunMs)} ms at the edge, by ${shortModel(modelId)}`;
}

/** As in x-spillway-model. */
export function shortModel(modelId: string): string {
  const [name, digest = ""] = modelId.split("@");
  return `${name}@${digest.slice(0, 12)}`;
}

function callerWords({ text, splitBy }: Situation): string {
  const { country, isEu } = text.location;
  return `country ${country ?? "unknown"}${isEu ? ", in the EU" : ""}; split by ${splitBy}`;
}

function edgeWords({ conditions }: Situation): string {
  const { model, breakerAllows, queueMs, p95Ms } = conditions.edge;
  return [`model ${model}`, `${Math.round(queueMs)} ms in the queue`, breaker(breakerAllows), p95(p95Ms)].join("  ");
}

function originLines({ conditions, policy, text }: Situation): string[] {
  const permitted = permittedIn(policy.residency, text.location);
  const rows = conditions.origins.map(({ name, weight, breakerAllows, p95Ms }) => [
    name,
    `weight ${weight}`,
    breaker(breakerAllows),
    p95(p95Ms),
    permitted.origin(name) ? "" : "forbidden by residency",
  ]);
  return inColumns(rows).map((line, index) => labelled(index === 0 ? "origin" : "", line));
}

function inColumns(rows: readonly (readonly string[])[]): string[] {
  const widthAt = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widthAt(column)))
      .join("  ")
      .trimEnd(),
  );
}

const breaker = (allows: boolean) => `breaker ${allows ? "closed" : "open"}`;
const p95 = (ms: number | null) => `P95 ${ms === null ? "unknown" : `${Math.round(ms)} ms`}`;

/** What comes after the rule that decides is not asked any more. */
function ruleLines(ruleResults: readonly RuleResult[], paint: Paint): string[] {
  const decidedAt = ruleResults.findIndex(({ decides }) => decides);
  return ruleResults.map(({ because, says, decides, saw }, index) => {
    const line = `${decides ? "→" : " "} ${because.padEnd(RULE_WIDTH)}${(says ?? "–").padEnd(SIDE_WIDTH)} ${saw}`;
    return decides ? paint("bold", line) : index > decidedAt ? paint("dim", line) : line;
  });
}

function consequenceLines(
  { conditions }: Situation,
  { route, ifItFails, hedge, shadow, ruleResults }: Explanation,
  paint: Paint,
): string[] {
  const lines = [labelled("decision", paint("bold", describe(route)))];
  const says = ruleResults.find(({ decides }) => decides)?.says;
  if (says === "origin" && route.side === "edge") {
    lines.push(labelled("", "the origin's breaker is open, and the edge can take it"));
  }
  if (route.side === "edge" && conditions.edge.model === "cold") {
    lines.push(labelled("", "the caller waits until the model is loaded"));
  }
  if (route.side !== "refuse") {
    lines.push(labelled("on failure", ifItFails === null ? "no other side could take it" : describe(ifItFails)));
  }
  if (hedge !== null) lines.push(labelled("when slow", hedgeWords(hedge)));
  if (shadow !== null) lines.push(labelled("afterwards", shadowWords(shadow)));
  return lines;
}

function hedgeWords({ afterMs, route }: NonNullable<Explanation["hedge"]>): string {
  if (route === null) return "no hedge: the other side may not take it, or is not at hand";
  if (afterMs === null) return "no hedge while the P95 of the first side is unknown";
  return `after ${Math.round(afterMs)} ms also ${describe(route)}`;
}

function shadowWords({ sharePercent, route }: NonNullable<Explanation["shadow"]>): string {
  if (route === null) return "not compared: the other side may not take it, or has better things to do";
  return `in ${sharePercent} % of requests also to the ${place(route)}, to compare`;
}

function describe(route: Route): string {
  return route.side === "refuse" ? `refused, because ${route.because}` : `${place(route)}, because ${route.because}`;
}

function place(route: SideRoute): string {
  return route.side === "origin" ? `origin ${route.origin}` : "edge";
}
