/**
 * An ONNX model in memory: the fields of the file in camel case. Lists are always present; single fields only when the file sets them.
 * Source of names and meanings: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 * Models are shared and never changed in place: a rewrite creates new objects and does not copy the weights.
 */
/** A 64-bit integer in two's complement, as protobufjs represents it: bounds such as 2^63 - 1 do not fit a JavaScript number. */
export interface Int64 {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
}

export interface OnnxModel {
  readonly irVersion?: Int64;
  readonly opsetImport: readonly OperatorSet[];
  readonly producerName?: string;
  readonly producerVersion?: string;
  readonly domain?: string;
  readonly modelVersion?: Int64;
  readonly docString?: string;
  readonly graph: OnnxGraph;
  readonly metadataProps: readonly StringEntry[];
  readonly trainingInfo: readonly TrainingInfo[];
  readonly functions: readonly OnnxFunction[];
  readonly configuration: readonly DeviceConfiguration[];
}

export interface OnnxGraph {
  readonly node: readonly OnnxNode[];
  readonly name?: string;
  readonly initializer: readonly OnnxTensor[];
  readonly sparseInitializer: readonly SparseTensor[];
  readonly docString?: string;
  readonly input: readonly ValueInfo[];
  readonly output: readonly ValueInfo[];
  readonly valueInfo: readonly ValueInfo[];
  readonly quantizationAnnotation: readonly TensorAnnotation[];
  readonly metadataProps: readonly StringEntry[];
}

export interface OnnxNode {
  /** Names of tensors. An empty name is an optional input that is not used. */
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name?: string;
  readonly opType: string;
  readonly domain?: string;
  readonly overload?: string;
  readonly attribute: readonly OnnxAttribute[];
  readonly docString?: string;
  readonly metadataProps: readonly StringEntry[];
  readonly deviceConfigurations: readonly NodeDeviceConfiguration[];
}

/** One of the value fields is set; `type` names it (see nodes.ts). */
export interface OnnxAttribute {
  readonly name: string;
  readonly refAttrName?: string;
  readonly docString?: string;
  readonly type?: number;
  readonly f?: number;
  readonly i?: Int64;
  readonly s?: Uint8Array;
  readonly t?: OnnxTensor;
  readonly g?: OnnxGraph;
  readonly sparseTensor?: SparseTensor;
  readonly tp?: TypeInfo;
  readonly floats: readonly number[];
  readonly ints: readonly Int64[];
  readonly strings: readonly Uint8Array[];
  readonly tensors: readonly OnnxTensor[];
  readonly graphs: readonly OnnxGraph[];
  readonly sparseTensors: readonly SparseTensor[];
  readonly typeProtos: readonly TypeInfo[];
}

/** Values are in `rawData` (little-endian, packed), in the list of their type, or in an external file that `externalData` names. */
export interface OnnxTensor {
  readonly dims: readonly Int64[];
  readonly dataType?: number;
  readonly segment?: { readonly begin?: Int64; readonly end?: Int64 };
  readonly floatData: readonly number[];
  readonly int32Data: readonly number[];
  readonly stringData: readonly Uint8Array[];
  readonly int64Data: readonly Int64[];
  readonly name?: string;
  readonly docString?: string;
  readonly rawData?: Uint8Array;
  readonly externalData: readonly StringEntry[];
  /** 0: in this file. 1: in an external file. */
  readonly dataLocation?: number;
  readonly doubleData: readonly number[];
  readonly uint64Data: readonly Int64[];
  readonly metadataProps: readonly StringEntry[];
}

export interface SparseTensor {
  readonly values?: OnnxTensor;
  readonly indices?: OnnxTensor;
  readonly dims: readonly Int64[];
}

export interface ValueInfo {
  readonly name: string;
  readonly type?: TypeInfo;
  readonly docString?: string;
  readonly metadataProps: readonly StringEntry[];
}

export interface TypeInfo {
  readonly tensorType?: TensorType;
  readonly sequenceType?: { readonly elemType?: TypeInfo };
  readonly mapType?: { readonly keyType?: number; readonly valueType?: TypeInfo };
  readonly opaqueType?: { readonly domain?: string; readonly name?: string };
  readonly sparseTensorType?: TensorType;
  readonly optionalType?: { readonly elemType?: TypeInfo };
  readonly denotation?: string;
}

export interface TensorType {
  readonly elemType?: number;
  readonly shape?: { readonly dim: readonly TensorDimension[] };
}

export interface TensorDimension {
  readonly dimValue?: Int64;
  readonly dimParam?: string;
  readonly denotation?: string;
}

export interface OperatorSet {
  /** Absent or empty: the standard operators. */
  readonly domain?: string;
  readonly version?: Int64;
}

export interface OnnxFunction {
  readonly name?: string;
  readonly sinceVersion?: Int64;
  readonly status?: number;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly string[];
  readonly attributeProto: readonly OnnxAttribute[];
  readonly node: readonly OnnxNode[];
  readonly docString?: string;
  readonly opsetImport: readonly OperatorSet[];
  readonly domain?: string;
  readonly overload?: string;
  readonly valueInfo: readonly ValueInfo[];
  readonly metadataProps: readonly StringEntry[];
}

export interface StringEntry {
  readonly key?: string;
  readonly value?: string;
}

export interface TensorAnnotation {
  readonly tensorName?: string;
  readonly quantParameterTensorNames: readonly StringEntry[];
}

export interface TrainingInfo {
  readonly initialization?: OnnxGraph;
  readonly algorithm?: OnnxGraph;
  readonly initializationBinding: readonly StringEntry[];
  readonly updateBinding: readonly StringEntry[];
}

export interface DeviceConfiguration {
  readonly name?: string;
  readonly numDevices?: number;
  readonly device: readonly string[];
}

export interface NodeDeviceConfiguration {
  readonly configurationId?: string;
  readonly shardingSpec: readonly ShardingSpec[];
  readonly pipelineStage?: number;
}

export interface ShardingSpec {
  readonly tensorName?: string;
  readonly device: readonly Int64[];
  readonly indexToDeviceGroupMap: readonly { readonly key?: Int64; readonly value: readonly Int64[] }[];
  readonly shardedDim: readonly ShardedDimension[];
}

export interface ShardedDimension {
  readonly axis?: Int64;
  readonly simpleSharding: readonly {
    readonly dimValue?: Int64;
    readonly dimParam?: string;
    readonly numShards?: Int64;
  }[];
}
