#!/bin/sh
# Make a fresh checkout ready to run: everything below this folder, nothing in the home folder.
#
# Needs Python >= 3.11 (with venv), Node >= 20 with npm, and nothing else. Each step leaves a stamp
# inside what it made, keyed by the files that decide its content, so a second run does nothing.
# The stamp is written last: a step that was interrupted runs again.
set -eu
cd "$(dirname "$0")/.."
root=$PWD

say() { printf 'setup: %s\n' "$*" >&2; }
fail() {
    printf 'setup: %s\nTry: %s\n' "$1" "$2" >&2
    exit 1
}

# --- caches: inside the checkout, so that removing it removes everything
export UV_CACHE_DIR="$root/.cache/uv" UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1
export PIP_CACHE_DIR="$root/.cache/pip" PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
export npm_config_cache="$root/.cache/npm" npm_config_update_notifier=false
export npm_config_audit=false npm_config_fund=false npm_config_progress=false
unset VIRTUAL_ENV UV_PROJECT_ENVIRONMENT UV_PYTHON PYTHONHOME PYTHONPATH
export TMPDIR="$root/.cache/tmp" # uv leaves lock files there
mkdir -p .cache/tmp .cache/home # the private HOME of Anvil, forge and the tests

# --- what the machine has
suitable='
import sys
try:
    import ensurepip, ssl, venv
except ImportError:
    sys.exit(1)
if sys.version_info < (3, 11):
    sys.exit(1)
print(getattr(sys, "_base_executable", None) or sys.executable)
'
find_python() {
    for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if "$name" -c "$suitable" 2>/dev/null; then return 0; fi
    done
    return 1
}
python=$(find_python) || fail \
    "no Python >= 3.11 with the modules venv and ensurepip was found on PATH" \
    "install python3.11 or newer (Debian: python3 and python3-venv), or say PYTHON=/path/to/python3.11"
command -v node >/dev/null || fail "node is not on PATH; Node >= 20 is needed" "install Node 20"
command -v npm >/dev/null || fail "npm is not on PATH; it comes with Node" "install npm"
node_version=$(node -p 'process.versions.node')
[ "${node_version%%.*}" -ge 20 ] || fail "Node $node_version is too old; 20 is needed" "install Node 20"
platform="$(uname -s) $(uname -m)"
npm_force=
if [ "$platform" != "Linux x86_64" ]; then
    # The npm packages of Foundry are native programs for x86-64 Linux only.
    for tool in anvil forge; do
        command -v "$tool" >/dev/null || fail "$tool is not on PATH, and npm has none for $platform" \
            "install Foundry, so that anvil and forge are on PATH"
    done
    npm_force=--force # npm then only warns about those packages
fi

# --- stamps
python_version=$("$python" -c 'import platform; print(platform.python_version())')
key() { # the version of the program that installs, then the files that say what
    { printf '%s\n' "$root" "$platform" "$@"; shift; cat "$@"; } |
        "$python" -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())'
}
fresh() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

# --- the steps
wanted=$(key "$python_version" scripts/boot-requirements.txt)
if ! fresh .cache/boot/.stamp "$wanted"; then
    say "uv, into .cache/boot"
    "$python" -m venv --clear .cache/boot
    .cache/boot/bin/python -m pip install --quiet --require-hashes --only-binary :all: \
        -r scripts/boot-requirements.txt ||
        fail "pip could not install uv" "check the network, or the package index set for pip"
    printf '%s\n' "$wanted" >.cache/boot/.stamp
fi
uv=$root/.cache/boot/bin/uv

wanted=$(key "$python_version" uv.lock pyproject.toml)
if ! fresh .venv/.stamp "$wanted"; then
    say "Python $python_version environment, into .venv"
    "$uv" sync --quiet --locked --all-extras --python "$python" ||
        fail "uv could not make .venv from uv.lock" "read uv's message above"
    printf '%s\n' "$wanted" >.venv/.stamp
fi

wanted=$(key "${node_version%%.*}" contracts/package-lock.json contracts/package.json)
if ! fresh contracts/node_modules/.stamp "$wanted"; then
    say "compiler and private chain, into contracts/node_modules (about 200 MB)"
    (cd contracts && npm ci --ignore-scripts --loglevel=error $npm_force >&2) ||
        fail "npm could not install contracts/package-lock.json" "read npm's message above"
    printf '%s\n' "$wanted" >contracts/node_modules/.stamp
fi

web=node_gateway/web
wanted=$(key "$node_version" $web/package-lock.json $web/package.json)
if ! fresh $web/node_modules/.stamp "$wanted"; then
    say "what the pages are built from, into $web/node_modules (about 60 MB)"
    (cd $web && npm ci --ignore-scripts --loglevel=error >&2) ||
        fail "npm could not install $web/package-lock.json" "read npm's message above"
    printf '%s\n' "$wanted" >$web/node_modules/.stamp
fi
# no name below src or locales holds a space
wanted=$(key "$wanted" $web/build.mjs $web/tsconfig.json $(find $web/src $web/locales -type f | LC_ALL=C sort))
if ! { fresh $web/node_modules/.built "$wanted" && [ -f $web/static/manifest.json ]; }; then
    say "the pages, into $web/static"
    (cd $web && node build.mjs >&2) ||
        fail "the pages could not be built" "read the message of $web/build.mjs above"
    printf '%s\n' "$wanted" >$web/node_modules/.built
fi

compat=tests/compat/original_merkletools
wanted=$(key "$python_version" $compat/uv.lock $compat/pyproject.toml)
if ! fresh .cache/original-merkletools/.stamp "$wanted"; then
    say "the original merkletools, into .cache/original-merkletools"
    UV_PROJECT_ENVIRONMENT="$root/.cache/original-merkletools" \
        "$uv" sync --quiet --locked --no-install-project --project $compat --python "$python" ||
        fail "uv could not make the environment of $compat" "read uv's message above"
    printf '%s\n' "$wanted" >.cache/original-merkletools/.stamp
fi
