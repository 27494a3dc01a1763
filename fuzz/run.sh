#!/bin/sh
# Builds the fuzz targets with coverage instrumentation on the stable toolchain and runs them.
# Usage: run.sh [target|all|wire] [seconds]; a target of a protocol is named as in `stream-openai-chat`. `wire` is all but
# those that need a library of cryptography, which takes longer to build than all else.
set -eu
cd "$(dirname "$0")"
target=${1:-all}
seconds=${2:-30}
triple=$(rustc -vV | sed -n 's/^host: //p')

features=
[ "$target" != wire ] || features=--no-default-features

# shellcheck disable=SC2086 # nothing is no argument
# --target keeps these flags away from build scripts.
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1" \
  cargo build --release --target "$triple" $features

built=$(cargo metadata --no-deps --format-version 1 | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
protocols=$(sed -n 's/.*Self::.* => "\(.*\)",$/\1/p' ../crates/catalogue/src/protocol.rs)
if [ "$target" = all ] || [ "$target" = wire ]; then
  target=
  for binary in $(ls src/bin | sed 's/\.rs$//'); do
    case $binary in
      http1 | pack) [ -n "$features" ] || target="$target $binary" ;;
      request | answer | stream) for protocol in $protocols; do target="$target $binary-$protocol"; done ;;
      *) target="$target $binary" ;;
    esac
  done
fi
for name in $target; do
  binary=${name%%-*} protocol=
  [ "$binary" = "$name" ] || protocol=${name#*-}
  export FUZZ_PROTOCOL="$protocol"
  echo "== $name, $seconds s"
  mkdir -p "corpus/$name" artifacts
  seeds=
  if [ -n "$protocol" ]; then
    # The samples of the unit tests.
    code=../crates/wire/src/$(echo "$protocol" | tr - _)
    for samples in "$code/$binary/tests" "$code/translation/$binary/tests"; do
      [ ! -d "$samples" ] || seeds="$seeds $samples"
    done
  fi
  dictionary=
  for file in "$binary.dict" "$protocol.dict"; do
    [ ! -f "$file" ] || dictionary="-dict=$file"
  done
  # shellcheck disable=SC2086 # nothing is no argument
  "$built/$triple/release/$binary" -max_total_time="$seconds" -max_len=8192 -timeout=10 -rss_limit_mb=2048 \
    -verbosity=0 -print_funcs=0 -print_final_stats=1 -artifact_prefix="artifacts/$name-" $dictionary "corpus/$name" $seeds
done
