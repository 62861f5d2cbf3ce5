/** Attributes as the programs write them, and as OTLP has them. Pure. https://opentelemetry.io/docs/specs/otlp/ */

export type AttributeValue = string | number | boolean | readonly (string | number | boolean)[];
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

export type AnyValue =
  | { stringValue: string }
  | { boolValue: boolean }
  /** 64 bits, therefore a string in JSON. */
  | { intValue: string }
  | { doubleValue: number }
  | { arrayValue: { values: AnyValue[] } };

export interface KeyValue {
  key: string;
  value: AnyValue;
}

/** Attributes in OTLP's form. Undefined values and numbers that are not finite are left out: receivers may refuse an attribute without a value. */
export function keyValues(attributes: Attributes): KeyValue[] {
  const all: KeyValue[] = [];
  for (const [key, value] of Object.entries(attributes)) {
    const any = value === undefined ? null : anyValue(value);
    if (any !== null) all.push({ key, value: any });
  }
  return all;
}

/** One value in OTLP's form; null for a number that is not finite. */
export function anyValue(value: AttributeValue): AnyValue | null {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return null;
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  }
  return { arrayValue: { values: value.flatMap((item) => anyValue(item) ?? []) } };
}
