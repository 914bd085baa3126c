# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the very libraries Rancher is built with, and keep what they say for the unit tests.

Writes tests/unit/data/library-answers.jsonl.gz. Wants a Go toolchain; the releases of the libraries
are pinned in tests/tools/library_oracle. The questions are drawn with a fixed seed: the same program
and the same libraries write the same file.
"""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

ORACLE = Path(__file__).parent / "library_oracle"
ANSWERS = Path(__file__).resolve().parents[1] / "unit" / "data" / "library-answers.jsonl.gz"
# The release line of Masterminds/semver, and the go.mod that pins it.
RELEASES = {"3.3": "semver-3.3.mod", "3.4": "semver-3.4.mod", "3.5": "go.mod"}
DRAWN = 40_000
# So many questions of one kind with answers of one kind are kept.
KEPT = {"version": 100, "order": 100, "constraint": 100, "patch": 400}

Question = dict[str, str]

NUMBERS = ["0", "1", "2", "3", "10", "106", "01", "00", "x", "X", "*", "18446744073709551615"]
HUGE = ["18446744073709551616", "99999999999999999999", "1" * 300]
PRERELEASES = ["0", "1", "10", "01", "rc", "rc.1", "rc.2", "rc.10", "rc1", "alpha", "beta.2", "a.b"]
ODD_PRERELEASES = [
    "",
    "-",
    "rc..1",
    "é",
    "x",
    "18446744073709551616",
    "rc.01",
    "0a",
    "-1",
    "a" * 260,
]
METADATA = ["up0.12.0", "up0.12.0-rc.3", "up0.12.0-rc.10", "a", "01", "", "a..b", "a.b", "é"]
OPERATORS = ["", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^", "==", "<>", "!", "^^"]
BLANKS = ["", "", " ", "  ", "\t", "\n", "\f", "\v", "\u00a0", "\u2003"]
NOISE = '0123.-+vxX*|,<>=~^! \n\t"%aé\u00a0'
KEYS = ["a", "b", "tolerations", "image", "x<y", "", "é"]
LEAVES: list[Any] = [
    None,
    None,
    None,
    True,
    False,
    0,
    1,
    -1,
    1.0,
    1000.0,
    0.1,
    3.5,
    1e20,
    1e21,
    1e-7,
]
LEAVES += [2**53, 2**53 + 1, 2**63, 5e-324, 1e300, "", "1", "true", "null", "<b>&</b>", "日本語"]
LEAVES += ["🚀", "\u0000", "a\u2028b", 'tab\t"q"\\', [], {}]


class Draw:
    """Draws questions, from the plain to the strange."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def question(self) -> Question:
        """One question of any kind."""
        ask = self._random.choice(["version", "order", "constraint", "constraint", "patch"])
        if ask == "version":
            return {"ask": ask, "a": self.version()}
        if ask == "order":
            return {"ask": ask, "a": self.version(), "b": self.version()}
        if ask == "constraint":
            return {"ask": ask, "a": self.constraint(), "b": self.version()}
        below = self._map(0)
        above = self._changed(below) if self._random.random() < 0.7 else self._map(0)
        return {"ask": ask, "a": json.dumps(below), "b": json.dumps(above)}

    def version(self) -> str:
        """A version; now and then a text that is none."""
        chance = self._random.random
        numbers = NUMBERS[:6] * 4 + NUMBERS + HUGE if chance() < 0.2 else NUMBERS[:6]
        parts = self._random.choice([1, 2, 3, 3, 3, 3, 4] if chance() < 0.3 else [3])
        text = ".".join(self._random.choice(numbers) for _turn in range(parts))
        if chance() < 0.45:
            odd = PRERELEASES * 3 + ODD_PRERELEASES
            text += f"-{self._random.choice(odd)}"
        if chance() < 0.4:
            text += f"+{self._random.choice(METADATA)}"
        if chance() < 0.08:
            text = f"v{text}"
        return self._spoilt(text) if chance() < 0.05 else text

    def constraint(self) -> str:
        """A constraint; now and then a text that is none, or one that is too long for a release."""
        chance = self._random.random()
        if chance < 0.01:
            return " || ".join([self.version()] * self._random.choice([31, 32, 33, 200]))
        if chance < 0.1:
            return self._text(NOISE, 14)
        groups = [self._group() for _turn in range(self._random.choice([1, 1, 1, 2, 3]))]
        text = self._random.choice([" || ", "||"]).join(groups)
        return self._spoilt(text) if chance < 0.15 else text

    def _group(self) -> str:
        pick = self._random.choice
        if self._random.random() < 0.2:
            dash = pick([" - ", " - ", " -", "- ", "  -  ", "\t- "])
            return f"{self._number()}{dash}{self._number()}{pick(['', '', ' ', ', >1', ' <2'])}"
        operators = OPERATORS if self._random.random() < 0.1 else OPERATORS[:12]
        terms = [
            f"{pick(operators)}{pick(BLANKS[:4])}{self._number()}"
            for _turn in range(pick([1, 1, 2, 3]))
        ]
        return pick([", ", ",", " ", " , "]).join(terms)

    def _number(self) -> str:
        """The version part of a constraint: a third of its numbers are wildcards or absent."""
        text = self.version()
        if self._random.random() < 0.3:
            head, dot, _tail = text.partition(".")
            return f"{head}{dot}{self._random.choice(['x', '*', 'X', '1.x', 'x.1', 'x-rc.1'])}"
        return text

    def _spoilt(self, text: str) -> str:
        at = self._random.randrange(len(text) + 1)
        strange: str = self._random.choice([*BLANKS[2:], *NOISE])
        return text[:at] + strange + text[at:]

    def _text(self, letters: str, longest: int) -> str:
        return "".join(self._random.choices(letters, k=self._random.randint(0, longest)))

    def _map(self, depth: int) -> dict[str, Any]:
        keys = self._random.sample(KEYS, self._random.randint(0, 3))
        return {key: self._value(depth + 1) for key in keys}

    def _value(self, depth: int) -> Any:
        chance = self._random.random()
        if depth < 4 and chance < 0.35:
            return self._map(depth)
        if depth < 4 and chance < 0.55:
            return [self._value(depth + 1) for _turn in range(self._random.randint(0, 3))]
        return self._random.choice(LEAVES)

    def _changed(self, value: Any) -> Any:
        """A near relation of a value: what a merge that goes wrong would leave."""
        chance = self._random.random()
        if isinstance(value, dict):
            return {
                key: self._changed(item)
                for key, item in value.items()
                if self._random.random() < 0.9
            }
        if isinstance(value, list):
            return [self._changed(item) for item in value]
        return self._value(2) if chance < 0.25 else value


