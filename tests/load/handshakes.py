"""Many TLS handshakes a second, each on a connection of its own, each followed by a request and its answer.

As a program (handshakes.py ADDRESS PORT NAME RATE): says "ready" once it runs, goes on until its standard input ends,
then prints every handshake as one JSON list, [begin, end, SHA-256 of the leaf or None, error or None], in seconds of
CLOCK_MONOTONIC. That is one clock for all processes.
"""

import hashlib
import json
import pathlib
import socket
import ssl
import subprocess
import sys
import threading
import time

THREADS = 8  # of each process
PROCESSES = 2
LIMIT = 5  # seconds for a connection, its handshake and an answer
REQUEST = b"GET / HTTP/1.0\r\nHost: %s\r\n\r\n"


def context():
    """Whoever issued it: which certificate it is, is compared. That the server holds its key, the handshake proves."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


def handshake(made, address, port, name):
    """[begin, end, leaf, error] of one."""
    begin = time.monotonic()
    leaf = error = None
    try:
        with socket.create_connection((address, port), LIMIT) as plain, made.wrap_socket(plain, server_hostname=name) as tls:
            leaf = hashlib.sha256(tls.getpeercert(True)).hexdigest()
            # In TLS 1.3 the client is done before the server: only an answer shows that both are.
            tls.sendall(REQUEST % name.encode())
            answer = tls.recv(64)
            if b" 200" not in answer:
                error = f"answered {answer!r}"
    except OSError as failure:  # ssl's errors are OSErrors
        error = repr(failure)
    return [begin, time.monotonic(), leaf, error]


class Generator:
    """`rate` handshakes a second, at fixed times; a late one is done at once."""

    def __init__(self, address, port, name, rate):
        self.where = (address, port, name)
        self.rate = rate
        self.done = [[] for _ in range(THREADS)]
        self.ends = threading.Event()

    def work(self, number):
        made = context()
        start = time.monotonic()
        for i in range(number, sys.maxsize, THREADS):
            left = start + i / self.rate - time.monotonic()
            if self.ends.wait(left) if left > 0 else self.ends.is_set():
                return
            self.done[number].append(handshake(made, *self.where))

    def run(self):
        threads = [threading.Thread(target=self.work, args=[i]) for i in range(THREADS)]
        for thread in threads:
            thread.start()
        print("ready", flush=True)
        sys.stdin.read()
        self.ends.set()
        for thread in threads:
            thread.join()
        print(json.dumps([one for each in self.done for one in each]))


class Load:
    """`rate` handshakes a second while the `with` block runs; afterwards `handshakes` holds them, in order."""

    def __init__(self, port, name, rate, address="127.0.0.1"):
        words = [sys.executable, pathlib.Path(__file__).absolute(), address, port, name, rate / PROCESSES]
        self.words = list(map(str, words))
        self.handshakes = []

    def __enter__(self):
        self.processes = [subprocess.Popen(self.words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
        for process in self.processes:
            if process.stdout.readline() != "ready\n":
                raise RuntimeError("the load generator does not start")
        self.began = time.monotonic()
        return self

    def __exit__(self, *_):
        self.took = time.monotonic() - self.began
        for process in self.processes:
            process.stdin.close()
        for process in self.processes:
            text = process.stdout.read()
            process.stdout.close()
            if process.wait() != 0:
                raise RuntimeError("the load generator failed")
            self.handshakes += json.loads(text)
        self.handshakes.sort()


if __name__ == "__main__":
    Generator(sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4])).run()
