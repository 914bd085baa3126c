# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of this house that no linter knows.

Licence header, function length, import direction, borders, names, reasons for silenced linters.
Prints one ``path:line: message`` for each breach and exits with 1 if there are any.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeGuard

CHECKOUT = Path(__file__).resolve().parents[2]
HEADER = (
    "# Copyright (c) 2026, harvester_ops.remediation contributors",
    "# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or "
    "https://www.gnu.org/licenses/gpl-3.0.txt)",
    "# SPDX-License-Identifier: GPL-3.0-or-later",
)
HEADER_WITHIN_LINES = 6  # a shebang and an encoding line may come first
MAX_FUNCTION_LINES = 40
MAX_TASK_LINES = 40
MAX_LINE_LENGTH = 160  # for text that black leaves long; it breaks code at 100

# The packages of module_utils, bottom first: each imports only itself and those above it in this list.
LAYERS = (
    "_core",
    "_kube",
    "_documents",
    "_harvester",
    "_helm",
    "_rancher/decision",
    "_rancher/values",
    "_rancher/catalog",
    "_rancher/server",
    "_rancher/charts",
    "_evidence",
    "_diagnosis",
    "_plan",
    "_backup",
    "_restore",
    "_steps",
    "_waits",
    "_run",
    "_preflight",
    "_report",
    "_awx",
    "_module.py",  # what every module's main() shares
)
COLLECTION = "ansible_collections.harvester_ops.remediation."
PLUGINS = ("plugins",)
MODULE_UTILS = (*PLUGINS, "module_utils")

# Words that say nothing about what a thing is.
EMPTY_WORDS = {"fix", "helper", "helpers", "manager", "misc", "util", "utils", "utils2"}
UNCONDITIONAL_SKIPS = {"pytest.mark.skip", "pytest.mark.xfail"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

SILENCED = re.compile(r"#\s*(?:noqa|pylint:\s*disable|nosec)\b(?P<rest>.*)")
REASON = re.compile(r"\s*[:=]\s*[\w-]+(?:\s*,\s*[\w-]+)*\s\W*\w+\W+\w+")  # codes, then some words
LEFT_BEHIND = re.compile(
    r"(?:#|//|<!--)\s*(?:TO[D]O|FIX[M]E|XX[X]|HAC[K])\b"
)  # not this line itself

SOURCE_SUFFIXES = {".go", ".j2", ".py", ".sh", ".toml", ".yaml", ".yml"}
# Documents the tests feed to the code, generated files and one-fact files carry no header.
WITHOUT_HEADER = re.compile(
    r"(^|/)(fixtures|golden|testdata|data|charts)/|^changelogs/(fragments/|changelog\.yaml)"
)


class Breach(NamedTuple):
    """One broken rule at one place."""

    path: Path
    line: int
    message: str


def source_files() -> list[Path]:
    """Everything git tracks or would track."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = (CHECKOUT / name for name in sorted(set(listing.split("\0"))) if name)
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def check_header(path: Path, text: str) -> Iterator[Breach]:
    """Every source file opens with copyright, licence and SPDX lines."""
    name = path.relative_to(CHECKOUT).as_posix()
    is_source = path.suffix in SOURCE_SUFFIXES or path.name == "Makefile" or text[:2] == "#!"
    if not is_source or not text or WITHOUT_HEADER.search(name):
        return
    comment = "//" if path.suffix == ".go" else "#"
    top = "\n".join(text.splitlines()[: len(HEADER) + HEADER_WITHIN_LINES])
    if any(line.replace("#", comment, 1) not in top for line in HEADER):
        yield Breach(path, 1, "the three header lines (copyright, licence, SPDX) are missing")


def check_text(path: Path, text: str) -> Iterator[Breach]:
    """Nothing is left for later, nothing is silenced without a reason, lines end."""
    for number, line in enumerate(text.splitlines(), 1):
        if LEFT_BEHIND.search(line):
            yield Breach(path, number, "left for later: do it, or file an issue")
        if path.suffix == ".py" and len(line) > MAX_LINE_LENGTH:
            yield Breach(path, number, f"ansible-test allows {MAX_LINE_LENGTH} columns")
        silenced = SILENCED.search(line) if path.suffix == ".py" else None
        if silenced and not REASON.match(silenced["rest"]):
            yield Breach(path, number, "silences a linter without saying why on the same line")


def says_nothing(name: str) -> bool:
    """Whether a name holds an empty word (kube-controller-manager's is the field's own)."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().replace("controller_manager", "")
    return bool(EMPTY_WORDS & set(words.split("_")))


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from ``def`` to the last statement, the docstring not counted."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function, clean=False) is not None:
        docstring = function.body[0]
        lines -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return lines


def check_definitions(path: Path, tree: ast.Module) -> Iterator[Breach]:
    """Functions fit on a screen; names say what a thing is; no test is skipped unconditionally."""
    if says_nothing(path.stem):
        yield Breach(path, 1, f"a file called {path.name} does not say what is in it")
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS) and lines_of(node) > MAX_FUNCTION_LINES:
            message = f"{node.name} has {lines_of(node)} lines, more than {MAX_FUNCTION_LINES}"
            yield Breach(path, node.lineno, message)
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and says_nothing(node.name):
            yield Breach(path, node.lineno, f"the name {node.name} does not say what it is")
        if binds_underscore(node):
            yield Breach(path, node.lineno, "ansible-test allows no variable named _: name it")
        if isinstance(node, ast.Attribute) and ast.unparse(node) in UNCONDITIONAL_SKIPS:
            yield Breach(path, node.lineno, "a test is skipped without a condition: use skipif")


