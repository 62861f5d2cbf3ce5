/** Pure. An explanation as lines of text, in columns. */
import { permittedIn } from "../../../gateway/decide/residency.ts";
import type { Route, SideRoute } from "../../../gateway/decide/route.ts";
import type { Paint } from "../terminal/colors.ts";
import type { Explanation, RuleResult } from "./explanation.ts";
import type { Situation } from "./situation.ts";

const LABEL_WIDTH = 12;
const RULE_WIDTH = 17;
const SIDE_WIDTH = 7;

/** @param sources where the policy and the token counts come from */
export function explanationLines(
  situation: Situation,
  explanation: Explanation,
  sources: { policyFrom: string; modelId: string },
  paint: Paint,
): string[] {
  return [
    labelled("policy", sources.policyFrom),
    labelled("text", describeText(situation, sources.modelId)),
    labelled("caller", describeCaller(situation)),
    labelled("edge", describeEdge(situation)),
    ...originLines(situation),
    "",
    ...ruleLines(explanation.ruleResults, paint),
    "",
    ...consequenceLines(situation, explanation, paint),
  ];
}

function labelled(label: string, text: string): string {
  return `${label.padEnd(LABEL_WIDTH)}${text}`;
}

function describeText({ text }: Situation, modelId: string): string {
  if (text.tokens === null || text.edgeRunMs === null) return "not counted: the isolate has no verified tokenizer";
  return `${text.tokens} tokens, ${Math.round(text.edgeRunMs)} ms at the edge, counted by ${shortModel(modelId)}`;
}

/** @returns the form of x-spillway-model */
export function shortModel(modelId: string): string {
  const [name, digest = ""] = modelId.split("@");
  return `${name}@${digest.slice(0, 12)}`;
}

function describeCaller({ text, splitBy }: Situation): string {
  const { country, isEu } = text.location;
  return `country ${country ?? "unknown"}${isEu ? ", in the EU" : ""}; split by ${splitBy}`;
}

function describeEdge({ conditions }: Situation): string {
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

/** The gateway does not evaluate the rules after the one that decides: they are dimmed. */
function ruleLines(ruleResults: readonly RuleResult[], paint: Paint): string[] {
  const decidedAt = ruleResults.findIndex(({ decides }) => decides);
  return ruleResults.map(({ because, result, decides, saw }, index) => {
    const line = `${decides ? "→" : " "} ${because.padEnd(RULE_WIDTH)}${(result ?? "–").padEnd(SIDE_WIDTH)} ${saw}`;
    return decides ? paint("bold", line) : index > decidedAt ? paint("dim", line) : line;
  });
}

function consequenceLines(
  { conditions }: Situation,
  { route, fallback, hedge, shadow, ruleResults }: Explanation,
  paint: Paint,
): string[] {
  const lines = [labelled("decision", paint("bold", describe(route)))];
  const result = ruleResults.find(({ decides }) => decides)?.result;
  if (result === "origin" && route.side === "edge") {
    lines.push(labelled("", "the origin's breaker is open, and the edge accepts the text"));
  }
  if (route.side === "edge" && conditions.edge.model === "cold") {
    lines.push(labelled("", "the caller waits until the model is loaded"));
  }
  if (route.side !== "refuse") {
    lines.push(
      labelled("on failure", fallback === null ? "no fallback: no other side accepts it" : describe(fallback)),
    );
  }
  if (hedge !== null) lines.push(labelled("when slow", describeHedge(hedge)));
  if (shadow !== null) lines.push(labelled("shadow", describeShadow(shadow)));
  return lines;
}

function describeHedge({ afterMs, route }: NonNullable<Explanation["hedge"]>): string {
  if (route === null) return "no hedge: the other side is forbidden or unavailable";
  if (afterMs === null) return "no hedge while the P95 of the first side is unknown";
  return `after ${Math.round(afterMs)} ms also ${describe(route)}`;
}

function describeShadow({ sharePercent, route }: NonNullable<Explanation["shadow"]>): string {
  if (route === null) return "no shadow: the other side is forbidden, unavailable or busy";
  return `${sharePercent} % of texts also to the ${place(route)} after the answer`;
}

function describe(route: Route): string {
  return route.side === "refuse" ? `refused, because ${route.because}` : `${place(route)}, because ${route.because}`;
}

function place(route: SideRoute): string {
  return route.side === "origin" ? `origin ${route.origin}` : "edge";
}
