#!/usr/bin/env bash
# perfloop init and trust at a terminal's and at an editor's end.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_STATE_HOME=$scratch/state XDG_CACHE_HOME=$scratch/cache
mkdir -p "$scratch/project/benchmarks" "$scratch/project/tests"
cd "$scratch/project"
echo 'def test_parse(benchmark): pass' >benchmarks/test_parse.py
echo 'def test_parse(): pass' >tests/test_parse.py
echo 'dependencies = ["pytest-benchmark"]' >pyproject.toml

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
is() { # GOT WANTED
    [ "$1" = "$2" ] || fail "got '$1', expected '$2'"
}

echo "init looks, writes once, and never again"
"$PERFLOOP" init --dry-run >"$scratch/draft"
[ ! -e perfloop.toml ] || fail "a dry run wrote"
is "$("$PERFLOOP" init)" "wrote $PWD/perfloop.toml (saw pytest-benchmark in pyproject.toml); next: name metric and target there"
diff "$scratch/draft" perfloop.toml
grep -qx 'benchmark = "python -m pytest -q benchmarks/test_parse.py"' perfloop.toml || fail "no benchmark"
grep -qx 'tests     = "python -m pytest -q tests"' perfloop.toml || fail "no tests"
before=$(sha256sum perfloop.toml)
status=0
"$PERFLOOP" init 2>"$scratch/said" || status=$?
is $status 1
is "$(cat "$scratch/said")" "perfloop: $PWD/perfloop.toml is there already; it was left as it is"
is "$(sha256sum perfloop.toml)" "$before"

echo "an editor is asked, each command once"
printf '{"answer":"Allow"}\n{"answer":"No"}\n' | "$PERFLOOP" trust --events >"$scratch/events" && fail "No is no agreement"
is "$(grep -c '"event":"ask","id":"trust"' "$scratch/events")" 2
grep -q '"event":"error","kind":"untrusted"' "$scratch/events" || fail "$(cat "$scratch/events")"
printf '{"answer":null}\n' | "$PERFLOOP" trust --events >"$scratch/events" && fail "dismissed is no agreement"
is "$(grep -c '"event":"ask"' "$scratch/events")" 1
printf '{"answer":"Allow"}\n' | "$PERFLOOP" trust --events >"$scratch/events"
is "$(grep -c '"event":"ask"' "$scratch/events")" 1
"$PERFLOOP" trust --events </dev/null >"$scratch/events"
is "$(grep -c '"event":"ask"' "$scratch/events")" 0

echo "one blank more is another command; the same folder by another name is the same"
ln -s "$scratch/project" "$scratch/link"
(cd "$scratch/link" && "$PERFLOOP" trust </dev/null >/dev/null) || fail "a link to the folder is another folder"
sed -i "s/pytest -q tests/pytest -q tests ''/" perfloop.toml
"$PERFLOOP" trust </dev/null >/dev/null 2>"$scratch/said" && fail "a changed command was agreed to"
grep -q "pytest -q tests" "$scratch/said" || fail "$(cat "$scratch/said")"
cp -r "$scratch/project" "$scratch/copy"
(cd "$scratch/copy" && "$PERFLOOP" trust </dev/null >/dev/null 2>&1) && fail "another folder was agreed to"

echo "a broken line is named"
cp perfloop.toml "$scratch/good"
sed -i 's/^tests .*/tests = pytest/' perfloop.toml
"$PERFLOOP" trust 2>"$scratch/said" </dev/null >/dev/null
line=$(grep -n '^tests' perfloop.toml | cut -d: -f1)
is "$(cat "$scratch/said")" "perfloop.toml:$line: text stands in quotes: \"pytest\""
cp "$scratch/good" perfloop.toml

echo "nothing of it lies in the project, and it can be taken back"
is "$(find . -newer pyproject.toml -type f | sort | tr '\n' ' ')" "./perfloop.toml "
is "$("$PERFLOOP" trust --revoke)" "2 agreements of $PWD taken back"
is "$("$PERFLOOP" trust --all)" "nothing was agreed to"
echo "all as planned"
