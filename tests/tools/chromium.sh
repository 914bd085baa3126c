#!/usr/bin/env bash
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Prints the path of a Chromium, which is installed from Debian's or Ubuntu's packages when it is missing.
# Exit code 3: it is missing, and this account cannot install it. CHROMIUM names another one.
set -euo pipefail

readonly LOCK=/tmp/harvester_ops_remediation-chromium.lock

say() {
    printf 'chromium.sh: %s\n' "$*" >&2
}

find_chromium() {
    local candidate
    for candidate in ${CHROMIUM:-} chromium chromium-browser google-chrome-stable google-chrome; do
        if command -v "$candidate"; then
            return
        fi
    done
    return 1
}

# Two workers of one test run must not install at the same time.
install_chromium() {
    exec 9>"$LOCK"
    flock 9
    find_chromium >/dev/null && return
    say "installing chromium (about 100 MB, once)"
    {
        apt-get update --quiet --quiet
        DEBIAN_FRONTEND=noninteractive apt-get install --quiet --quiet --yes --no-install-recommends \
            chromium fonts-dejavu-core
    } >&2
}

if find_chromium; then
    exit
fi
if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
    say "Chromium is missing, and only root can install it, on Debian or Ubuntu." \
        "Install it (apt-get install chromium), or name one: CHROMIUM=/path/to/chrome."
    exit 3
fi
install_chromium || {
    say "apt-get could not install chromium (see above). Is the package mirror reachable?"
    exit 1
}
find_chromium
