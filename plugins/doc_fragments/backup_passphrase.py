# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of modules that write or read encrypted backup sets."""

from __future__ import annotations


class ModuleDocFragment:
    """The passphrase of a backup set."""

    DOCUMENTATION = r"""
options:
  passphrase:
    description:
      - Passphrase of encrypted backup sets, which are files of Ansible's own vault.
      - Take it from a vaulted variable or a credential of AWX, never from a command line.
    type: str
  passphrase_file:
    description: File with the passphrase, readable by its owner only. Excludes O(passphrase).
    type: path
"""
