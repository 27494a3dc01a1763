#!/bin/sh
# Builds the fuzz targets with coverage instrumentation on the stable toolchain and runs them.
# Usage: run.sh [target|all] [seconds]
set -eu
cd "$(dirname "$0")"
target=${1:-all}
seconds=${2:-30}
triple=$(rustc -vV | sed -n 's/^host: //p')

# --target keeps these flags away from build scripts.
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1" \
  cargo build --release --target "$triple"

built=$(cargo metadata --no-deps --format-version 1 | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
[ "$target" = all ] && target=$(ls src/bin | sed 's/\.rs$//')
for name in $target; do
  echo "== $name, $seconds s"
  mkdir -p "corpus/$name" artifacts
  case $name in
    openai_stream) seeds=../crates/wire/src/openai_chat/stream/tests ;;
    anthropic_stream) seeds=../crates/wire/src/anthropic_messages/stream/tests ;;
    cohere_stream) seeds=../crates/wire/src/cohere_chat/stream/tests ;;
    ollama_stream) seeds=../crates/wire/src/ollama_chat/stream/tests ;;
    *) seeds= ;;
  esac
  dictionary=
  [ -f "$name.dict" ] && dictionary="-dict=$name.dict"
  # shellcheck disable=SC2086 # nothing is no argument
  "$built/$triple/release/$name" -max_total_time="$seconds" -max_len=8192 -timeout=10 -rss_limit_mb=2048 \
    -verbosity=0 -print_funcs=0 -print_final_stats=1 -artifact_prefix=artifacts/ $dictionary "corpus/$name" $seeds
done
