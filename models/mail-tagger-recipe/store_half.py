"""The origin's file: weights are stored as FP16 and cast to FP32 in the graph. The runtime folds the casts when it loads the
file, so it computes in FP32; only the file is half as large."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import paths

min_weights = 1024  # smaller tensors stay FP32


def store_half() -> None:
    model = onnx.load(str(paths.exported_onnx))
    graph = model.graph
    casts = []
    for initializer in list(graph.initializer):
        weights = numpy_helper.to_array(initializer)
        if weights.dtype != np.float32 or weights.size < min_weights:
            continue
        name = initializer.name
        stored = f"{name}.fp16"
        initializer.CopyFrom(numpy_helper.from_array(weights.astype(np.float16), stored))
        casts.append(helper.make_node("Cast", [stored], [name], name=f"{name}.cast", to=TensorProto.FLOAT))
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend(casts + nodes)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(paths.origin_onnx))
    print(f"origin file: {paths.origin_onnx.stat().st_size / 1e6:.1f} MB, {len(casts)} weights stored as FP16")
