# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The yardstick: the least a module can do with the kubernetes library, one GET of one object."""

from __future__ import annotations

import kubernetes
from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Read namespace kube-system."""
    module = AnsibleModule(argument_spec={"kubeconfig": {"type": "path", "required": True}})
    kubernetes.config.load_kube_config(config_file=module.params["kubeconfig"])
    kubernetes.client.CoreV1Api().read_namespace("kube-system")
    module.exit_json(changed=False)


if __name__ == "__main__":
    main()
