#!/usr/bin/env bash
# npm prints no warning beside a command's output: with npm 10, which comes with Node 20 and 22, and with npm 11, which comes with Node 24.
# `npm test` checks the machine's own npm. Usage, after `npm ci`: tools/checks/quiet-npm.sh. It needs the npm registry.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

version="$(node -p 'require("./package.json").version')"
warnings="$(mktemp)"
trap 'rm -f "$warnings"' EXIT

# As in a user's shell: without the settings that an npm around this script gives to it.
without=()
while IFS= read -r name; do without+=(-u "$name"); done < <(compgen -e | grep -i '^npm_' || true)

for release in 10.9.9 11.21.2; do
  npm="$(npm exec --yes --package="npm@$release" --call 'command -v npm')"
  for command in "run spillway -- --version" "exec spillway -- --version"; do
    # shellcheck disable=SC2086 # the words of the command
    printed="$(env "${without[@]}" "$npm" $command 2>"$warnings" | tail -n 1)"
    if [ "$printed" != "$version" ] || [ -s "$warnings" ]; then
      echo "npm $release $command printed \"$printed\" and, beside it:" >&2
      cat "$warnings" >&2
      exit 1
    fi
  done
  echo "ok  npm $("$npm" --version) prints nothing beside a command's output"
done
