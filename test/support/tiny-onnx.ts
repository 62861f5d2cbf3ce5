/**
 * A model whose logits can be worked out by hand: `[sum of the token ids, number of attended tokens]` per row. With the input
 * token_type_ids, the second logit grows by the sum of id · type over all tokens.
 * Written as ONNX protobuf right here (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), so no test needs Python.
 */

const FLOAT = 1;
const INT64 = 7;

export function tinyOnnx(inputNames: readonly string[] = ["input_ids", "attention_mask"]): Uint8Array {
  const hasTypes = inputNames.includes("token_type_ids");
  const typed = [
    node("Cast", ["token_type_ids"], "types", int("to", FLOAT)),
    node("Mul", ["attended", "types"], "typed"),
    node("ReduceSum", ["typed"], "type_sum", ints("axes", [1])),
    node("Add", ["count", "type_sum"], "second"),
  ];
  const graph = message(
    ...[
      node("Cast", ["input_ids"], "ids", int("to", FLOAT)),
      node("Cast", ["attention_mask"], "mask", int("to", FLOAT)),
      node("Mul", ["ids", "mask"], "attended"),
      node("ReduceSum", ["attended"], "sum", ints("axes", [1])),
      node("ReduceSum", ["mask"], "count", ints("axes", [1])),
      ...(hasTypes ? typed : []),
      node("Concat", ["sum", hasTypes ? "second" : "count"], "logits", int("axis", 1)),
    ].map((one) => bytes(1, one)),
    text(2, "tiny"),
    ...inputNames.map((name) => bytes(11, tensorInfo(name, INT64, ["batch", "length"]))),
    bytes(12, tensorInfo("logits", FLOAT, ["batch", "two"])),
  );
  const opset = message(text(1, ""), number(2, 12));
  return message(number(1, 7), bytes(7, graph), bytes(8, opset));
}

function node(type: string, inputs: string[], output: string, attribute?: Uint8Array): Uint8Array {
  return message(
    ...inputs.map((name) => text(1, name)),
    text(2, output),
    text(4, type),
    ...(attribute ? [bytes(5, attribute)] : []),
  );
}

function int(name: string, value: number): Uint8Array {
  return message(text(1, name), number(3, value), number(20, 2));
}

function ints(name: string, values: number[]): Uint8Array {
  return message(text(1, name), ...values.map((value) => number(8, value)), number(20, 7));
}

function tensorInfo(name: string, elementType: number, dimensions: string[]): Uint8Array {
  const shape = message(...dimensions.map((dimension) => bytes(1, message(text(2, dimension)))));
  return message(text(1, name), bytes(2, message(bytes(1, message(number(1, elementType), bytes(2, shape))))));
}

function message(...fields: Uint8Array[]): Uint8Array {
  return Buffer.concat(fields);
}

function number(field: number, value: number): Uint8Array {
  return Buffer.from([...varint(field << 3), ...varint(value)]);
}

function bytes(field: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([...varint((field << 3) | 2), ...varint(value.length)]), value]);
}

function text(field: number, value: string): Uint8Array {
  return bytes(field, Buffer.from(value));
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}
