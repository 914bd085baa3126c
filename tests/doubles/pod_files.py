# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a pod's containers log and the root file system ``kubectl exec`` enters.

kwok serves both through the API server; it finds them in Logs and Exec objects named like the pod.
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from doubles.kube import ApiError, Cluster

# Programs a Rancher container has, or a shell in it would use. A name that is not listed is not
# found by exec, unless the machine itself has it.
_PROGRAMS = (
    "git curl kubectl jq sh bash env true false test cat ls cp mv rm mkdir tar gzip gunzip base64 "
    "sha256sum md5sum head tail grep sed awk cut wc find sort stat id date sleep printenv loglevel"
)

_DISPATCH = """#!/bin/sh
# Runs a command of `kubectl exec` inside the pod's own root file system.
here=${0%/*} name=${0##*/} root=$POD_ROOT
# What is run from here on must not find this folder again, or it would call itself for ever.
unset POD_ROOT
PATH=${PATH#"$here:"}
case $PATH in
*"$here"*)
    echo "$here is not the first folder of PATH" >&2
    exit 126
    ;;
esac
if [ -n "$root" ]; then
    exec "$here/.enter" "$root" "$name" "$@"
fi
exec "$name" "$@"
"""

_ENTER = """#!/bin/sh
# enter ROOT COMMAND...: gives the command the programs of this machine and the files of ROOT.
# The programs it calls itself are the machine's: with the caller's PATH they would be the
# dispatchers beside it, which call it again, without end.
unset POD_ROOT
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
user=--map-root-user
[ "$(id -u)" = 0 ] && user=
# Process 1 in there is the command itself, with the environment of the container.
exec unshare $user --mount --pid --fork --kill-child sh -c '
    root=$1
    shift
    mkdir -p "$root/proc"
    mount -t proc proc "$root/proc" || exit 126
    for directory in usr bin sbin lib lib32 lib64 etc dev; do
        if [ -L "/$directory" ]; then
            [ -L "$root/$directory" ] || ln -s "$(readlink "/$directory")" "$root/$directory"
        elif [ -d "/$directory" ]; then
            mkdir -p "$root/$directory"
            mount --rbind "/$directory" "$root/$directory" || exit 126
        fi
    done
    exec chroot "$root" /usr/bin/env -i HOME=/root TERM=dumb CATTLE_HOME=/opt \\
        PATH=/opt/bin:/usr/local/bin:/usr/bin:/bin sh -c ". /.environment; exec \\"\\$@\\"" enter "$@"
' enter "$@"
"""

# The real script talks to a socket; here the level lives in a file both sides know (FM 8.1).
_LOGLEVEL = """#!/bin/sh
case "$1" in
"") cat /tmp/loglevel ;;
--set)
    case "$2" in
    error | info | debug | trace) ;;
    *)
        echo "Usage: loglevel [--set (error|info|debug|trace)]" >&2
        exit 1
        ;;
    esac
    echo "$2" > /tmp/loglevel
    echo OK
    ;;
*)
    echo "Usage: loglevel [--set (error|info|debug|trace)]" >&2
    exit 1
    ;;
esac
"""


class ContainerLog:
    """The log file of one container, in the format a container runtime writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        self._lock = threading.Lock()

    def write(self, text: str, at: datetime | None = None) -> None:
        """Append the lines of a text, stamped with now or the time given."""
        moment = at or datetime.now(timezone.utc)
        # Nanoseconds, as runtimes write them; Python has microseconds.
        stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"
        lines = "".join(f"{stamp} stdout F {line}\n" for line in text.splitlines())
        with self._lock, self.path.open("a", encoding="utf-8") as file:
            file.write(lines)

    def lines(self) -> list[str]:
        """What has been logged, without the stamps."""
        text = self.path.read_text(encoding="utf-8")
        return [line.split(" ", 3)[3] for line in text.splitlines()]


def owner(pod: Mapping[str, Any]) -> dict[str, Any]:
    """An owner reference to a pod, so that what describes it goes when it goes."""
    metadata = pod["metadata"]
    return {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"]}


def serve_logs(cluster: Cluster, pod: Mapping[str, Any], logs: Mapping[str, ContainerLog]) -> None:
    """Let the API server serve these logs, by container, for a pod."""
    metadata = pod["metadata"]
    entries = [
        {"containers": [container], "logsFile": str(log.path), "follow": True}
        for container, log in logs.items()
    ]
    _put(
        cluster,
        {
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "Logs",
            "metadata": {
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "ownerReferences": [owner(pod)],
            },
            "spec": {"logs": entries},
        },
    )


def serve_exec(cluster: Cluster, pod: Mapping[str, Any], container: str, root: Path) -> None:
    """Let ``exec`` into a container of a pod run inside ``root``."""
    metadata = pod["metadata"]
    local = {"workDir": "/", "envs": [{"name": "POD_ROOT", "value": str(root)}]}
    _put(
        cluster,
        {
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "Exec",
            "metadata": {
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "ownerReferences": [owner(pod)],
            },
            "spec": {"execs": [{"containers": [container], "local": local}]},
        },
    )


def _put(cluster: Cluster, body: dict[str, Any]) -> None:
    try:
        cluster.create(body)
    except ApiError as error:
        if not error.conflict:
            raise
        kind = {"Logs": "logs", "Exec": "execs"}[body["kind"]]
        metadata = body["metadata"]
        patch = {"spec": body["spec"], "metadata": {"ownerReferences": metadata["ownerReferences"]}}
        cluster.patch(f"{kind}.kwok.x-k8s.io", metadata["name"], patch, metadata["namespace"])


def install_exec_programs(exec_path: Path) -> None:
    """Fill the folder kwok looks commands up in first with the way into the pods' roots."""
    if (exec_path / ".enter").exists():
        return
    exec_path.mkdir(parents=True, exist_ok=True)
    for name, text in ((".dispatch", _DISPATCH), (".enter", _ENTER)):
        _write_program(exec_path / name, text)
    for program in _PROGRAMS.split():
        link = exec_path / program
        if not link.is_symlink():
            link.symlink_to(".dispatch")


def make_root(root: Path, environment: Mapping[str, str]) -> None:
    """Make the root file system of a Rancher pod: its own files; programs come from the machine."""
    for directory in ("tmp", "root", "run", "var/lib/rancher", "var/lib/rancher-data", "opt/bin"):
        (root / directory).mkdir(parents=True, exist_ok=True)
    _write_program(root / "opt/bin/loglevel", _LOGLEVEL)
    lines = (f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())
    (root / ".environment").write_text("".join(lines), encoding="utf-8")
    level = root / "tmp/loglevel"
    if not level.exists():
        level.write_text("info\n", encoding="utf-8")


def log_level(root: Path) -> str:
    """The log level set in a pod: error, info, debug or trace."""
    return (root / "tmp/loglevel").read_text(encoding="utf-8").strip()


def _write_program(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
