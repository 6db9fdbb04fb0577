#!/usr/bin/env bash
# Makes the project's environment and keeps it true to the lock files:
#
#   infrastructure/bootstrap.sh             .venv             everything that the project and its tools need
#   infrastructure/bootstrap.sh sam         .venv-sam         AWS SAM's own command, whose pins do not go with ours
#   infrastructure/bootstrap.sh tests       .venv             also what only tests of the pages import
#   infrastructure/bootstrap.sh browser     .anslag/browser   also Chromium, from Debian
#   infrastructure/bootstrap.sh office      .anslag/office    LibreOffice Calc, from Debian
#   infrastructure/bootstrap.sh lighthouse  .venv-lighthouse  also Node, and .anslag/lighthouse: Lighthouse, from npm
#
# It needs bash and python3 (3.11 or newer), no root, and changes nothing outside the project's folder.
# Every package that it fetches is checked against a hash in the project's lock files (what comes from Debian, pip
# where Debian left it out of Python and Chromium, against Debian's signature). When nothing changed it only looks,
# which takes milliseconds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD log=$PWD/.anslag/setup.log

say() { printf '%s\n' "$*" >&2; }
stop() { say "anslag: $*"; exit 1; }

# Runs a step quietly; when it fails, says in plain words what happened and where the whole story is.
step() {
  local what=$1
  shift
  say "  $what"
  "$@" >"$log" 2>&1 && return
  if grep -qiE 'name or service|name resolution|temporary failure|dns error|could not resolve|network is unreachable|connection (refused|reset|error)|newconnectionerror|timed out|no route to host|error sending request|could not connect' "$log"; then
    stop "the first set-up fetches packages, and could not reach the network." \
      "Connect this machine (or name a mirror that it reaches: PIP_INDEX_URL=...) and run the same command again." \
      "What was tried is in ${log#"$root/"}."
  fi
  tail -n 15 "$log" >&2
  stop "that step failed; the lines above are the end of ${log#"$root/"}."
}

# The best Python: 3.13 is what the functions run on; anything from 3.11 will do.
choose_python() {
  local candidate pyenv="${PYENV_ROOT:-${HOME:-}/.pyenv}/versions"
  for candidate in "${ANSLAG_PYTHON:-}" python3.13 "$pyenv"/3.13*/bin/python3.13 python3 python3.12 python3.11; do
    [ -n "$candidate" ] || continue
    # pyenv's shims come and go with the shell's settings: print what stands behind them.
    "$candidate" -c 'import os, sys
if sys.version_info < (3, 11): sys.exit(1)
print(os.path.realpath(sys.executable))' 2>/dev/null && return
  done
  stop "this project needs Python 3.11 or newer; here is $(python3 --version 2>/dev/null || echo 'no python3')." \
    "Install one (Debian 12 and Ubuntu 24.04 bring it), or name it: ANSLAG_PYTHON=/path/to/python3."
}

# Runs apt-get with folders of its own, which needs no root and leaves the machine as it was. It sees what the
# machine has, so it fetches only what is missing.
own_apt() (
  apt=$root/.anslag/apt
  mkdir -p "$apt"/{lists,archives}/partial
  cat >"$apt/apt.conf" <<CONF
Dir::State::Lists "$apt/lists";
Dir::Cache "$apt";
Dir::Log "$apt";
APT::Sandbox::User "$(id -un)";
APT::Install-Recommends "false";
Acquire::Languages "none";
Debug::NoLocking "true";
CONF
  cd "$apt" && APT_CONFIG=$apt/apt.conf apt-get -q "$@"
)

# Debian's python3 comes without ensurepip, but Debian has pip as a wheel, which runs as it is.
fetch_pip_wheel() {
  own_apt update && own_apt download python3-pip-whl &&
    dpkg-deb -x "$root"/.anslag/apt/python3-pip-whl_*.deb "$root/.anslag/apt/unpacked"
}

