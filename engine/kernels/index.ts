// Everything that the driver calls: engine/kernels.ts types it.
export { addRows } from "./add-rows";
export { attention, transposeKeys } from "./attention";
export { activateRow, dense } from "./dense";
export { embed } from "./embed";
export { gemmAdd16, gemmAdd32, gemmInteger16, gemmInteger32, gemmStore16, gemmStore32 } from "./gemm";
export { layerNorm } from "./layer-norm";
export { quantize } from "./quantize";
export { checksum, largestLaneSum, probeDot } from "./verify";
