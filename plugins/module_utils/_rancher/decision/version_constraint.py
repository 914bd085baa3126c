# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Version constraints of Masterminds/semver v3, read in one pass.

Rancher parses every wanted version as a constraint before it looks for it (FM 2.7.7), so even a
plain version goes through here. The library uses regular expressions; Python's engine would need
exponential time on hostile texts, therefore this is a scanner that accepts the same language.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .chart_version import ChartVersion, SemverRelease, VersionError, compare_prereleases

_SPACE = "\t\n\f\r "
_OPERATOR = re.compile(r"[=!<>~^]*")
_OPERATORS = frozenset({"", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^"})
_SPACES = re.compile(f"[{_SPACE}]*")
_NUMBER = r"[0-9|xX*]+"
_IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_TERM_TEXT = (
    rf"v?{_NUMBER}(?:\.{_NUMBER})?(?:\.{_NUMBER})?(?:-{_IDENTIFIERS})?(?:\+{_IDENTIFIERS})?"
)
_TERM = re.compile(
    rf"v?({_NUMBER})(\.{_NUMBER})?(\.{_NUMBER})?(-{_IDENTIFIERS})?(?:\+{_IDENTIFIERS})?"
)
_RANGE = re.compile(rf"[{_SPACE}]*({_TERM_TEXT})[{_SPACE}]+-[{_SPACE}]+({_TERM_TEXT})[{_SPACE}]*")
_RANGE_DASH = re.compile(f"[{_SPACE}]-[{_SPACE}]")
# Searching for a range takes quadratic time; nothing this long was ever meant as one.
_LONGEST_RANGE = 4096
_WILDCARDS = frozenset({"x", "X", "*"})


@dataclass(frozen=True)
class _Term:
    operator: str
    version: ChartVersion
    dirty: bool
    minor_dirty: bool
    patch_dirty: bool


@dataclass(frozen=True)
class Constraint:
    """OR groups of AND terms."""

    groups: tuple[tuple[_Term, ...], ...]
    semver: SemverRelease

    @classmethod
    def parse(cls, text: str, semver: SemverRelease = SemverRelease.V3_4) -> Constraint:
        """Read ``text`` as ``semver.NewConstraint`` does.

        Raises:
            VersionError: with the message of that release of the library.
        """
        limit = semver.longest_constraint
        if limit is not None and len(text.encode("utf-8", "replace")) > limit:
            raise VersionError(f"constraint string is too long (max {limit} bytes)")
        parts = _rewrite_ranges(text).split("||")
        most = semver.most_constraint_groups
        if most is not None and len(parts) > most:
            raise VersionError(f"too many constraint groups (max {most})")
        return cls(tuple(_group(part, semver) for part in parts), semver)

    def admits(self, version: ChartVersion) -> bool:
        """Return whether ``version`` satisfies one of the groups."""
        return any(self._admits(group, version) for group in self.groups)

    def _admits(self, group: tuple[_Term, ...], version: ChartVersion) -> bool:
        opted_in = any(term.version.prerelease for term in group)
        for term in group:
            allowed = (
                opted_in
                if self.semver.prerelease_opt_in_by_group
                else bool(term.version.prerelease) or (term.operator == "!=" and not term.dirty)
            )
            if version.prerelease and not allowed:
                return False
            if not _CHECKS[term.operator](version, term):
                return False
        return True


def _rewrite_ranges(text: str) -> str:
    """Turn ``a - b`` into ``>= a, <= b``."""
    if len(text) > _LONGEST_RANGE or _RANGE_DASH.search(text) is None:
        return text
    rewritten = text
    for match in _RANGE.finditer(text):
        replacement = f">= {match.group(1)}, <= {match.group(2)} "
        rewritten = rewritten.replace(match.group(0), replacement, 1)
    return rewritten


def _group(text: str, semver: SemverRelease) -> tuple[_Term, ...]:
    found = _scan(text)
    if found is None:
        raise VersionError(semver.improper(text))
    return tuple(_term(operator, match, semver) for operator, match in found)


def _scan(text: str) -> list[tuple[str, re.Match[str]]] | None:
    """Split a group into operators and versions; None when it is not a list of them."""
    found: list[tuple[str, re.Match[str]]] = []
    at = _skip(_SPACES, text, 0)
    while True:
        operator_end = _skip(_OPERATOR, text, at)
        operator = text[at:operator_end]
        match = _TERM.match(text, _skip(_SPACES, text, operator_end))
        if operator not in _OPERATORS or match is None:
            return None
        found.append((operator, match))
        after = _skip(_SPACES, text, match.end())
        if after == len(text):
            return found
        if text[after] == ",":
            at = _skip(_SPACES, text, after + 1)
        elif after > match.end():
            at = after
        else:
            return None


def _skip(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _term(operator: str, match: re.Match[str], semver: SemverRelease) -> _Term:
    major, minor, patch, prerelease = (part or "" for part in match.group(1, 2, 3, 4))
    dirty = minor_dirty = patch_dirty = False
    text = match.group(0)
    if major in _WILDCARDS:
        text, dirty = f"0.0.0{prerelease}", True
    elif not minor or minor[1:] in _WILDCARDS:
        text, dirty, minor_dirty = f"{major}.0.0{prerelease}", True, True
    elif not patch or patch[1:] in _WILDCARDS:
        text, dirty, patch_dirty = f"{major}{minor}.0{prerelease}", True, True
    try:
        version = ChartVersion.parse(text, semver)
    except VersionError as error:
        raise VersionError(semver.message("constraint parser error")) from error
    return _Term(operator, version, dirty, minor_dirty, patch_dirty)


def _equal_or_tilde(version: ChartVersion, term: _Term) -> bool:
    return _tilde(version, term) if term.dirty else version.compare(term.version) == 0


def _not_equal(version: ChartVersion, term: _Term) -> bool:
    wanted = term.version
    if not term.dirty:
        return version.compare(wanted) != 0
    if version.major != wanted.major:
        return True
    if term.minor_dirty:
        return False
    if version.minor != wanted.minor:
        return True
    if term.patch_dirty:
        return bool(
            (version.prerelease or wanted.prerelease) and _prerelease_order(version, wanted)
        )
    return version.patch != wanted.patch or version.compare(wanted) != 0


def _prerelease_order(version: ChartVersion, wanted: ChartVersion) -> int:
    return compare_prereleases(version.prerelease, wanted.prerelease)


def _greater(version: ChartVersion, term: _Term) -> bool:
    wanted = term.version
    if term.dirty and version.major != wanted.major:
        return version.major > wanted.major
    if term.minor_dirty:
        return False
    if term.patch_dirty:
        return version.minor > wanted.minor
    return version.compare(wanted) > 0


def _less(version: ChartVersion, term: _Term) -> bool:
    return version.compare(term.version) < 0


def _greater_or_equal(version: ChartVersion, term: _Term) -> bool:
    return version.compare(term.version) >= 0


def _less_or_equal(version: ChartVersion, term: _Term) -> bool:
    wanted = term.version
    if not term.dirty:
        return version.compare(wanted) <= 0
    if version.major > wanted.major:
        return False
    return not (
        version.major == wanted.major and version.minor > wanted.minor and not term.minor_dirty
    )


def _tilde(version: ChartVersion, term: _Term) -> bool:
    wanted = term.version
    if version.compare(wanted) < 0:
        return False
    if (wanted.major, wanted.minor, wanted.patch) == (0, 0, 0) and not (
        term.minor_dirty or term.patch_dirty
    ):
        return True
    if version.major != wanted.major:
        return False
    return version.minor == wanted.minor or term.minor_dirty


def _caret(version: ChartVersion, term: _Term) -> bool:
    wanted = term.version
    if version.compare(wanted) < 0:
        return False
    if wanted.major > 0 or term.minor_dirty:
        return version.major == wanted.major
    if version.major > 0:
        return False
    if wanted.minor > 0 or term.patch_dirty:
        return version.minor == wanted.minor
    return version.minor == 0 and version.patch == wanted.patch


_CHECKS: dict[str, Callable[[ChartVersion, _Term], bool]] = {
    "": _equal_or_tilde,
    "=": _equal_or_tilde,
    "!=": _not_equal,
    ">": _greater,
    "<": _less,
    ">=": _greater_or_equal,
    "=>": _greater_or_equal,
    "<=": _less_or_equal,
    "=<": _less_or_equal,
    "~": _tilde,
    "~>": _tilde,
    "^": _caret,
}
