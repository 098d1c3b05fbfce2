"""Hosts of a test: network namespaces on one bridge, each with an address, a name that the others know, and a cable that can be cut."""

import os
import pathlib
import shutil
import subprocess


def ip(*words, namespace=None):
    command = ["ip", *(["-n", namespace] if namespace else []), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}: {done.stderr}")


class Hosts:
    """Addresses of TEST-NET-1 (RFC 5737); the bridge lies in a namespace too, so that the machine's own network is not touched."""

    def __init__(self, *names):
        self.names = names
        self.prefix = f"cf{os.getpid()}"
        self.made = []
        try:
            self.hub = self.make("hub")
            ip("link", "add", "bridge", "type", "bridge", namespace=self.hub)
            ip("link", "set", "bridge", "up", namespace=self.hub)
            for number, name in enumerate(names, 1):
                self.join(name, number)
        except BaseException:
            self.end()
            raise

    def address(self, name):
        return f"192.0.2.{self.names.index(name) + 1}"

    def namespace(self, name):
        return f"{self.prefix}-{name}"

    def make(self, name):
        namespace = self.namespace(name)
        ip("netns", "add", namespace)
        self.made.append(namespace)
        ip("link", "set", "lo", "up", namespace=namespace)
        return namespace

    def join(self, name, number):
        namespace = self.make(name)
        # `ip netns exec` lays these files over /etc.
        files = pathlib.Path("/etc/netns") / namespace
        files.mkdir(parents=True)
        (files / "hosts").write_text("127.0.0.1 localhost\n" + "".join(f"{self.address(one)} {one}.example.net\n" for one in self.names))
        ip("link", "add", "cable", "netns", namespace, "type", "veth", "peer", "name", f"port{number}", "netns", self.hub)
        ip("link", "set", f"port{number}", "master", "bridge", "up", namespace=self.hub)
        ip("address", "add", f"{self.address(name)}/24", "dev", "cable", namespace=namespace)
        ip("link", "set", "cable", "up", namespace=namespace)

    def on(self, name, *command):
        """The words that run `command` on that host."""
        return ["ip", "netns", "exec", self.namespace(name), *map(str, command)]

    def cut(self, name):
        """The cable lies beside: neither side hears anything, and nothing says so."""
        ip("link", "set", f"port{self.names.index(name) + 1}", "down", namespace=self.hub)

    def mend(self, name):
        ip("link", "set", f"port{self.names.index(name) + 1}", "up", namespace=self.hub)

    def swallow(self, name, other):
        """What `name` sends to `other` is gone; the other way stays."""
        ip("route", "add", "blackhole", f"{self.address(other)}/32", namespace=self.namespace(name))

    def let_pass(self, name, other):
        ip("route", "del", "blackhole", f"{self.address(other)}/32", namespace=self.namespace(name))

    def end(self):
        for namespace in self.made:
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True)
            shutil.rmtree(pathlib.Path("/etc/netns") / namespace, ignore_errors=True)
