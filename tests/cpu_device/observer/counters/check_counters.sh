#!/usr/bin/env bash
# The observer's counters beside those of an H200: `check_counters.sh ACCESS_PATTERNS`, a program of a check
# build. Prints the tables of docs/results/counters.md; fails when requests or sectors differ.
set -euo pipefail
program=$1
here=$(cd "$(dirname "$0")" && pwd)
lines=$(mktemp -d)
trap 'rm -rf -- "$lines"' EXIT

"$program" >"$lines/patterns"
"$program" --rungs >"$lines/rungs"
"$here/compare.py" "$here/h200.csv" "$lines/patterns" "$lines/rungs"
