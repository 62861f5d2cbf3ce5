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
  return Object.entries(attributes).flatMap(([key, value]) => {
    const any = value === undefined ? undefined : anyValue(value);
    return any === undefined ? [] : [{ key, value: any }];
  });
}

function anyValue(value: AttributeValue): AnyValue | undefined {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return undefined;
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  }
  return { arrayValue: { values: value.flatMap((item) => anyValue(item) ?? []) } };
}
