/** The element types that this code makes or asks for. Source: TensorProto.DataType of onnx.proto. */
export const elementType = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9 } as const;
