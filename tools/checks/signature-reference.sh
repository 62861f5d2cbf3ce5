#!/usr/bin/env bash
# Checks that Spillway and the reference implementation, the Python package model-signing, verify each other's signatures.
# Usage, after `npm ci`: tools/checks/signature-reference.sh
#   SPILLWAY_SIGNING_VENV  folder of the Python environment, created if it is missing (default: .spillway/model-signing)
#   PYTHON                 the Python that creates it, 3.9 or newer (default: python3)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# model-signing 1.1.1 imports pyOpenSSL, but does not declare it as a dependency.
packages=(model-signing==1.1.1 pyOpenSSL==26.4.0)
venv="${SPILLWAY_SIGNING_VENV:-.spillway/model-signing}"
[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# The package's command, and its Python API with all defaults: the two ignore different files.
reference() { "$venv/bin/python" -m model_signing "$@"; }
reference_verifies() {
  reference verify key --signature "$1/model.sig" --public_key "$2" "$1" &&
    "$venv/bin/python" -c 'import sys, model_signing
model_signing.verifying.Config().use_elliptic_key_verifier(public_key=sys.argv[2]).verify(sys.argv[1], sys.argv[1] + "/model.sig")' "$1" "$2"
}
spillway() {
  node_modules/.bin/node --input-type=module-typescript --eval '
    import { Command } from "commander";
    import { registerKeygen, registerVerify } from "./tools/spillway/model/sign/commands.ts";
    import { signFolder } from "./tools/spillway/model/sign/folder.ts";
    import { readPrivateKeyFile } from "./tools/spillway/model/sign/keys.ts";
    const model = new Command("model");
    registerKeygen(model);
    registerVerify(model);
    // The command signs only packages; these folders are none.
    const signAny = async (folder: string, { key }: { key: string }) => signFolder(folder, await readPrivateKeyFile(key));
    model.command("sign-any").argument("<folder>").requiredOption("--key <pem>").action(signAny);
    try {
      await model.parseAsync(process.argv.slice(1), { from: "user" });
    } catch (error) {
      console.error(String(error));
      process.exitCode = 1;
    }' -- "$@"
}

checks=0
expect() { # expect holds|fails <what> <command…>
  local wanted="$1" what="$2" got=holds
  shift 2
  "$@" >"$work/output" 2>&1 || got=fails
  if [ "$got" != "$wanted" ]; then
    echo "FAILED  $what: expected $wanted, got $got" >&2
    cat "$work/output" >&2
    exit 1
  fi
  checks=$((checks + 1))
  echo "ok  $what"
}

# Names that the two implementations could sort differently, and files that neither of them signs.
make_folder() {
  mkdir -p "$1/a" "$1/nested/deep" "$1/.git"
  printf 'beside\n' >"$1/a.txt"
  printf 'below\n' >"$1/a/b.txt"
  printf 'x' >"$1/größe 😀.json"
  printf 'x' >"$1/￮"
  : >"$1/empty.bin"
  head -c 3000000 /dev/urandom >"$1/nested/deep/weights.bin"
  printf 'x' >"$1/.git/config"
  printf '# x\n' >"$1/.gitattributes"
}

for curve in p256 p384; do
  ours="$work/$curve-ours" theirs="$work/$curve-theirs" key="$work/$curve"
  make_folder "$ours"
  cp -R "$ours" "$theirs"
  expect holds "$curve: our keygen" spillway keygen --out "$key" --curve "$curve"

  expect holds "$curve: we sign" spillway sign-any "$ours" --key "$key.pem"
  expect holds "$curve: the reference verifies ours" reference_verifies "$ours" "$key.pub.pem"
  expect holds "$curve: the reference signs with our key" \
    reference sign key --private_key "$key.pem" --signature "$theirs/model.sig" "$theirs"
  expect holds "$curve: we verify the reference's" spillway verify "$theirs" --key "$key.pub.pem"

  expect holds "$curve: another key pair" spillway keygen --out "$key-other" --curve "$curve"
  expect fails "$curve: the reference refuses ours with another key" reference_verifies "$ours" "$key-other.pub.pem"
  expect fails "$curve: we refuse the reference's with another key" spillway verify "$theirs" --key "$key-other.pub.pem"
  for folder in "$ours" "$theirs"; do
    printf 'y' >"$folder/extra"
    expect fails "$curve: the reference refuses an extra file" reference_verifies "$folder" "$key.pub.pem"
    expect fails "$curve: we refuse an extra file" spillway verify "$folder" --key "$key.pub.pem"
    rm "$folder/extra"
    printf 'y' >>"$folder/nested/deep/weights.bin"
    expect fails "$curve: the reference refuses a changed file" reference_verifies "$folder" "$key.pub.pem"
    expect fails "$curve: we refuse a changed file" spillway verify "$folder" --key "$key.pub.pem"
  done
done

# A private key in OpenSSL's traditional PEM form (SEC1), which users of the reference have.
"$venv/bin/python" - "$work/sec1" <<'PY'
import pathlib, sys
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec
key = ec.generate_private_key(ec.SECP384R1())
pem = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.TraditionalOpenSSL, s.NoEncryption())
pathlib.Path(sys.argv[1] + ".pem").write_bytes(pem)
pem = key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
pathlib.Path(sys.argv[1] + ".pub.pem").write_bytes(pem)
PY
make_folder "$work/sec1"
expect holds "SEC1 key: we sign" spillway sign-any "$work/sec1" --key "$work/sec1.pem"
expect holds "SEC1 key: the reference verifies" reference_verifies "$work/sec1" "$work/sec1.pub.pem"

# The committed test vectors still verify with this version of the reference.
for curve in p256 p384; do
  made="test/vectors/model-signing/made"
  expect holds "the committed vector $curve: the reference verifies" \
    reference verify key --ignore-paths "$made/$curve/notes.md" --signature "$made/$curve/model.sig" \
    --public_key "$made/$curve.pub.pem" "$made/$curve"
done
echo "$checks checks, both directions, model-signing 1.1.1"
