# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What only the pod of Rancher's leader knows: the environment of its process, and the commit of its bundled charts.

Both are read by exec, a permission of its own. Neither needs a shell: grep picks the variables that are wanted inside
the container, so no other one leaves it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from ..._core.errors import RemediationError
from ..._kube.exec import ExecResult, exec_in_pod
from ..decision.settings import VARIABLES
from .pods import CONTAINER, NAMESPACE, leader_name

if TYPE_CHECKING:
    from ..._kube.client import KubeClient
    from ..._kube.reader import Reader

# Where the image of Rancher keeps its clones, one folder per repository.
BUNDLED_CATALOGS = "/var/lib/rancher-data/local-catalogs/v2"
TIMEOUT = 10.0
MOST_BYTES = 64 * 1024
# Every image of Rancher sets it: without it the process is another one than Rancher's.
_ALWAYS_SET = "CATTLE_SERVER_VERSION"
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_NOT_FOUND = re.compile(r"executable file not found|no such file or directory: ", re.IGNORECASE)


def url_hash(git_url: str) -> str:
    """The name of the clone of a repository: the SHA-256 of its URL."""
    return hashlib.sha256(git_url.encode()).hexdigest()


class ExecIn(Protocol):
    """`exec_in_pod`, or what stands for it: each knows the client that it takes."""

    def __call__(
        self,
        client: Any,
        namespace: str,
        pod: str,
        container: str,
        argv: Sequence[str],
        *,
        timeout: float,
        on_stdout: Callable[[bytes], object] | None = None,
    ) -> ExecResult: ...


def read_environment(client: Reader, pod: str, exec_in: ExecIn = exec_in_pod) -> dict[str, str]:
    """The wanted variables of Rancher's process, secrets included.

    Raises what exec raises (`forbidden`, `not-found`, `timeout`, …), and `api-error` when the container cannot tell.
    """
    names = "|".join(sorted(VARIABLES))
    argv = ["grep", "-z", "-E", f"^({names})=", "/proc/1/environ"]
    result, output = _run(client, pod, argv, exec_in)
    pairs = (record.partition("=") for record in output.split("\0"))
    found = {name: value for name, equals, value in pairs if equals and name in VARIABLES}
    if not result.ok and result.exit_code != 1:
        raise _no_answer(pod, "the environment of its first process", argv[0], result)
    if _ALWAYS_SET not in found:
        raise RemediationError(
            "api-error",
            f"The first process of Pod/{NAMESPACE}/{pod} does not have {_ALWAYS_SET}: it is not Rancher.",
            "Read the environment of Rancher's process by hand.",
        )
    return found


def read_bundled_head(
    client: Reader, pod: str, repo: str, git_url: str, exec_in: ExecIn = exec_in_pod
) -> str:
    """The commit of the chart repository in the image of the pod.

    Raises what exec raises, `not-found` when the pod has no such repository (any more), `api-error` otherwise.
    """
    directory = f"{BUNDLED_CATALOGS}/{repo}/{url_hash(git_url)}"
    argv = ["git", "-c", "safe.directory=*", "-C", directory, "rev-parse", "HEAD"]
    result, output = _run(client, pod, argv, exec_in)
    commit = output.strip()
    if result.ok and _COMMIT.fullmatch(commit):
        return commit
    if b"cannot change to" in result.stderr:
        raise RemediationError(
            "not-found",
            f"Pod/{NAMESPACE}/{pod} has no {directory}.",
            "From Rancher 2.12 on the leader deletes it with the ClusterRepo; a new pod has it again.",
        )
    raise _no_answer(pod, f"the commit of {directory}", argv[0], result)


def leader_environment(client: KubeClient, exec_in: ExecIn = exec_in_pod) -> dict[str, str] | None:
    """The same of whichever pod leads now; None when it cannot be read, for whatever reason."""
    try:
        pod = leader_name(client)
        return read_environment(client, pod, exec_in) if pod else None
    except RemediationError:
        return None


def _run(client: Reader, pod: str, argv: Sequence[str], exec_in: ExecIn) -> tuple[ExecResult, str]:
    output = bytearray()

    def take(piece: bytes) -> None:
        output.extend(piece[: MOST_BYTES - len(output)])

    result = exec_in(client, NAMESPACE, pod, CONTAINER, argv, timeout=TIMEOUT, on_stdout=take)
    if len(output) >= MOST_BYTES:
        raise RemediationError(
            "api-error", f"{argv[0]} in Pod/{NAMESPACE}/{pod} wrote more than {MOST_BYTES} bytes."
        )
    return result, output.decode("utf-8", "replace")


def _no_answer(pod: str, what: str, program: str, result: ExecResult) -> RemediationError:
    said = " ".join((result.stderr.decode("utf-8", "replace") or result.error).split())[:300]
    if result.exit_code in (126, 127) or _NOT_FOUND.search(said):
        reason = f"its container cannot run {program}"
    elif result.exit_code is None:
        reason = "exec failed"
    else:
        reason = f"{program} ended with code {result.exit_code}"
    return RemediationError(
        "api-error",
        f"Pod/{NAMESPACE}/{pod} did not give {what}: {reason}{f' ({said})' if said else ''}.",
        f"Run {program} in the pod by hand.",
    )
