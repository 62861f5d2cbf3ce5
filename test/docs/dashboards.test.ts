/** The dashboard and the alert rules ask for metrics, attributes and codes that exist, and each rule names a section of the runbook. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { INSTRUMENTS, type Instrument } from "../../gateway/telemetry/instruments.ts";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

const panelSchema = z.object({
  title: z.string().min(1),
  type: z.string(),
  description: z.string().optional(),
  targets: z.array(z.object({ expr: z.string(), legendFormat: z.string() })).default([]),
});
const dashboard = z.object({ panels: z.array(panelSchema) }).parse(JSON.parse(read("docs/dashboards/spillway.json")));
const ruleSchema = z.strictObject({
  alert: z.string().regex(/^Spillway[A-Z]\w+$/),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({ severity: z.enum(["page", "ticket"]) }),
  annotations: z.strictObject({ summary: z.string(), runbook: z.string() }),
});
const rulesSchema = z.object({ groups: z.array(z.object({ rules: z.array(ruleSchema) })) });
const rules = rulesSchema.parse(parse(read("docs/dashboards/alerts.yaml"))).groups.flatMap((group) => group.rules);

const underscored = (name: string) => name.replaceAll(".", "_");

/** As Prometheus translates OTLP: https://prometheus.io/docs/guides/opentelemetry/#utf-8 and the Collector's prometheus translator. */
function prometheusName({ name, unit, type }: Instrument): string {
  const suffix = { s: "_seconds", By: "_bytes", "1": type === "gauge" ? "_ratio" : "" }[unit] ?? "";
  return `${underscored(name)}${suffix}${type === "counter" ? "_total" : ""}`;
}
const instruments = new Map<string, Instrument>(Object.values(INSTRUMENTS).map((one) => [prometheusName(one), one]));

interface Selector {
  metric: string;
  /** Attribute → the values that it is compared with. */
  labels: Map<string, readonly string[]>;
}

/** The metrics of a query, each with its matchers, and the labels that it groups by. */
function readQuery(expr: string): { selectors: Selector[]; grouped: string[]; rest: string } {
  const selectors = [...expr.matchAll(/\b((?:spillway|http_server)_\w+)(?:\{([^}]*)\})?(?=\[|\)|\s|,|$)/g)];
  const outside = expr.replaceAll(/\{[^}]*\}/g, "");
  const grouped = [...outside.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = ""]) => labels.split(/,\s*/));
  const metrics = selectors.filter(([, name = ""]) => !grouped.includes(name));
  return {
    selectors: metrics.map(([, metric = "", matchers = ""]) => {
      const matched = [...matchers.matchAll(/(\w+)(?:=~|!=|=)"([^"]*)"/g)];
      return { metric, labels: new Map(matched.map(([, label = "", values = ""]) => [label, values.split("|")])) };
    }),
    grouped: grouped.filter((label) => label !== ""),
    rest: outside,
  };
}

/** Sides, results and reasons as the pages name them: in backquotes. */
const named = new Set(
  ["docs/reference/codes.md", "docs/reference/telemetry.md", "docs/reference/telemetry-spans.md"].flatMap((page) =>
    [...read(page).matchAll(/`([^`\s]+)`/g)].map(([, code = ""]) => code),
  ),
);

/** What is wrong with a query; empty if nothing is. */
function problemsOf(expr: string): string[] {
  const { selectors, grouped, rest } = readQuery(expr);
  if (selectors.length === 0) return ["no metric"];
  const count = (character: string) => expr.split(character).length;
  if (count("(") !== count(")")) return ["brackets"];
  const known = new Set(selectors.flatMap(({ metric }) => instruments.get(metric)?.attributes.map(underscored) ?? []));
  return [
    ...selectors.flatMap(({ metric, labels }) => {
      const instrument = instruments.get(metric);
      if (instrument === undefined) return [`no metric ${metric}`];
      const unknown = [...labels.keys()].filter((label) => !instrument.attributes.map(underscored).includes(label));
      const codes = [...labels.values()].flat().filter((code) => !["", "true", "false", "ok"].includes(code));
      return [
        ...unknown.map((label) => `${metric} has no attribute ${label}`),
        ...codes.filter((code) => !named.has(code)).map((code) => `no code ${code}`),
      ];
    }),
    ...grouped.filter((label) => !known.has(label)).map((label) => `no attribute ${label}`),
    ...(/histogram_(quantile|count)/.test(rest) &&
    !selectors.some(({ metric }) => instruments.get(metric)?.type === "histogram")
      ? ["no histogram"]
      : []),
  ];
}

const queries = dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const));

describe("the dashboard", () => {
  it.each(queries)("%s: %s", (_, expr) => {
    expect(problemsOf(expr)).toEqual([]);
  });

  it("shows every metric that is exported, but for the model's name and the texts' length", () => {
    const shown = new Set(queries.flatMap(([, expr]) => readQuery(expr).selectors.map(({ metric }) => metric)));
    const missing = [...instruments.keys()].filter((name) => !shown.has(name));
    expect(missing.toSorted()).toEqual(["spillway_model_info_ratio", "spillway_tokens"]);
  });

  it("has a description for each panel, and labels in its legends that the query has", () => {
    for (const { title, type, description, targets } of dashboard.panels) {
      expect(type === "row" || description !== undefined, title).toBe(true);
      for (const { expr, legendFormat } of targets) {
        const labels = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = ""]) => label);
        for (const label of labels) expect(expr).toContain(label);
      }
    }
  });
});

describe("the alert rules", () => {
  const anchors = [...read("docs/guide/operations.md").matchAll(/^## (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^a-z0-9 -]/g, "")
      .replaceAll(" ", "-"),
  );

  it.each(rules.map(({ alert, expr }) => [alert, expr] as const))("%s: %s", (_, expr) => {
    expect(problemsOf(expr)).toEqual([]);
  });

  it("each name a section of the runbook, and no two have one name", () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { alert, annotations } of rules) {
      const [page, anchor] = annotations.runbook.split("#");
      expect([alert, page, anchors.includes(anchor ?? "")]).toEqual([alert, "docs/guide/operations.md", true]);
    }
  });

  it("are all in the runbook's list", () => {
    const runbook = read("docs/guide/operations.md");
    expect(rules.map(({ alert }) => alert).filter((alert) => !runbook.includes(`\`${alert}\``))).toEqual([]);
  });
});

describe("a query is refused", () => {
  it.each([
    ["of a metric that does not exist", "sum(rate(spillway_request_total[5m]))", "no metric spillway_request_total"],
    [
      "of an attribute",
      'sum(rate(spillway_requests_total{spillway_side="edge"}[5m]))',
      "spillway_requests_total has no attribute spillway_side",
    ],
    ["of a code", 'sum(rate(spillway_requests_total{spillway_because="edge-bussy"}[5m]))', "no code edge-bussy"],
    [
      "that groups by nothing that exists",
      "sum by (spillway_origin) (rate(spillway_requests_total[5m]))",
      "no attribute spillway_origin",
    ],
    ["of a quantile of a counter", "histogram_quantile(0.95, sum(rate(spillway_requests_total[5m])))", "no histogram"],
  ])("%s", (_, expr, problem) => {
    expect(problemsOf(expr)).toEqual([problem]);
  });
});
