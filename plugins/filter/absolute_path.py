# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: absolute_path
short_description: Take a path from the folder the command was given in
version_added: 0.1.0
description:
  - Ansible runs modules in the folder of the playbook, and lookups search those of roles and playbooks. Neither
    is where somebody is who writes a relative path on a command line.
  - Empty values, and a kubeconfig given as a dictionary, stay as they are. C(~) is the home folder.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  _input:
    description: A path, or a list of them.
    type: raw
    required: true
  kind:
    description:
      - What the text is. V(program) is looked for on E(PATH) when it holds no slash, and stays as it is then.
        V(search_path) is several paths with colons between them, as in E(KUBECONFIG).
    type: str
    choices: [path, program, search_path]
    default: path
"""

EXAMPLES = r"""
---
- name: Fetch the kubeconfig that was named on the command line
  ansible.builtin.set_fact:
    cluster_access: "{{ lookup('ansible.builtin.file', my_kubeconfig | harvester_ops.remediation.absolute_path) }}"
"""

RETURN = r"""
_value:
  description: The absolute path, or the list of them.
  type: raw
"""

import os
from collections.abc import Callable
from typing import Any


def absolute_path(given: Any, kind: str = "path") -> Any:
    """The same as absolute paths; links keep their names."""
    if isinstance(given, (list, tuple)):
        return [absolute_path(each, kind) for each in given]
    if not isinstance(given, str) or not given or (kind == "program" and os.sep not in given):
        return given
    parts = given.split(os.pathsep) if kind == "search_path" else [given]
    return os.pathsep.join(os.path.abspath(os.path.expanduser(part)) for part in parts if part)


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"absolute_path": absolute_path}
