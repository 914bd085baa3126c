# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a double looks at the cluster: when a watch reports a change, and every few seconds.

Looking twice a second costs the API server of an idle cluster more than everything else in it.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from doubles.kube import ApiError, Cluster, Patience

_RECONNECT_SECONDS = 0.5


@dataclass(frozen=True)
class Watched:
    """Objects of one kind: in a namespace, of a name or with a label."""

    resource: str
    namespace: str | None = None
    name: str = ""
    selector: str = ""


class Changes:
    """Watches in the background; ``due`` says whether it is time to look again.

    It is when something watched changed, when a watch was connected again (what it missed is not
    known), and when the last look is ``at_least`` seconds ago.
    """

    def __init__(self, cluster: Cluster, watched: Iterable[Watched], at_least: float = 3.0) -> None:
        self._cluster = cluster
        self._at_least = at_least
        self._changed = threading.Event()
        self._looked = time.monotonic() - at_least
        for each in watched:
            threading.Thread(target=self._follow, args=(each,), daemon=True).start()

    def due(self) -> bool:
        """Whether to look now; who is told so is expected to look."""
        overdue = time.monotonic() - self._looked >= self._at_least
        if not self._changed.is_set() and not overdue:
            return False
        # Cleared before the look: a change during it leads to another one.
        self._changed.clear()
        self._looked = time.monotonic()
        return True

    def look_again(self) -> None:
        """The last look failed."""
        self._changed.set()

    def _follow(self, watched: Watched) -> None:
        while True:
            try:
                for _events in self._cluster.watch(
                    watched.resource, watched.namespace, watched.name, watched.selector
                ):
                    self._changed.set()
            except ApiError:
                pass  # away or not served yet; what looks complains
            time.sleep(_RECONNECT_SECONDS)


def keep_looking(
    program: str,
    changes: Changes,
    look: Callable[[], None],
    errors: tuple[type[Exception], ...] = (ApiError,),
    *,
    each_round: Callable[[], None] | None = None,
    pause: float = 0.2,
) -> None:
    """Look whenever it is due until SIGTERM or SIGINT; ``each_round`` costs no request."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_received: stopping.set())
    patience = Patience(program)
    while not stopping.is_set():
        try:
            if changes.due():
                look()
                patience.is_well()
            if each_round is not None:
                each_round()
        except errors as error:
            patience.bear(error)
            changes.look_again()
        stopping.wait(pause)