install_uv() {
  local environment=$1 python=$2 wheels=/usr/share/python-wheels
  local pip=("$environment/bin/python" -m pip)
  rm -rf "$environment"
  if "$python" -c 'import ensurepip' 2>/dev/null; then
    step 'making the environment' "$python" -m venv "$environment"
  else
    step 'making the environment' "$python" -m venv --without-pip "$environment"
    if ! compgen -G "$wheels/pip-*.whl" >/dev/null; then
      command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
        stop "this Python has neither pip nor ensurepip: install your system's package for venv, and run this again."
      step 'fetching pip from Debian (this Python has none)' fetch_pip_wheel
      wheels=$root/.anslag/apt/unpacked/usr/share/python-wheels
    fi
    pip=(env PYTHONPATH="$(compgen -G "$wheels/pip-*.whl" | head -n 1)" "${pip[@]}")
  fi
  step 'fetching uv, which fetches the rest' "${pip[@]}" --disable-pip-version-check --retries 2 install \
    --no-cache-dir --only-binary :all: --require-hashes -r requirements/uv.txt
}

make_environment() {
  local python version
  python=$(choose_python)
  version=$("$python" -V)
  say "Setting up $environment with $version"
  if [ "$environment" = .venv ]; then
    { [ -x .venv/bin/uv ] && [ "$(.venv/bin/python -V 2>&1)" = "$version" ] && head -n 1 "$stamp" 2>/dev/null | grep -qxF "$root"; } ||
      install_uv .venv "$python"
  else
    step 'making the environment' .venv/bin/uv venv --quiet --clear --python "$python" "$environment"
  fi
  rm -f "$environment"/.anslag*stamp
  step "installing what $lock names" .venv/bin/uv pip sync --python "$environment/bin/python" \
    --require-hashes --compile-bytecode "$lock"
  [ "$environment" != .venv ] || step 'installing the command anslag' .venv/bin/uv pip install \
    --python .venv/bin/python --offline --no-deps --no-build-isolation --editable .
}

# What a step's result must equal; while this text is the same, there is nothing to do.
describe() {
  printf '%s\n' "$root"
  case $name in
    browser) machines_chromium || true ;;
    office) machines_office || true ;;
    *) "$environment/bin/python" -V 2>&1 ;;
  esac
  sha256sum "${inputs[@]}"
}
settled() { [ -f "$stamp" ] && [ "$(describe 2>/dev/null)" = "$(<"$stamp")" ]; }

name=${1:-dev} before=dev environment=.venv lock=requirements/${1:-dev}.txt
inputs=("$lock" infrastructure/bootstrap.sh)
case $name in
  dev) before='' inputs+=(requirements/uv.txt pyproject.toml) ;;
  sam) environment=.venv-sam ;;
  tests) ;;
  browser) environment=.anslag/browser before=tests inputs=(infrastructure/browser.sh) ;;
  office) environment=.anslag/office before='' inputs=(infrastructure/office.sh) ;;
  lighthouse) environment=.venv-lighthouse before=browser inputs+=(infrastructure/browser.sh infrastructure/lighthouse/*) ;;
  *) stop "unknown step '$name': give none, or sam, tests, browser, office or lighthouse." ;;
esac
# What tests add to .venv goes, with its stamp, whenever .venv is made true to its own lock file.
stamp=$environment/.anslag-stamp
[ "$name" != tests ] || stamp=.venv/.anslag-tests-stamp
case $name in
  browser | lighthouse) . infrastructure/browser.sh ;;
  office) . infrastructure/office.sh ;;
esac

[ -z "$before" ] || "$root/infrastructure/bootstrap.sh" "$before" # .venv also brings uv
settled && exit 0
mkdir -p .anslag
if command -v flock >/dev/null; then
  exec 9>.anslag/setup.lock
  flock -n 9 || { say '  waiting for another set-up in this folder'; flock 9; }
  settled && exit 0
fi

export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}"
[ -z "${PIP_INDEX_URL:-}" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$PIP_INDEX_URL}"
[ -w "${HOME:-/nonexistent}" ] || export UV_CACHE_DIR="${UV_CACHE_DIR:-$root/.anslag/uv-cache}"
rm -rf .anslag/apt # what a step that failed left there
case $name in
  tests)
    say 'Adding what tests of the pages need'
    step "installing what $lock names" .venv/bin/uv pip install --python .venv/bin/python --no-deps \
      --require-hashes --compile-bytecode -r "$lock"
    ;;
  browser) install_chromium ;;
  office) install_office ;;
  lighthouse) make_environment && install_lighthouse ;;
  *) make_environment ;;
esac
describe >"$stamp"
rm -rf .anslag/apt
say "  done"
