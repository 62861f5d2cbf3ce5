/** Compares real answers with docs/reference/openapi.yaml. */
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { z } from "zod";

const reference = z.object({ $ref: z.string() });
const header = z.looseObject({ required: z.boolean().optional(), schema: z.looseObject({ type: z.string() }) });
const response = z.looseObject({
  headers: z.record(z.string(), reference),
  content: z.object({ "application/json": z.looseObject({ schema: z.looseObject({}) }) }),
});
const operation = z.looseObject({ responses: z.record(z.string(), z.union([reference, response])) });
const documentSchema = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.looseObject({
    headers: z.record(z.string(), header),
    responses: z.record(z.string(), response),
  }),
});

const FILE = new URL("../../docs/reference/openapi.yaml", import.meta.url);
/** Headers of HTTP and of the servers in between; every other header belongs to the contract. */
const NOT_OF_THE_CONTRACT =
  /^(content-(type|length|encoding)|transfer-encoding|connection|keep-alive|date|vary|server)$/;

export interface ApiAnswer {
  status: number;
  headers: Headers;
  /** Parsed JSON. */
  body: unknown;
}

/** @returns what differs from the contract, a sentence each; nothing if the answer keeps it */
export function contractProblems(method: string, path: string, answer: ApiAnswer): string[] {
  const described = describedResponse(method, path, answer);
  if (described === null) return [`${method} ${path} has no response ${answer.status} in the contract`];
  return [...headerProblems(described.headers, answer.headers), ...bodyProblems(described, answer.body)];
}

const { document, ajv } = load();

function load() {
  const raw: unknown = parse(readFileSync(FILE, "utf8"));
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addSchema({ $id: "openapi", ...z.looseObject({}).parse(raw) });
  return { document: documentSchema.parse(raw), ajv };
}

type DescribedResponse = z.infer<typeof response>;

/** Other paths and methods have answers too: `not-found` and `method-not-allowed`. */
function describedResponse(method: string, path: string, { status }: ApiAnswer): DescribedResponse | null {
  const { paths, components } = document;
  const found = paths[path]?.[method.toLowerCase()]?.responses[String(status)];
  if (found === undefined) {
    if (status === 404) return components.responses["not-found"] ?? null;
    return status === 405 ? (components.responses["method-not-allowed"] ?? null) : null;
  }
  const named = reference.safeParse(found);
  if (named.success) return components.responses[nameIn(named.data.$ref)] ?? null;
  return response.parse(found);
}

function nameIn(reference: string): string {
  return reference.split("/").at(-1) ?? "";
}

function headerProblems(described: DescribedResponse["headers"], headers: Headers): string[] {
  const names = Object.keys(described);
  const unknown = [...headers.keys()].filter((name) => !names.includes(name) && !NOT_OF_THE_CONTRACT.test(name));
  return [
    ...unknown.map((name) => `header ${name} is not in the contract`),
    ...Object.entries(described).flatMap(([name, { $ref }]) => {
      const { required, schema } = document.components.headers[nameIn($ref)] ?? { schema: { type: "string" } };
      const value = headers.get(name);
      if (value === null) return required ? [`header ${name} is missing`] : [];
      const typed = schema.type === "integer" ? Number(value) : value;
      return problemsOf(schema, typed).map((problem) => `header ${name}: ${value}: ${problem}`);
    }),
  ];
}

function bodyProblems({ content }: DescribedResponse, body: unknown): string[] {
  const { schema } = content["application/json"];
  return problemsOf(absolute(schema), body).map((problem) => `body: ${problem}`);
}

function problemsOf(schema: object, value: unknown): string[] {
  const validate = ajv.compile(schema);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || "/"} ${message}`);
}

/** A part of the document refers to the whole of it. */
function absolute(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"openapi#/'));
}