def answers(release: str, questions: list[Question], folder: Path) -> list[dict[str, Any]]:
    """What the library of that release line says to each question."""
    program = folder / f"oracle-{release}"
    build = ["go", "build", f"-modfile={RELEASES[release]}", "-o", str(program), "."]
    subprocess.run(build, cwd=ORACLE, check=True)
    asked = "".join(json.dumps(question) + "\n" for question in questions)
    done = subprocess.run([program], input=asked, stdout=subprocess.PIPE, check=True, text=True)
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def kind(question: Question, said: list[dict[str, Any]]) -> str:
    """What is alike about questions of which a few suffice."""
    differ = any(one != said[0] for one in said)
    error = str(said[-1].get("error", ""))[:20]
    more = [said[0].get(name) for name in ("admits", "order", "same")]
    return json.dumps([question["ask"], differ, error, more])


def by_release(said: list[dict[str, Any]]) -> dict[str, Any]:
    """The answers by release; one answer of all of them under C(all)."""
    if all(one == said[0] for one in said):
        return {"all": said[0]}
    return dict(zip(RELEASES, said, strict=True))


def main() -> None:
    """Ask, choose, write."""
    draw = Draw(20261125)
    questions = [draw.question() for _turn in range(DRAWN)]
    with tempfile.TemporaryDirectory() as folder:
        said = [answers(release, questions, Path(folder)) for release in RELEASES]
    kept: Counter[str] = Counter()
    lines = []
    for question, *given in zip(questions, *said, strict=True):
        group = kind(question, given)
        kept[group] += 1
        if kept[group] <= KEPT[question["ask"]]:
            lines.append(json.dumps({**question, "said": by_release(given)}))
    ANSWERS.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0))


if __name__ == "__main__":
    main()
