#!/usr/bin/env bash
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Makes .venv: everything of requirements-dev.txt, and the checkout itself as the installed collection. Beside it, in
# .venv/oldest, the oldest ansible-core that the collection supports, for tests of what differs between the two.
# Does nothing when .venv is already what the lock file asks for. PYTHON chooses the interpreter.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly VENV=.venv LOCK=requirements-dev.txt
readonly OLDEST=11 NEWEST=13 # Python 3.x that the locked ansible-core runs on and ansible-test knows

die() {
    printf 'make setup: %s\n' "$*" >&2
    exit 1
}

fits() {
    "$1" -c "import sys; sys.exit(not (3, $OLDEST) <= sys.version_info[:2] <= (3, $NEWEST))" 2>/dev/null
}

find_python() {
    local candidate
    if [[ -n ${PYTHON:-} ]]; then
        fits "$PYTHON" || die "PYTHON=$PYTHON is not a working Python 3.$OLDEST to 3.$NEWEST."
        printf '%s\n' "$PYTHON"
        return
    fi
    for candidate in python3 python3.13 python3.12 python3.11; do
        if fits "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    die "no Python 3.$OLDEST to 3.$NEWEST found (python3 is $(python3 --version 2>&1 || true))." \
        "Install one, for example with: apt-get install python3 python3-venv; or name one: make setup PYTHON=/path/to/python3."
}

# A stamp that names all that went into the environment; a moved checkout must be set up again, too.
wanted_stamp() {
    printf '%s %s\n' "$("$1" -c 'import sys; print(sys.version)' | tr '\n' ' ')" "$PWD"
    cat "$LOCK" meta/runtime.yml
}

install_oldest_core() {
    local version
    version=$(sed -n 's/^requires_ansible: ">=\([0-9.]*\)"$/\1/p' meta/runtime.yml)
    # Its libraries are those of .venv.
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --no-deps --upgrade \
        --target "$VENV/oldest" "ansible-core==$version" ||
        die "pip could not install ansible-core $version, the oldest of meta/runtime.yml (see above)."
}

link_checkout() {
    local target parent
    for parent in "$1" "$VENV/src"; do
        target=$parent/ansible_collections/harvester_ops/remediation
        mkdir -p "$(dirname "$target")"
        ln -sfn "$PWD" "$target"
    done
}

main() {
    local python stamp site
    command -v git >/dev/null || die "git is missing. On Debian and Ubuntu: apt-get install git."
    python=$(find_python)
    stamp=$(wanted_stamp "$python" | "$python" -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())')
    if [[ -x $VENV/bin/python && $(cat "$VENV/.stamp" 2>/dev/null) == "$stamp" ]]; then
        return
    fi
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        die "$python has no venv module. On Debian and Ubuntu: apt-get install python3-venv."
    printf 'Setting up %s with %s (about a minute the first time)\n' "$VENV" "$("$python" --version)"
    rm -f "$VENV/.stamp"
    "$python" -m venv --clear "$VENV"
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --requirement "$LOCK" ||
        die "pip could not install $LOCK (see above). Is the package index reachable?"
    "$VENV/bin/python" -m pip check --disable-pip-version-check >/dev/null ||
        die "the packages of $LOCK do not fit together: run $VENV/bin/python -m pip check, then make lock."
    site=$("$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    link_checkout "$site"
    install_oldest_core
    printf '%s\n' "$stamp" >"$VENV/.stamp"
}

main
