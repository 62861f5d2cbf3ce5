"""The edge's file: INT8 by onnxruntime's dynamic quantizer, the embedding tables too."""

from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process

import paths
import settings

prepared = paths.work / "prepared.onnx"


def quantize(target=paths.edge_onnx, weight_type=settings.edge_weight_type, per_channel=settings.edge_per_channel) -> None:
    quant_pre_process(str(paths.exported_onnx), str(prepared), skip_symbolic_shape=True)
    quantize_dynamic(
        str(prepared),
        str(target),
        op_types_to_quantize=["MatMul", "Gather"],
        weight_type=QuantType[weight_type],
        per_channel=per_channel,
        nodes_to_exclude=settings.edge_float_nodes,
        reduce_range=False,  # wasm does not saturate, so the full range costs nothing
        extra_options={"MatMulConstBOnly": True},
    )
    print(f"edge file: {target.stat().st_size / 1e6:.1f} MB, {weight_type}, per channel: {per_channel}")
