"""Ports on loopback for servers that are stopped and started again."""

import pathlib
import random
import socket

# Clients get theirs from here on: while a server restarts, one of them could take its port.
_CLIENTS = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
_LOWEST = 10000


def free_port(address="127.0.0.1"):
    while True:
        port = random.randrange(_LOWEST, _CLIENTS) if _CLIENTS > _LOWEST else 0
        with socket.socket() as listener:
            try:
                listener.bind((address, port))
            except OSError:
                continue
            return listener.getsockname()[1]
