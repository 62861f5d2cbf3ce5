#!/usr/bin/env bash
# Whether template.yaml is what CloudFormation takes: cfn-lint checks it against the resource providers' own schemas, which it ships.
# Any finding fails, warnings and remarks too. Usage: tools/checks/check-template.sh
#   SPILLWAY_CFN_LINT_VENV  folder of the Python environment, made if it is not there (default: .spillway/cfn-lint)
#   PYTHON                  a Python of at least 3.10 to make it with (default: python3)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

template=lambda-origin/template.yaml
venv="${SPILLWAY_CFN_LINT_VENV:-.spillway/cfn-lint}"
[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-compile --requirement tools/checks/check-template.txt

lint() { "$venv/bin/cfn-lint" --include-checks I --non-zero-exit-code informational --template "$@"; }

# A linter that finds nothing must be seen to find something: beside the template, a copy with one wrong value.
bent="$(mktemp)"
trap 'rm -f "$bent"' EXIT
sed 's/ AuthType: AWS_IAM/ AuthType: EVERYBODY/' "$template" >"$bent"
lint "$bent" >/dev/null 2>&1 &
lint "$template"
if wait $!; then
  echo "cfn-lint takes a Function URL with an AuthType that does not exist" >&2
  exit 1
fi
echo "ok  $template, $(head -n 2 tools/checks/check-template.txt | tail -n 1)"
