# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A source of events for rulebooks: Helm releases of Rancher that have been pending for too long."""

from __future__ import annotations

DOCUMENTATION = r"""
short_description: Tell of Helm releases of Rancher that have been pending for too long
description:
  - Asks a Harvester cluster every so often for the releases that Rancher keeps for itself, and sends an event for
    each whose last revision has been pending for longer than C(stale_after). Such a release blocks an upgrade, and
    the next one as well. It only reads, and needs no more than the rights of files/rbac/diagnose.yml.
  - The event holds C(pending_release) (C(namespace), C(release), C(revision), C(status), C(chart_version),
    C(pending_since), C(pending_seconds)) and C(cluster) (C(server), C(uid)).
  - A cluster that does not answer is asked again at the next turn; wrong credentials, or an account that may
    list the Secrets of no namespace, end the source. Single namespaces that it may not see are logged.
options:
  stale_after:
    description: Age in seconds from which a pending release counts as abandoned; as remediation_stale_after.
    type: int
    default: 600
  interval:
    description: Seconds between two looks.
    type: int
    default: 60
  remind_after:
    description: Seconds after which an event is sent again while nothing has changed; 0 for never.
    type: int
    default: 0
  kubeconfig:
    description:
      - Path of the kubeconfig. This and C(context), C(host), C(api_key), C(ca_cert) and C(validate_certs) fall back to
        K8S_AUTH_* as in the modules of the collection.
    type: str
"""

EXAMPLES = r"""
- harvester_ops.remediation.pending_release:
    kubeconfig: /etc/harvester/kubeconfig
    stale_after: 600
    interval: 60
"""

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import Any

# ansible-rulebook runs the file by its path, without Ansible's importer of collections.
_COLLECTIONS = Path(__file__).parents[6]
if _COLLECTIONS.name == "ansible_collections" and str(_COLLECTIONS.parent) not in sys.path:
    sys.path.append(str(_COLLECTIONS.parent))

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.auth import (
    AUTH_ARGUMENT_SPEC,
    resolve,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.client import (
    KubeClient,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.server.stale_releases import (
    StaleReleases,
)

logger = logging.getLogger(__name__)

_UNREAD = (
    "Not watched, because the account may not list Secrets there: %s. Apply files/rbac/diagnose.yml of the"
    " collection again, or grant get and list on Secrets in these namespaces."
)
_FALSE = ("0", "false", "no", "off")


async def main(queue: asyncio.Queue[Any], args: dict[str, Any]) -> None:
    """Send events until the source is cancelled. Raises RemediationError for what waiting does not cure."""
    client = KubeClient(resolve(_connection(args)))
    watch = StaleReleases(
        client, int(args.get("stale_after", 600)), int(args.get("remind_after", 0))
    )
    told: frozenset[str] = frozenset()
    while True:
        try:
            for event in await asyncio.to_thread(watch.look):
                await queue.put(event)
            if watch.unread - told:
                logger.warning(_UNREAD, ", ".join(sorted(watch.unread)))
            told = watch.unread
        except RemediationError as error:
            if not (error.retryable or error.code == "server-unreachable"):
                raise
            logger.warning("%s", error)
        await asyncio.sleep(float(args.get("interval", 60)))


def _connection(args: dict[str, Any]) -> dict[str, Any]:
    """The connection options, from the source's arguments or else the environment."""
    options: dict[str, Any] = {}
    for name, spec in AUTH_ARGUMENT_SPEC.items():
        variables = spec["fallback"][1] if "fallback" in spec else []
        given = [args.get(name), *(os.environ.get(variable) for variable in variables)]
        options[name] = next((value for value in given if value not in (None, "")), None)
    if isinstance(options["validate_certs"], str):
        options["validate_certs"] = options["validate_certs"].lower() not in _FALSE
    return options


if __name__ == "__main__":

    class _Printer(asyncio.Queue[Any]):
        """For a try on the command line: shows events in place of keeping them."""

        async def put(self, item: Any) -> None:
            """Print it."""
            sys.stdout.write(f"{item}\n")

    asyncio.run(main(_Printer(), {}))
