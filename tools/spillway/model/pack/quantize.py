"""python3 quantize.py <model.onnx> <model_quantized.onnx>: INT8 by onnxruntime's dynamic quantizer, the embedding tables too."""

import sys
import tempfile
from pathlib import Path

from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process


def quantize(source: str, target: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        prepared = Path(scratch) / "prepared.onnx"
        quant_pre_process(source, str(prepared), skip_symbolic_shape=True)
        quantize_dynamic(
            str(prepared),
            target,
            op_types_to_quantize=["MatMul", "Gather"],
            weight_type=QuantType.QUInt8,
            per_channel=True,
            reduce_range=False,  # wasm does not saturate, so the full range costs nothing
            extra_options={"MatMulConstBOnly": True},
        )


if __name__ == "__main__":
    quantize(sys.argv[1], sys.argv[2])
