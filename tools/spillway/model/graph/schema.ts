/**
 * The messages of an ONNX file for protobufjs: every field up to IR version 11, so that reading and writing keeps all data. Later
 * versions (up to 14) added only element types, which are plain numbers in this schema.
 * Source of the field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
import protobuf from "protobufjs/light.js";

/** Field number, type, and for lists whether their numbers are packed. */
type FieldLine = readonly [id: number, type: string, list?: "list" | "packed"];

const stringEntries = "StringEntry";

const messages: Readonly<Record<string, Readonly<Record<string, FieldLine>>>> = {
  Model: {
    irVersion: [1, "int64"],
    producerName: [2, "string"],
    producerVersion: [3, "string"],
    domain: [4, "string"],
    modelVersion: [5, "int64"],
    docString: [6, "string"],
    graph: [7, "Graph"],
    opsetImport: [8, "OperatorSet", "list"],
    metadataProps: [14, stringEntries, "list"],
    trainingInfo: [20, "TrainingInfo", "list"],
    functions: [25, "Function", "list"],
    configuration: [26, "DeviceConfiguration", "list"],
  },
  Graph: {
    node: [1, "Node", "list"],
    name: [2, "string"],
    initializer: [5, "Tensor", "list"],
    docString: [10, "string"],
    input: [11, "ValueInfo", "list"],
    output: [12, "ValueInfo", "list"],
    valueInfo: [13, "ValueInfo", "list"],
    quantizationAnnotation: [14, "TensorAnnotation", "list"],
    sparseInitializer: [15, "SparseTensor", "list"],
    metadataProps: [16, stringEntries, "list"],
  },
  Node: {
    input: [1, "string", "list"],
    output: [2, "string", "list"],
    name: [3, "string"],
    opType: [4, "string"],
    attribute: [5, "Attribute", "list"],
    docString: [6, "string"],
    domain: [7, "string"],
    overload: [8, "string"],
    metadataProps: [9, stringEntries, "list"],
    deviceConfigurations: [10, "NodeDeviceConfiguration", "list"],
  },
  Attribute: {
    name: [1, "string"],
    f: [2, "float"],
    i: [3, "int64"],
    s: [4, "bytes"],
    t: [5, "Tensor"],
    g: [6, "Graph"],
    floats: [7, "float", "list"],
    ints: [8, "int64", "list"],
    strings: [9, "bytes", "list"],
    tensors: [10, "Tensor", "list"],
    graphs: [11, "Graph", "list"],
    docString: [13, "string"],
    tp: [14, "Type"],
    typeProtos: [15, "Type", "list"],
    type: [20, "int32"],
    refAttrName: [21, "string"],
    sparseTensor: [22, "SparseTensor"],
    sparseTensors: [23, "SparseTensor", "list"],
  },
  Tensor: {
    dims: [1, "int64", "list"],
    dataType: [2, "int32"],
    segment: [3, "Segment"],
    floatData: [4, "float", "packed"],
    int32Data: [5, "int32", "packed"],
    stringData: [6, "bytes", "list"],
    int64Data: [7, "int64", "packed"],
    name: [8, "string"],
    rawData: [9, "bytes"],
    doubleData: [10, "double", "packed"],
    uint64Data: [11, "uint64", "packed"],
    docString: [12, "string"],
    externalData: [13, stringEntries, "list"],
    dataLocation: [14, "int32"],
    metadataProps: [16, stringEntries, "list"],
  },
  Segment: { begin: [1, "int64"], end: [2, "int64"] },
  SparseTensor: { values: [1, "Tensor"], indices: [2, "Tensor"], dims: [3, "int64", "list"] },
  ValueInfo: {
    name: [1, "string"],
    type: [2, "Type"],
    docString: [3, "string"],
    metadataProps: [4, stringEntries, "list"],
  },
  Type: {
    tensorType: [1, "TensorType"],
    sequenceType: [4, "ElementType"],
    mapType: [5, "MapType"],
    denotation: [6, "string"],
    opaqueType: [7, "OpaqueType"],
    sparseTensorType: [8, "TensorType"],
    optionalType: [9, "ElementType"],
  },
  TensorType: { elemType: [1, "int32"], shape: [2, "Shape"] },
  ElementType: { elemType: [1, "Type"] },
  MapType: { keyType: [1, "int32"], valueType: [2, "Type"] },
  OpaqueType: { domain: [1, "string"], name: [2, "string"] },
  Shape: { dim: [1, "Dimension", "list"] },
  Dimension: { dimValue: [1, "int64"], dimParam: [2, "string"], denotation: [3, "string"] },
  OperatorSet: { domain: [1, "string"], version: [2, "int64"] },
  Function: {
    name: [1, "string"],
    sinceVersion: [2, "int64"],
    status: [3, "int32"],
    input: [4, "string", "list"],
    output: [5, "string", "list"],
    attribute: [6, "string", "list"],
    node: [7, "Node", "list"],
    docString: [8, "string"],
    opsetImport: [9, "OperatorSet", "list"],
    domain: [10, "string"],
    attributeProto: [11, "Attribute", "list"],
    valueInfo: [12, "ValueInfo", "list"],
    overload: [13, "string"],
    metadataProps: [14, stringEntries, "list"],
  },
  StringEntry: { key: [1, "string"], value: [2, "string"] },
  TensorAnnotation: { tensorName: [1, "string"], quantParameterTensorNames: [2, stringEntries, "list"] },
  TrainingInfo: {
    initialization: [1, "Graph"],
    algorithm: [2, "Graph"],
    initializationBinding: [3, stringEntries, "list"],
    updateBinding: [4, stringEntries, "list"],
  },
  DeviceConfiguration: { name: [1, "string"], numDevices: [2, "int32"], device: [3, "string", "list"] },
  NodeDeviceConfiguration: {
    configurationId: [1, "string"],
    shardingSpec: [2, "ShardingSpec", "list"],
    pipelineStage: [3, "int32"],
  },
  ShardingSpec: {
    tensorName: [1, "string"],
    device: [2, "int64", "list"],
    indexToDeviceGroupMap: [3, "DeviceGroup", "list"],
    shardedDim: [4, "ShardedDimension", "list"],
  },
  DeviceGroup: { key: [1, "int64"], value: [2, "int64", "list"] },
  ShardedDimension: { axis: [1, "int64"], simpleSharding: [2, "SimpleSharding", "list"] },
  SimpleSharding: { dimValue: [1, "int64"], dimParam: [2, "string"], numShards: [3, "int64"] },
};

/** The message of a whole file. */
export const modelType: protobuf.Type = build().lookupType("Model");

function build(): protobuf.Root {
  const root = new protobuf.Root();
  for (const [name, fields] of Object.entries(messages)) {
    const type = new protobuf.Type(name);
    for (const [field, [id, fieldType, list]] of Object.entries(fields)) {
      const rule = list === undefined ? "optional" : "repeated";
      // Unpacked is the default of proto2, which other writers of ONNX use. Readers accept both.
      const options = list === undefined ? undefined : { packed: list === "packed" };
      type.add(new protobuf.Field(field, id, fieldType, rule, undefined, options));
    }
    root.add(type);
  }
  root.resolveAll();
  return root;
}
