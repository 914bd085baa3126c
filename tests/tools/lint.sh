#!/usr/bin/env bash
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs every linter, also after one has failed. The argument is the path through which mypy sees the
# checkout as ansible_collections.harvester_ops.remediation. Expects .venv/bin first in PATH.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit

readonly IMPORT_TREE=$1
failed=()

check() {
    "$@" || failed+=("$1")
}

shell_scripts() {
    git ls-files -z --cached --others --exclude-standard -- ':!*.py' |
        xargs -0 grep -slE '^#!/(usr/)?bin/(env )?(ba)?sh' --
}

# Programs that tests run; test functions themselves take doubles of any shape and stay untyped.
# They import each other from tests/, not as parts of the collection.
python_programs() {
    git ls-files --cached --others --exclude-standard -- 'tests/*.py' \
        ':!tests/conftest.py' ':!tests/unit' ':!tests/integration' ':!tests/scenarios'
}

mapfile -t scripts < <(shell_scripts)
mapfile -t documents < <(git ls-files --cached --others --exclude-standard -- '*.yml' '*.yaml')
mapfile -t programs < <(python_programs)
check ruff check --quiet .
check black --check --quiet .
check mypy --no-error-summary "$IMPORT_TREE/plugins" "$IMPORT_TREE/extensions" "${programs[@]}"
check python tests/tools/house_rules.py
check yamllint --strict "${documents[@]}"
check ansible-lint --nocolor -qq --format pep8
check shellcheck "${scripts[@]}"
check antsibull-changelog lint
check tests/tools/galaxy_import.sh .

if ((${#failed[@]})); then
    echo "lint: failed: ${failed[*]}" >&2
    exit 1
fi
