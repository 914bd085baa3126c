# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds components into the cache, each once, safe against a second build at the same time.

Go's build and module caches (about 6 GiB) live in a work folder inside the cache and are thrown
away; the binaries stay.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from controlplane import cache
from controlplane.components import COMPONENTS, Component
from controlplane.failure import ControlPlaneError
from controlplane.processes import die_with_parent
from controlplane.progress import duration, say
from controlplane.toolchain import find_go

NEEDED_BYTES = 8 * 1024**3
HEARTBEAT_SECONDS = 30.0


def build(names: Sequence[str] = ()) -> dict[str, str]:
    """Build the named components (all of them without names) unless they are in the cache.

    Returns the path of every program of these components by name. Raises ControlPlaneError.
    """
    components = [COMPONENTS[name] for name in names] if names else list(COMPONENTS.values())
    if not all(cache.is_built(component) for component in components):
        _build_missing(components)
    return {
        name: str(cache.program(component, name))
        for component in components
        for name in component.programs
    }


def _build_missing(components: Sequence[Component]) -> None:
    root = cache.root()
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ControlPlaneError(
            f"cannot make the cache folder {root}: {error.strerror}. "
            "Name another with HARVESTER_OPS_CACHE=/path."
        ) from error
    with _build_lock(root / "build.lock"):
        missing = [component for component in components if not cache.is_built(component)]
        if not missing:
            return
        _check_space(root)
        work = root / "work"
        cache.remove_tree(work)  # left by a build that was killed: we hold the lock
        work.mkdir()
        try:
            _build_all(missing, work)
        finally:
            say("removing Go's build and module caches")
            cache.remove_tree(work)


def _build_all(components: Sequence[Component], work: Path) -> None:
    go = find_go(work, components)
    total = sum(component.minutes for component in components)
    say(
        f"building {', '.join(c.name for c in components)} into {cache.root()}: "
        f"about {total:.0f} min on two cores, only this once"
    )
    for component in components:
        _build_one(component, go, work)


def _build_one(component: Component, go: str, work: Path) -> None:
    names = ", ".join(component.programs)
    say(f"building {component.name} {component.version} ({names}): about {component.minutes:g} min")
    started = time.monotonic()
    staging = work / "staging" / component.name
    binary = staging / "bin" / component.programs[0]
    binary.parent.mkdir(parents=True)
    command = [go, "build", "-trimpath", "-buildvcs=false", "-ldflags", component.linker_flags()]
    command += ["-o", str(binary), component.package]
    _run_go(component, command, work)
    for alias in component.programs[1:]:
        (binary.parent / alias).symlink_to(binary.name)
    if component.crds:
        _keep_crds(component, work, staging / "crds")
    target = cache.folder(component)
    cache.remove_tree(target)
    staging.rename(target)
    size = target.joinpath("bin", component.programs[0]).stat().st_size / 1e6
    say(f"built {component.name} in {duration(time.monotonic() - started)}, {size:.0f} MB")


def _keep_crds(component: Component, work: Path, target: Path) -> None:
    source = work / "modules" / f"{component.module}@{component.version}"
    target.mkdir()
    for name in component.crds:
        shutil.copy(source / name, target)


def _run_go(component: Component, command: list[str], work: Path) -> None:
    """Run one ``go build``, with a sign of life now and then, and tell its errors."""
    log = cache.root() / f"{component.name}.build.log"
    environment = dict(
        os.environ,
        CGO_ENABLED="0",
        GOTOOLCHAIN="local",
        GOWORK="off",
        GOFLAGS="-mod=readonly -modcacherw",
        GOCACHE=str(work / "build"),
        GOMODCACHE=str(work / "modules"),
        GOTMPDIR=str(work),
    )
    environment.pop("GOROOT", None)  # of another toolchain than the one chosen
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=component.directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that its compilers can be stopped with it
            preexec_fn=die_with_parent,
        )
        try:
            while _still_running(process):
                say(f"  ... {component.name}: {duration(time.monotonic() - started)}")
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
    if process.returncode != 0:
        raise ControlPlaneError(_build_failure(component, log))


def _still_running(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(timeout=HEARTBEAT_SECONDS)
    except subprocess.TimeoutExpired:
        return True
    return False


def _build_failure(component: Component, log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    told = [line for line in lines if not line.startswith("go: downloading ")]
    tail = "\n  ".join(told[-10:]) or "(go printed nothing)"
    hint = ""
    if any(sign in line for line in told for sign in ("dial tcp", "no such host", "proxyconnect")):
        hint = " The Go module proxy could not be reached: check the network, GOPROXY, HTTPS_PROXY."
    elif any("no space left on device" in line for line in told):
        hint = f" The disk of {cache.root()} is full."
    return (
        f"building {component.name} {component.version} failed:\n  {tail}\n"
        f"The whole log is {log}.{hint}"
    )


def _check_space(root: Path) -> None:
    free = shutil.disk_usage(root).free
    if free < NEEDED_BYTES:
        raise ControlPlaneError(
            f"building needs about {NEEDED_BYTES >> 30} GiB for a while, {root} has "
            f"{free / 1024**3:.1f} GiB free. Free some, or name another place with "
            "HARVESTER_OPS_CACHE=/path."
        )


@contextlib.contextmanager
def _build_lock(path: Path) -> Iterator[None]:
    """Hold the one build lock of this cache; say so when another build has it."""
    with path.open("a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            owner = handle.read().strip() or "unknown"
            say(f"another build (pid {owner}) is at work in this cache: waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield
