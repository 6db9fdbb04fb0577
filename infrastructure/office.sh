#!/usr/bin/env bash
# LibreOffice Calc without its windows, from Debian, for the test that fills in a decision list as an officer does:
# .anslag/office/soffice, a command like any other. A machine that has LibreOffice Calc needs nothing fetched; where
# neither it nor apt is there, the test is left out and says so.
#
# It needs no root and changes nothing outside the project's folder. What it fetches is checked against Debian's
# signature. When nothing changed it only looks, which takes milliseconds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD office=$PWD/.anslag/office log=$PWD/.anslag/office.log
stamp=$office/.anslag-stamp

say() { printf '%s\n' "$*" >&2; }

# The machine's own command, where it has Calc and not only LibreOffice's other parts.
machines_office() {
  local candidate
  for candidate in "${ANSLAG_OFFICE:-}" "$(command -v soffice || true)"; do
    [ -n "$candidate" ] && [ -e "$(dirname "$(readlink -f "$candidate")")/libsclo.so" ] &&
      printf '%s\n' "$candidate" && return
  done
  return 1
}

# apt with folders of its own sees what the machine has, and fetches what is missing.
own_apt() (
  apt=$office/apt
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

# --reinstall brings LibreOffice whole also where the machine has some of it: its parts look beside themselves. The C
# library stays the machine's, because its loader does.
fetch() {
  local package
  own_apt update &&
    own_apt --yes --download-only --reinstall install libreoffice-calc-nogui libreoffice-core-nogui \
      libreoffice-base-core libreoffice-common ure uno-libs-private libuno-cppu3 libuno-cppuhelpergcc3-3 \
      libuno-purpenvhelpergcc3-3 libuno-sal3 libuno-salhelpergcc3-3 fonts-dejavu-core || return
  for package in "$office"/apt/archives/*.deb; do
    case ${package##*/} in libc6_* | libc-bin_*) continue ;; esac
    dpkg-deb -x "$package" "$office/debian" || return
  done
  settle_in
  rm -rf "$office/apt" "$office"/debian/usr/share/{doc,man,locale}
}

# What Debian's own installation does, and where LibreOffice looks: its settings are kept beside it until they are
# copied to /etc, and its files name /usr and /etc.
settle_in() {
  local debian=$office/debian link target
  local base=$debian/usr/lib/libreoffice
  find "$base" -type l -lname '/*' -printf '%p\t%l\n' | while IFS=$'\t' read -r link target; do
    ln -sfn "$debian$target" "$link" || return
  done
  cp -r "$base/share/.registry/." "$debian/etc/libreoffice/registry/" &&
    sed -i -E "s#file:///(usr/lib|etc)/libreoffice#file://${debian// /%20}/\1/libreoffice#g" \
      "$base/program/fundamentalrc" "$base/program/sofficerc"
}

write_command() {
  local program=$1 libraries
  {
    printf '#!/bin/sh\n'
    if [ -d "$office/debian" ]; then
      libraries=$(find "$office/debian" -name 'lib*.so*' -printf '%h\n' | sort -u | paste -sd :)
      printf 'export LD_LIBRARY_PATH="%s" FONTCONFIG_FILE="%s"\n' "$libraries" "$office/fonts.conf"
      cat >"$office/fonts.conf" <<XML
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>$office/debian/usr/share/fonts</dir><cachedir>$office/fonts</cachedir></fontconfig>
XML
    fi
    printf 'exec "%s" "$@"\n' "$program"
  } >"$office/soffice"
  chmod +x "$office/soffice"
  "$office/soffice" --version
}

# What the result must equal; while this text is the same, there is nothing to do.
describe() { printf '%s\n' "$root" && { machines_office || true; } && sha256sum infrastructure/office.sh; }
settled() { [ -f "$stamp" ] && [ "$(describe 2>/dev/null)" = "$(<"$stamp")" ]; }

step() {
  say "  $1"
  "${@:2}" >"$log" 2>&1 && return
  tail -n 15 "$log" >&2
  say "anslag: that step failed; the lines above are the end of ${log#"$root/"}." \
    "If this machine has no network, connect it and run the same command again."
  exit 1
}

settled && exit 0
mkdir -p .anslag
if command -v flock >/dev/null; then
  exec 8>.anslag/office.lock
  flock 8
  settled && exit 0
fi
rm -rf "$office"
if ! program=$(machines_office); then
  if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    say "anslag: without LibreOffice Calc, the test that opens the decision list in it is left out."
    exit 0
  fi
  say 'Setting up LibreOffice for the test of the decision list'
  mkdir -p "$office"
  step 'fetching LibreOffice Calc from Debian (about 100 MB)' fetch
  program=$office/debian/usr/lib/libreoffice/program/soffice
fi
mkdir -p "$office"
step 'starting LibreOffice' write_command "$program"
describe >"$stamp"
say "  done"
