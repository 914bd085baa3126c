#!/usr/bin/env bash
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Builds the tarball of the collection in the given folder and imports it as Galaxy does; fails when Galaxy would refuse
# it. Needs no network. ansible-lint and ansible-test are left out: make lint and make sanity run them on the checkout.
# Expects .venv/bin first in PATH.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
ansible-galaxy collection build --output-path "$scratch" "$1" >/dev/null
cd "$scratch"
export GALAXY_IMPORTER_RUN_ANSIBLE_LINT=false GALAXY_IMPORTER_RUN_ANSIBLE_TEST=false
export GALAXY_IMPORTER_ANSIBLE_LOCAL_TMP=$scratch/ansible
if ! python -m galaxy_importer.main ./*.tar.gz >"$scratch/log" 2>&1 || grep -q '^ERROR' "$scratch/log"; then
    echo "galaxy-importer refuses the tarball of $1:" >&2
    grep -v '^Loading ' "$scratch/log" >&2
    exit 1
fi
