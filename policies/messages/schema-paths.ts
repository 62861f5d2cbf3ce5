/** Pure. Looks inside a zod schema: the schemas at a path, and its known keys. */
import type { z } from "zod";

type Schema = z.core.$ZodType;

/** @returns the schemas that apply at a path: several below a union, none below an unknown key */
export function schemasAt(schema: Schema, path: readonly PropertyKey[]): Schema[] {
  const [key, ...rest] = path;
  if (key === undefined) return [schema];
  return unwrap(schema).flatMap((bare) => {
    const inner = stepInto(bare, key);
    return inner === undefined ? [] : schemasAt(inner, rest);
  });
}

/** @returns the keys of the object at a path */
export function knownKeys(schema: Schema, path: readonly PropertyKey[]): string[] {
  const keys = schemasAt(schema, path).flatMap(unwrap).flatMap(keysOf);
  return [...new Set(keys)];
}

/** @returns every path whose keys are fixed names, parents first */
export function knownPaths(schema: Schema, path: readonly string[] = []): string[][] {
  return knownKeys(schema, path).flatMap((key) => {
    const inner = [...path, key];
    return [inner, ...knownPaths(schema, inner)];
  });
}

/** @returns a schema without defaults and other wrappers; the options of a union one by one */
export function unwrap(schema: Schema): z.core.$ZodTypes[] {
  // Zod's union of all its schemas, which its documentation recommends for introspection.
  const known = schema as z.core.$ZodTypes;
  const { def } = known._zod;
  switch (def.type) {
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "nonoptional":
    case "catch":
    case "readonly":
      return unwrap(def.innerType);
    case "pipe":
      return unwrap(def.in);
    case "lazy":
      return unwrap(def.getter());
    case "union":
      return def.options.flatMap(unwrap);
    case "intersection":
      return [...unwrap(def.left), ...unwrap(def.right)];
    default:
      return [known];
  }
}

function stepInto(bare: z.core.$ZodTypes, key: PropertyKey): Schema | undefined {
  const { def } = bare._zod;
  if (def.type === "object") return Object.hasOwn(def.shape, key) ? def.shape[String(key)] : undefined;
  if (def.type === "record") return def.valueType;
  if (def.type === "array") return def.element;
  return undefined;
}

function keysOf(bare: z.core.$ZodTypes): string[] {
  const { def } = bare._zod;
  return def.type === "object" ? Object.keys(def.shape) : [];
}
