/** The part of onnxruntime-web's Emscripten glue (1.30.0) that Spillway calls. Pointers and handles are byte offsets; 0 is null. */
declare module "onnxruntime-web/ort-wasm-simd-threaded.mjs" {
  export interface OrtModule {
    readonly HEAPU8: Uint8Array;
    _malloc(sizeBytes: number): number;
    _free(pointer: number): void;
    stackSave(): number;
    stackRestore(stack: number): void;
    stackAlloc(sizeBytes: number): number;
    getValue(pointer: number, type: "i32" | "*"): number;
    setValue(pointer: number, value: number, type: "i32" | "*"): void;
    UTF8ToString(pointer: number): string;
    stringToUTF8(text: string, pointer: number, maxBytes: number): void;
    lengthBytesUTF8(text: string): number;
    _OrtInit(threads: number, logLevel: number): number;
    _OrtGetLastError(codePointer: number, messagePointer: number): void;
    _OrtCreateSessionOptions(
      graphOptimizationLevel: number,
      enableCpuMemArena: boolean,
      enableMemPattern: boolean,
      executionMode: number,
      enableProfiling: boolean,
      profileFilePrefix: number,
      logId: number,
      logSeverityLevel: number,
      logVerbosityLevel: number,
      optimizedModelFilePath: number,
    ): number;
    _OrtAddSessionConfigEntry(options: number, key: number, value: number): number;
    _OrtReleaseSessionOptions(options: number): number;
    _OrtCreateSession(data: number, sizeBytes: number, options: number): number;
    _OrtReleaseSession(session: number): number;
    _OrtGetInputOutputCount(session: number, inputCountPointer: number, outputCountPointer: number): number;
    _OrtGetInputOutputMetadata(session: number, index: number, namePointer: number, metadataPointer: number): number;
    _OrtFree(pointer: number): number;
    _OrtCreateTensor(
      dataType: number,
      data: number,
      sizeBytes: number,
      dims: number,
      dimsCount: number,
      location: number,
    ): number;
    _OrtReleaseTensor(tensor: number): number;
    _OrtGetTensorData(tensor: number, type: number, data: number, dims: number, dimsCount: number): number;
    _OrtRun(
      session: number,
      inputNames: number,
      inputs: number,
      inputCount: number,
      outputNames: number,
      outputCount: number,
      outputs: number,
      runOptions: number,
    ): number;
  }

  interface OrtModuleOptions {
    numThreads: number;
    instantiateWasm(
      imports: WebAssembly.Imports,
      done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
    ): Record<string, never>;
  }

  export default function createOrtModule(options: OrtModuleOptions): Promise<OrtModule>;
}