def binds_underscore(node: ast.AST) -> TypeGuard[ast.Name | ast.FunctionDef]:
    """Whether a variable or a function's parameter is called ``_`` (a lambda's may be)."""
    if isinstance(node, ast.FunctionDef):
        return any(isinstance(part, ast.arg) and part.arg == "_" for part in ast.walk(node.args))
    return isinstance(node, ast.Name) and node.id == "_" and isinstance(node.ctx, ast.Store)


def imported_modules(tree: ast.Module, package: tuple[str, ...] = ()) -> Iterator[tuple[int, str]]:
    """Every import of a file with its line, also those inside functions.

    A relative one is resolved from ``package``, the folders of the file, to a path with dots.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            parts = (*base, *([node.module] if node.module else []))
            yield from ((node.lineno, ".".join((*parts, alias.name))) for alias in node.names)


def layer_of(parts: tuple[str, ...]) -> int | None:
    """The rank of the package that a path inside module_utils belongs to."""
    below = "/".join(parts) + "/"
    for rank, layer in enumerate(LAYERS):
        if below.startswith(layer.removesuffix(".py") + "/"):
            return rank
    return None


def check_layers(path: Path, tree: ast.Module) -> Iterator[Breach]:
    """Inside module_utils imports point down only and AnsibleModule stays out."""
    parts = path.relative_to(CHECKOUT).parts
    if parts[:2] != MODULE_UTILS:
        return
    own = layer_of((*parts[2:-1], path.stem))
    if own is None and path.name != "__init__.py":
        yield Breach(
            path, 1, "belongs to none of the packages in LAYERS (tests/tools/house_rules.py)"
        )
    for line, name in sorted(set(imported_modules(tree, parts[:-1]))):
        ansible_only = name.startswith(
            ("ansible.module_utils.basic", "ansible.plugins", "ansible.utils")
        )
        if ansible_only and path.name != "_module.py":
            yield Breach(path, line, f"{name} belongs into a module or plugin, not module_utils")
        if not name.startswith(".".join(MODULE_UTILS) + "."):
            continue
        other = layer_of(tuple(name.split(".")[2:]))
        if own is not None and other is not None and other > own:
            message = f"{LAYERS[own]} may not import {LAYERS[other]}: imports point down only"
            yield Breach(path, line, message)


def check_relative_imports(path: Path, tree: ast.Module) -> Iterator[Breach]:
    """Inside the collection imports are relative: short, and the same wherever it is installed."""
    if path.relative_to(CHECKOUT).parts[:1] != PLUGINS:
        return
    for line, name in sorted(set(imported_modules(tree))):
        if name.startswith(COLLECTION):
            yield Breach(path, line, f"import {name} relatively")


def check_doubles(path: Path, tree: ast.Module) -> Iterator[Breach]:
    """The doubles share no code with what they test."""
    if path.relative_to(CHECKOUT).parts[:2] != ("tests", "doubles"):
        return
    for line, name in imported_modules(tree):
        if ".remediation.plugins" in name:
            yield Breach(path, line, f"a double shares no code with plugins/, but uses {name}")


def check_roles(path: Path, text: str) -> Iterator[Breach]:
    """A role's main task file is a table of contents."""
    lines = len(text.splitlines())
    if path.match("roles/*/tasks/main.yml") and lines > MAX_TASK_LINES:
        yield Breach(path, MAX_TASK_LINES, f"{lines} lines, more than {MAX_TASK_LINES}")


def check_sanity_ignores(path: Path, text: str) -> Iterator[Breach]:
    """No test of ansible-test is switched off."""
    if path.match("tests/sanity/ignore*.txt") and text.strip():
        yield Breach(path, 1, "sanity tests are not ignored here: repair what they found")


TREE_CHECKS = (check_definitions, check_layers, check_relative_imports, check_doubles)


def breaches(paths: Iterable[Path]) -> Iterator[Breach]:
    """All breaches of all rules in ``paths``."""
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # an archive or a picture
        for check in (check_header, check_text, check_roles, check_sanity_ignores):
            yield from check(path, text)
        if path.suffix == ".py" or text.startswith("#!/usr/bin/env python"):
            tree = ast.parse(text, str(path))
            for check_tree in TREE_CHECKS:
                yield from check_tree(path, tree)


def main() -> int:
    paths = [Path(name).resolve() for name in sys.argv[1:]] or source_files()
    found = list(breaches(paths))
    for path, line, message in found:
        print(f"{path.relative_to(CHECKOUT)}:{line}: {message}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
