/** What is compared. `name` is the peer's in the JSON. */
export const PEERS = ["engine", "stock", "transformers", "nativeInt8", "nativeFp32"] as const;
export type PeerName = (typeof PEERS)[number];

export interface PeerFacts {
  title: string;
  /** Where it runs, and what of. */
  runs: string;
  /** What it cannot do, or leaves to its user. */
  cannot: readonly string[];
}

export const PEER_FACTS: Readonly<Record<PeerName, PeerFacts>> = {
  engine: {
    title: "Spillway's engine in a Worker",
    runs: "workerd, one thread, INT8",
    cannot: [
      "Run another architecture than an encoder of BERT's family with a classification head.",
      "Run a text of more tokens than the package allows, at most 512: the gateway sends it to Lambda.",
      "Use a second thread or a GPU.",
    ],
  },
  stock: {
    title: "onnxruntime-web in a Worker",
    runs: "workerd, one thread, INT8 in the form of ONNX Runtime's quantizer",
    cannot: [
      "Load a model of DistilBERT's size within the 128 MB of an isolate, if it gets the file as bytes.",
      "Start in a Worker as documented: it compiles WebAssembly at run time, which workerd refuses. The bench replaces `WebAssembly.instantiate`.",
      "Yield while it runs: each other request of the isolate waits until the run ends.",
      "Tokenize, verify what it loads, or compare it with golden logits.",
    ],
  },
  transformers: {
    title: "transformers.js in Node",
    runs: "one Node process, native ONNX Runtime on one thread, INT8 in the form of ONNX Runtime's quantizer",
    cannot: [
      "Run in a Worker: see below.",
      "Scale to zero or to other locations: it is a process that has to be operated.",
      "Classify a text of more than 512 tokens: it is cut or refused.",
      "Verify what it downloads.",
    ],
  },
  nativeInt8: {
    title: "native ONNX Runtime, INT8",
    runs: "one Node process, one thread, INT8 in the form of ONNX Runtime's quantizer",
    cannot: [
      "Run in a Worker: it is native code.",
      "Scale to zero or to other locations: it is a process that has to be operated.",
      "Classify a text of more than 512 tokens, tokenize, or verify what it loads.",
    ],
  },
  nativeFp32: {
    title: "native ONNX Runtime, FP32",
    runs: "one Node process, one thread: Spillway's origin without Lambda",
    cannot: [
      "Run in a Worker: it is native code, and its weights exceed 128 MB.",
      "Scale to zero or to other locations: it is a process that has to be operated. On Lambda it has cold starts.",
      "Classify a text of more than 512 tokens, tokenize, or verify what it loads.",
    ],
  },
};
