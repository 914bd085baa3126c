# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the computed decisions with measured ones: .venv/bin/python tests/tools/compare_decisions.py FILE...

A file holds one ``{"case": …, "result": …}`` a line, as tests/unit/data/rancher-decisions.jsonl.gz does,
which is compared when no file is named. Ends with 1 when anything differs.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

from ansible_collections.harvester_ops.remediation.tests.unit.builders.measured_decisions import (
    MEASURED,
    disagreements,
    measured,
)

SHOWN = 20


def compare(path: Path) -> bool:
    """Print what differs in one file; True when nothing does."""
    count, differing, fields = 0, 0, Counter[str]()
    for line in measured(path):
        found = disagreements(line)
        count += 1
        differing += bool(found)
        fields.update(found.keys())
        if found and differing <= SHOWN:
            sys.stdout.write(json.dumps({"case": line["case"], "differs": found}) + "\n")
    by_field = ", ".join(f"{field} {number}" for field, number in fields.most_common())
    sys.stdout.write(f"{path}: {count} cases, {differing} differ {by_field}".rstrip() + "\n")
    return not differing


if __name__ == "__main__":
    results = [compare(Path(name)) for name in sys.argv[1:]] or [compare(MEASURED)]
    sys.exit(not all(results))
