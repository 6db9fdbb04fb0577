# LibreOffice Calc without its windows, from Debian, for the test that fills in a decision list as an officer does: the
# step "office" of bootstrap.sh, which reads this. It makes .anslag/office/soffice, a command like any other. A machine
# that has LibreOffice Calc needs nothing fetched; where neither it nor apt is there, the test is left out and says so.
office=$root/.anslag/office

# The machine's own command, where it has Calc and not only LibreOffice's other parts.
machines_office() {
  local candidate
  for candidate in "${ANSLAG_OFFICE:-}" "$(command -v soffice || true)"; do
    [ -n "$candidate" ] && [ -e "$(dirname "$(readlink -f "$candidate")")/libsclo.so" ] &&
      printf '%s\n' "$candidate" && return
  done
  return 1
}

# --reinstall brings LibreOffice whole also where the machine has some of it: its parts look beside themselves. The C
# library stays the machine's, because its loader does.
fetch_office() {
  local package
  own_apt update &&
    own_apt --yes --download-only --reinstall install libreoffice-calc-nogui libreoffice-core-nogui \
      libreoffice-base-core libreoffice-common ure uno-libs-private libuno-cppu3 libuno-cppuhelpergcc3-3 \
      libuno-purpenvhelpergcc3-3 libuno-sal3 libuno-salhelpergcc3-3 fonts-dejavu-core || return
  for package in "$root"/.anslag/apt/archives/*.deb; do
    case ${package##*/} in libc6_* | libc-bin_*) continue ;; esac
    dpkg-deb -x "$package" "$office/debian" || return
  done
  settle_in
  rm -rf "$office"/debian/usr/share/{doc,man,locale}
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

write_office() {
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

install_office() {
  local program
  rm -rf "$office"
  if ! program=$(machines_office); then
    if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
      say "anslag: without LibreOffice Calc, the test that opens the decision list in it is left out."
      exit 0
    fi
    say 'Setting up LibreOffice for the test of the decision list'
    mkdir -p "$office"
    step 'fetching LibreOffice Calc from Debian (about 100 MB)' fetch_office
    program=$office/debian/usr/lib/libreoffice/program/soffice
  fi
  mkdir -p "$office"
  step 'starting LibreOffice' write_office "$program"
}
