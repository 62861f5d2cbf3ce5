/**
 * The signed statement: an in-toto Statement v1 whose predicate lists a model's files and their digests.
 * Source: OpenSSF Model Signing v1.0 §5 and §6.
 */
import * as z from "zod";
import { decodeHex, utf8 } from "../encodings.ts";
import { firstIssue } from "../first-issue.ts";
import { sha256Hex } from "../sha256.ts";
import { compareByCodePoints, compareByComponents, isAscending, isCanonicalName } from "./resource-name.ts";
import { SignatureError } from "./signature-error.ts";

const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE = "https://model_signing/signature/v1.0";

/** One file: its path relative to the model's folder, and the digest of its bytes in lowercase hex. */
export interface Resource {
  name: string;
  sha256: string;
}

export interface ModelStatement {
  /** Name of the folder when it was signed. Not checked: a renamed folder is the same model. */
  modelName: string;
  /** Sorted by code points, each name once. */
  resources: ReadonlyArray<Resource>;
  /** Paths that the signer left out, with everything under them. */
  ignorePaths: readonly string[];
}

const digest = z.string().regex(/^[0-9a-f]{64}$/);
/** Parsed first: the rest of a statement of another type is ignored. */
const headSchema = z.object({ _type: z.literal(STATEMENT_TYPE), predicateType: z.string() });
const statementSchema = z.object({
  subject: z.tuple([z.object({ name: z.string().min(1), digest: z.object({ sha256: digest }) })]),
  predicate: z.object({
    resources: z.array(z.object({ name: z.string(), algorithm: z.string(), digest: z.string() })).min(1),
    serialization: z.object({
      method: z.string(),
      hash_type: z.string(),
      allow_symlinks: z.boolean(),
      ignore_paths: z.array(z.string()).default([]),
    }),
  }),
});
type Predicate = z.infer<typeof statementSchema>["predicate"];

/** @param payload JSON, its signature already verified. @throws SignatureError */
export function readStatement(payload: Uint8Array): ModelStatement {
  const content = parseJson(payload);
  const { predicateType } = parse(headSchema, content);
  if (predicateType !== PREDICATE_TYPE) {
    throw new SignatureError("predicate-type", `The statement is a ${predicateType}, not a ${PREDICATE_TYPE}.`);
  }
  const { subject, predicate } = parse(statementSchema, content);
  const { resources, serialization } = predicate;
  checkSerialization(serialization);
  checkResources(resources, serialization.ignore_paths);
  if (rootDigest(resources.map((resource) => resource.digest)) !== subject[0].digest.sha256) {
    throw new SignatureError("subject-digest", "The statement's digest of the model does not match its files.");
  }
  return {
    modelName: subject[0].name,
    resources: resources
      .map((resource) => ({ name: resource.name, sha256: resource.digest }))
      .sort((a, b) => compareByCodePoints(a.name, b.name)),
    ignorePaths: serialization.ignore_paths,
  };
}

/** The payload to sign, JSON in UTF-8. The resources may be in any order. */
export function writeStatement(model: ModelStatement): Uint8Array<ArrayBuffer> {
  const resources = model.resources.toSorted((a, b) => compareByCodePoints(a.name, b.name));
  const statement = {
    _type: STATEMENT_TYPE,
    subject: [{ name: model.modelName, digest: { sha256: rootDigest(resources.map(({ sha256 }) => sha256)) } }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      resources: resources.map(({ name, sha256 }) => ({ name, algorithm: "sha256", digest: sha256 })),
      serialization: {
        method: "files",
        hash_type: "sha256",
        allow_symlinks: false,
        ignore_paths: model.ignorePaths,
      },
    },
  };
  return utf8(JSON.stringify(statement));
}

function checkSerialization({ method, hash_type, allow_symlinks }: Predicate["serialization"]): void {
  if (method === "files" && hash_type === "sha256" && !allow_symlinks) return;
  const links = allow_symlinks ? ", symbolic links followed" : "";
  throw new SignatureError(
    "serialization",
    `The model was hashed by ${method} with ${hash_type}${links}; sign it again by files, with sha256 and without links.`,
  );
}

function checkResources(resources: Predicate["resources"], ignorePaths: readonly string[]): void {
  for (const { name, algorithm, digest: value } of resources) {
    if (algorithm !== "sha256" || !digest.safeParse(value).success) {
      throw new SignatureError(
        "resource-digest",
        `The statement's digest of ${JSON.stringify(name)} is not a SHA-256.`,
      );
    }
  }
  const names = resources.map(({ name }) => name);
  const odd = [...names, ...ignorePaths].find((name) => !isCanonicalName(name));
  if (odd !== undefined) {
    const name = JSON.stringify(odd);
    throw new SignatureError("resource-name", `The statement lists ${name}, which is not a plain relative path.`);
  }
  // The specification requires the first order, and the reference implementation writes the second.
  if (!isAscending(names, compareByCodePoints) && !isAscending(names, compareByComponents)) {
    throw new SignatureError("resource-order", "The statement's files are not sorted, or one is listed twice.");
  }
}

/** SHA-256 over the files' raw digests, in the order of the list. */
function rootDigest(digests: readonly string[]): string {
  return sha256Hex(decodeHex(digests.join("")));
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw unreadable(firstIssue(parsed.error));
}

function parseJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(payload));
  } catch {
    throw unreadable("it is not JSON in UTF-8");
  }
}

function unreadable(detail: string): SignatureError {
  return new SignatureError("statement-unreadable", `The signed payload is not an in-toto statement: ${detail}.`);
}
