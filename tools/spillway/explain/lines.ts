/** Pure. An explanation as lines of text, in columns. */
import { permittedIn } from "../../../gateway/decide/residency.ts";
import type { Route, SideRoute } from "../../../gateway/decide/route.ts";
import type { LongTextsPause } from "../../../gateway/sides.ts";
import type { Paint } from "../terminal/colors.ts";
import { tableLines } from "../terminal/table.ts";
import { wrapped } from "../terminal/wrap.ts";
import type { Explanation, RuleResult } from "./explanation.ts";
import type { Situation } from "./situation.ts";

const LABEL_WIDTH = 12;

export interface Shown {
  /** Where the policy and the token counts come from. */
  policyFrom: string;
  modelId: string;
  /** Why it is this country; null if the user selected it. */
  countryAssumed: string | null;
  paint: Paint;
  /** Of the terminal; null for no wrapping. */
  columns: number | null;
}

/** @returns the explanation as lines in the terminal's width */
export function explanationLines(situation: Situation, explanation: Explanation, shown: Shown): string[] {
  const { paint, columns } = shown;
  const facts = [
    labelled("policy", shown.policyFrom),
    labelled("text", describeText(situation, shown.modelId)),
    labelled("caller", describeCaller(situation, shown.countryAssumed)),
    labelled("arm", describeArm(explanation.arm, situation.policy.edge.share)),
    labelled("edge", describeEdge(situation)),
  ];
  const inWidth = (line: string) => wrapped(line, { columns, indent: LABEL_WIDTH });
  return [
    ...facts.flatMap(inWidth),
    ...originLines(situation, columns),
    "",
    ...ruleLines(explanation.ruleResults, paint, columns),
    "",
    ...consequenceLines(situation, explanation, paint).flatMap(inWidth),
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

function describeCaller({ text, splitBy }: Situation, assumed: string | null): string {
  const { country, isEu } = text.location;
  const why = assumed === null ? "" : ` (${assumed})`;
  return `country ${country ?? "unknown"}${isEu ? ", in the EU" : ""}${why}; split by ${splitBy}`;
}

function describeEdge({ conditions }: Situation): string {
  const { model, breakerAllows, queueMs, p95Ms } = conditions.edge;
  return [`model ${model}`, `${Math.round(queueMs)} ms in the queue`, breaker(breakerAllows), p95(p95Ms)].join("  ");
}

function originLines({ conditions, policy, text }: Situation, columns: number | null): string[] {
  const permitted = permittedIn(policy.residency, text.location);
  const rows = conditions.origins.map(({ name, weight, breakerAllows, p95Ms, longTextsPause }) => [
    name,
    `weight ${weight}`,
    breaker(breakerAllows),
    p95(p95Ms),
    permitted.origin(name) ? describePause(longTextsPause, text) : "forbidden by residency",
  ]);
  const lines = tableLines({ head: null, rows }, columns === null ? null : columns - LABEL_WIDTH).rows.flat();
  return lines.map((line, index) => labelled(index === 0 ? "origin" : "", line));
}

function describePause(pause: LongTextsPause | null, { bytes }: Situation["text"]): string {
  if (pause === null) return "";
  const { fromBytes } = pause;
  return bytes < fromBytes
    ? `texts from ${fromBytes} bytes are paused; this one has ${bytes}`
    : `paused for this text of ${bytes} bytes`;
}

const breaker = (allows: boolean) => `breaker ${allows ? "closed" : "open"}`;
const p95 = (ms: number | null) => `P95 ${ms === null ? "unknown" : `${Math.round(ms)} ms`}`;

/**
 * The gateway evaluates no rule after the one that decides. They are under a line that states it, and are dimmed: `within-share edge` must not
 * look like the decision where another rule sends the text to the origin.
 */
function ruleLines(ruleResults: readonly RuleResult[], paint: Paint, columns: number | null): string[] {
  const decidedAt = ruleResults.findIndex(({ decides }) => decides);
  const rows = ruleResults.map(({ because, result, decides, saw }, index) => {
    // It always holds. After another rule its words, that no rule excludes the edge, would be wrong.
    const isReached = index <= decidedAt;
    const isFallThrough = !isReached && because === "within-share";
    return [
      `${decides ? "→" : " "} ${because}`,
      isFallThrough ? "–" : (result ?? "–"),
      isFallThrough ? "applies only if no other rule does" : saw,
    ];
  });
  const lines = tableLines({ head: null, rows }, columns).rows;
  const reached = lines
    .slice(0, decidedAt + 1)
    .flatMap((row, index) => row.map((line) => (index === decidedAt ? paint("bold", line) : line)));
  const after = lines.slice(decidedAt + 1).flat();
  if (after.length === 0) return reached;
  const title = `  not evaluated, because ${ruleResults[decidedAt]?.because} decides:`;
  return [...reached, ...[title, ...after].map((line) => paint("dim", line))];
}

function consequenceLines(
  { conditions }: Situation,
  { route, fallback, hedge, shadow, ruleResults }: Explanation,
  paint: Paint,
): string[] {
  const lines = [labelled("decision", paint("bold", describe(route)))];
  const result = ruleResults.find(({ decides }) => decides)?.result;
  if (result === "origin" && route.side === "edge") {
    const isOpen = conditions.origins.every(({ breakerAllows }) => !breakerAllows);
    const why = isOpen ? "the origin's breaker is open" : "no origin accepts texts of this length for now";
    lines.push(labelled("", `${why}, and the edge accepts the text`));
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

/** For the report. */
function describeArm(arm: Explanation["arm"], sharePercent: number): string {
  if (arm === null) return `inside the share for ${sharePercent} % of requests, outside for the others`;
  return arm === "ineligible" ? "ineligible: not compared in the report" : `${arm} the share`;
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
