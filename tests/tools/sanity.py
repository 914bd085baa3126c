# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ``ansible-test sanity --local`` over the checkout.

ansible-test works only inside a real ``ansible_collections/NAMESPACE/NAME`` folder, so the files
git knows of (and new ones it does not ignore) are copied to such a temporary folder first. It must
be outside the checkout, or ansible-test would ask the checkout's git what to test.
Arguments are handed to ansible-test: ``sanity.py --test pylint plugins/modules/x.py``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from ansible_test._internal.host_configs import NativePythonConfig
from ansible_test._internal.python_requirements import get_venv_packages

CHECKOUT = Path(__file__).resolve().parents[2]
VENV_BIN = Path(sys.executable).parent
PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"

# Stands in for get-pip.py where it cannot be downloaded. The two filtered options are get-pip's own.
PIP_BOOTSTRAP = '''\
"""Bootstrap pip from the interpreter's own ensurepip (in place of a downloaded get-pip.py)."""
import subprocess
import sys

wanted = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
subprocess.check_call([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL)
subprocess.check_call([sys.executable, "-m", "pip", "install", "--quiet", *wanted])
'''


def copy_checkout(copy: Path) -> None:
    """Fill ``copy`` with exactly what git tracks or would track."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listing.split("\0")):
        source, target = CHECKOUT / name, copy / name
        if source.is_symlink() or source.is_file():  # a deleted file is still listed
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)


def provide_pip_bootstrap() -> None:
    """Put our bootstrap script where ansible-test looks, unless it can get the original itself."""
    python = NativePythonConfig(version=PYTHON_VERSION, path=sys.executable)
    version = get_venv_packages(python)["pip"]
    cached = Path.home() / f".ansible/test/cache/get_pip_{version.replace('.', '_')}.py"
    if cached.exists():
        return
    url = f"https://ci-files.testing.ansible.com/ansible-test/get-pip-{version}.py"
    try:
        urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=10).close()
    except (urllib.error.URLError, OSError) as error:
        print(f"get-pip.py cannot be downloaded ({error}): ensurepip is used in its place.")
        cached.parent.mkdir(parents=True, exist_ok=True)
        cached.write_text(PIP_BOOTSTRAP, encoding="utf-8")


def run_ansible_test(copy: Path, arguments: list[str]) -> int:
    # .venv/bin comes first, so that the pinned shellcheck is found.
    environment = {**os.environ, "PATH": f"{VENV_BIN}{os.pathsep}{os.environ['PATH']}"}
    command = [
        str(VENV_BIN / "ansible-test"),
        "sanity",
        "--local",
        "--python",
        PYTHON_VERSION,
        "--color",
        "no",
        *arguments,
    ]
    return subprocess.run(
        command, cwd=copy, env=environment, stdin=subprocess.DEVNULL, check=False
    ).returncode


def main() -> int:
    provide_pip_bootstrap()
    with tempfile.TemporaryDirectory(prefix="remediation-sanity-") as folder:
        copy = Path(folder, "ansible_collections", "harvester_ops", "remediation")
        copy_checkout(copy)
        return run_ansible_test(copy, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
