#!/usr/bin/env bash
# Checks lambda-origin/template.yaml with cfn-lint, which ships the schemas of CloudFormation's resource providers. Any finding fails,
# warnings and informational ones too. Usage: tools/checks/check-template.sh
#   SPILLWAY_CFN_LINT_VENV  folder of the Python environment, created if it is missing (default: .spillway/cfn-lint)
#   PYTHON                  the Python that creates it, 3.10 or newer (default: python3)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

template=lambda-origin/template.yaml
venv="${SPILLWAY_CFN_LINT_VENV:-.spillway/cfn-lint}"
[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-compile --requirement tools/checks/check-template.txt

lint() { "$venv/bin/cfn-lint" --include-checks I --non-zero-exit-code informational --template "$@"; }

# The linter must also report an error in a copy with one invalid value: otherwise "no findings" would prove nothing.
invalid="$(mktemp)"
trap 'rm -f "$invalid"' EXIT
sed 's/ AuthType: AWS_IAM/ AuthType: PUBLIC/' "$template" >"$invalid"
lint "$invalid" >/dev/null 2>&1 &
lint "$template"
if wait $!; then
  echo "cfn-lint accepts a Function URL with an AuthType that does not exist" >&2
  exit 1
fi
echo "ok  $template, $(head -n 2 tools/checks/check-template.txt | tail -n 1)"
