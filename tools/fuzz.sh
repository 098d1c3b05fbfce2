#!/usr/bin/env bash
# tools/fuzz.sh BUILD TARGET|all SECONDS: runs the libFuzzer targets of a build, starting from fuzz/seeds/, the corpus
# and what earlier runs found. What they find stays in BUILD/corpus/<target>/, crashes in BUILD/crashes/<target>-….
set -euo pipefail
build=$(realpath "$1") wanted=$2 seconds=$3
cd "$(dirname "$0")/.."
corpus=${CERTFERRY_CORPUS:-../shared/corpus}
export ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
mkdir -p "$build/crashes"

# Copies the corpus files with one of the endings, named by content, so that equal names do not collide.
take_corpus() {
  local target_folder=$1 ending file
  shift
  for ending in "$@"; do
    while IFS= read -r -d '' file; do
      cp -n "$file" "$target_folder/$(sha1sum <"$file" | cut -c1-40)"
    done < <(find "$corpus" -type f -name "*$ending" -print0)
  done
}

ran=0 failed=()
while read -r -a line; do
  target=${line[0]}
  [ "$wanted" = all ] || [ "$wanted" = "$target" ] || continue
  ran=$((ran + 1))
  found=$build/corpus/$target
  mkdir -p "$found"
  if [ -d "$corpus" ]; then take_corpus "$found" "${line[@]:1}"; else echo "no corpus: seeds alone" >&2; fi
  printf '== fuzz %s, %s s, from %s files\n' "$target" "$seconds" "$(find "$found" "fuzz/seeds/$target" -type f | wc -l)"
  if ! "$build/fuzz_$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=65536 \
      -print_final_stats=1 -artifact_prefix="$build/crashes/$target-" "$found" "fuzz/seeds/$target" \
      >"$build/$target.log" 2>&1; then
    failed+=("$target")
    tail -60 "$build/$target.log" >&2
  fi
  grep -E '^stat::(number_of_executed_units|average_exec_per_sec|peak_rss_mb)' "$build/$target.log" || true
done <"$build/fuzz/targets.txt"

[ $ran -gt 0 ] || { echo "fuzz: no target '$wanted'; there are: $(cut -d' ' -f1 "$build/fuzz/targets.txt" | tr '\n' ' ')" >&2; exit 2; }
[ ${#failed[@]} = 0 ] || { echo "fuzz: failed: ${failed[*]}; inputs in $build/crashes/" >&2; exit 1; }
