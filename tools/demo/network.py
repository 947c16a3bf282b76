# SPDX-License-Identifier: Apache-2.0
"""The demo's network: server, client and attacker, each in a subnet of its own, behind one router."""

import os
import shutil
import subprocess

ADDRESSES = {"server": ("10.77.1.10", "10.77.1.1"), "client": ("203.0.113.20", "203.0.113.1"),
             "attacker": ("198.51.100.66", "198.51.100.1")}  # own address, router's address


def why_not():
    """Why namespaces cannot be made here, or None."""
    if os.geteuid() != 0:
        return "you are not root"
    for tool in ("ip", "nft", "nmap", "aws"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed (tools/setup installs it)"
    name = f"weir-try-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"ip netns add: {made.stderr.strip()}"
    rules = subprocess.run(["ip", "netns", "exec", name, "nft", "list", "ruleset"], capture_output=True, text=True,
                           check=False)
    subprocess.run(["ip", "netns", "del", name], check=False)
    return f"nft: {rules.stderr.strip()}" if rules.returncode else None


class Hosts:
    """The namespaces, from entering the context to leaving it."""

    def __init__(self):
        self.prefix = f"weir-demo-{os.getpid()}"

    def name(self, host):
        return f"{self.prefix}-{host}"

    def inside(self, host):
        return ["ip", "netns", "exec", self.name(host)]

    def _ip(self, *words):
        subprocess.run(["ip", *words], check=True)

    def __enter__(self):
        try:
            for host in (*ADDRESSES, "router"):
                self._ip("netns", "add", self.name(host))
                self._ip("-n", self.name(host), "link", "set", "lo", "up")
            for number, (host, (own, router)) in enumerate(ADDRESSES.items()):
                far = f"r{number}"
                self._ip("-n", self.name(host), "link", "add", "eth0", "type", "veth", "peer", "name", far, "netns",
                         self.name("router"))
                self._ip("-n", self.name(host), "addr", "add", f"{own}/24", "dev", "eth0")
                self._ip("-n", self.name("router"), "addr", "add", f"{router}/24", "dev", far)
                self._ip("-n", self.name(host), "link", "set", "eth0", "up")
                self._ip("-n", self.name("router"), "link", "set", far, "up")
                self._ip("-n", self.name(host), "route", "add", "default", "via", router)
            subprocess.run([*self.inside("router"), "sysctl", "-qw", "net.ipv4.ip_forward=1"], check=True)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *ignored):
        for host in (*ADDRESSES, "router"):
            subprocess.run(["ip", "netns", "del", self.name(host)], check=False, stderr=subprocess.DEVNULL)
