/** Bodies of hostile requests. Every text in them contains the canary, so that an echo of any part is seen. */
import fc from "fast-check";
import { CANARY } from "../../support/texts.ts";
import { text } from "./marked-text.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

const number = fc.constantFrom(
  "0",
  "-0",
  "1e400",
  "-1e400",
  "1e-400",
  "9".repeat(400),
  "0.1e1",
  "01",
  "+1",
  "NaN",
  "Infinity",
  "0x10",
  "9007199254740993",
  "-",
);
const KEYS = [
  "inputs",
  "text",
  "text_pair",
  "parameters",
  "top_k",
  "function_to_apply",
  "__proto__",
  "constructor",
  "toString",
  "then",
  "",
];
const key = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...KEYS) }, { weight: 1, arbitrary: text });
const quoted = text.map((value) => JSON.stringify(value));
const literal = fc.oneof(
  { weight: 4, arbitrary: quoted },
  { weight: 2, arbitrary: number },
  { weight: 1, arbitrary: fc.constantFrom("true", "null", "[]", "{}", '""', "[[[]]]", "undefined") },
);

/** What looks like JSON, with the contract's keys, keys twice, or other keys. */
const { json } = fc.letrec<{ json: string; list: string; object: string }>((tie) => ({
  json: fc.oneof({ maxDepth: 3, depthSize: "small" }, literal, tie("list"), tie("object")),
  list: fc.array(tie("json"), { maxLength: 4 }).map((items) => `[${items.join(",")}]`),
  object: fc
    .array(fc.tuple(key, tie("json")), { maxLength: 4 })
    .map((entries) => `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`),
}));

const deep = fc
  .tuple(
    fc.constantFrom(["[", "]"], ['{"inputs":', "}"], ['[{"a":', "}]"]),
    fc.integer({ min: 1, max: 4000 }),
    fc.boolean(),
    quoted,
  )
  .map(
    ([[open = "", close = ""], depth, isClosed, inside]) =>
      `${open.repeat(depth)}${inside}${isClosed ? close.repeat(depth) : ""}`,
  );

/** Of the right shape all but once. */
const wrongType = fc
  .record({ inputs: fc.option(json, { nil: '""' }), top_k: fc.oneof(number, literal), apply: literal, more: quoted })
  .map(
    ({ inputs, top_k, apply, more }) =>
      `{"inputs":${inputs},"parameters":{"top_k":${top_k},"function_to_apply":${apply}},${more}:1}`,
  );

/** Inputs that are pairs all but once. */
const wrongPair = fc
  .record({ one: fc.option(json, { nil: '""' }), other: json, key, more: json, inList: fc.boolean() })
  .map(({ one, other, key: name, more, inList }) => {
    const pair = `{"text":${one},"text_pair":${other},${JSON.stringify(name)}:${more}}`;
    return `{"inputs":${inList ? `[${JSON.stringify(CANARY)},${pair}]` : pair}}`;
  });

const tooMany = fc.tuple(fc.integer({ min: 65, max: 80 }), quoted).map(([length, inside]) => {
  const inputs = Array.from({ length }, () => inside);
  return `{"inputs":[${inputs.join(",")}]}`;
});

/** Cut, and with bytes changed that no text has. */
const broken = fc
  .tuple(fc.oneof(json, wrongType), fc.nat(), fc.uint8Array({ maxLength: 4 }))
  .map(([text, at, bytes]) => {
    const whole = utf8(text);
    const cut = at % (whole.length + 1);
    return Uint8Array.from([...whole.subarray(0, cut), ...bytes, ...whole.subarray(cut + bytes.length)]);
  });

const INVALID_UTF8 = [
  [0xff],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf5, 0x80, 0x80, 0x80],
  [0xe2, 0x82],
  [0x80],
  [0xef, 0xbb, 0xbf],
];
const invalidUtf8 = fc
  .tuple(fc.constantFrom(...INVALID_UTF8), text)
  .map(([bytes, text]) => Uint8Array.from([...utf8('{"inputs":"'), ...bytes, ...utf8(`${text}"}`)]));

/** Bodies that must be refused. */
export const hostileBody = fc.oneof(
  fc.uint8Array({ maxLength: 64 }).map((bytes) => Uint8Array.from([...utf8(CANARY), ...bytes])),
  invalidUtf8,
  broken,
  text.map(utf8),
  deep.map(utf8),
  json.map(utf8),
  wrongType.map(utf8),
  wrongPair.map(utf8),
  tooMany.map(utf8),
  fc.constant(null),
);

const validInput = fc.oneof(
  { weight: 2, arbitrary: text },
  { weight: 1, arbitrary: fc.record({ text, text_pair: fc.oneof(text, fc.constant(null)) }) },
);

/** Well meant, but for its letters: these reach the model. */
export const validBody = fc
  .record({
    inputs: fc.oneof(validInput, fc.array(validInput, { minLength: 1, maxLength: 3 })),
    parameters: fc.option(
      fc.record({
        top_k: fc.constantFrom(null, 1, 9),
        function_to_apply: fc.constantFrom(null, "softmax", "sigmoid", "none"),
      }),
    ),
  })
  .map((value) => utf8(JSON.stringify(value)));
