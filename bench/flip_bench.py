#!/usr/bin/env python3
"""How fast a certificate comes into a running service, and what waiting for it costs.

flip_bench.py [--build build/release] [--quick] [--markdown FILE]

Real services on loopback, started here with a configuration of their own. Exit status 1 when a bar is missed. The section
"Flips" of FILE is written anew; the rest stays.
"""

import argparse
import ctypes
import datetime
import hashlib
import json
import os
import pathlib
import re
import select
import signal
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "tests/services")]
import bound  # noqa: E402
import haproxy  # noqa: E402
import made_files  # noqa: E402
import nginx  # noqa: E402
import service  # noqa: E402

ADDRESSES = 1000


def rfc3339(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- what is seen from outside ---------------------------------------------------------------------------------------


class Wire(threading.Thread):
    """Asks all the time, one connection after another; `seen` holds [begin, end, SHA-256 of the leaf]."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port = port
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.seen = []
        self.ends = False

    def ask(self):
        with socket.create_connection(("127.0.0.1", self.port), 5) as plain, self.context.wrap_socket(plain, server_hostname=service.NAME) as tls:
            return hashlib.sha256(tls.getpeercert(True)).hexdigest()

    def run(self):
        while not self.ends:
            begin = time.time()
            leaf = self.ask()
            self.seen.append((begin, time.time(), leaf))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ends = True
        self.join()

    def first(self, leaf):
        """When the first answer with that leaf was there."""
        return next(end for _, end, one in self.seen if one == leaf)

    def last(self, leaf):
        """When the last connection that was answered with it began."""
        return max((begin for begin, _, one in self.seen if one == leaf), default=0)


class Watch(threading.Thread):
    """The names that appear in a folder, with the time: [(time, name)]."""

    CREATE, MOVED_TO = 0x100, 0x80

    def __init__(self, folder, events):
        super().__init__(daemon=True)
        libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = libc.inotify_init1(os.O_CLOEXEC)
        if self.descriptor < 0 or libc.inotify_add_watch(self.descriptor, str(folder).encode(), events) < 0:
            raise OSError(ctypes.get_errno(), "inotify")
        self.seen = []
        self.ends = False

    def run(self):
        while not self.ends:
            if not select.select([self.descriptor], [], [], 0.05)[0]:
                continue
            buffer, now, at = os.read(self.descriptor, 65536), time.time(), 0
            while at < len(buffer):
                size = struct.unpack_from("iIII", buffer, at)[3]
                self.seen.append((now, buffer[at + 16 : at + 16 + size].rstrip(b"\0").decode()))
                at += 16 + size

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ends = True
        self.join()
        os.close(self.descriptor)


# --- what is measured ------------------------------------------------------------------------------------------------


class Bench:
    def __init__(self, program, folder, rounds, seconds):
        self.program, self.rounds, self.seconds = program, rounds, seconds
        self.folder = pathlib.Path(folder)
        self.ca = made_files.Ca(self.folder)
        self.password = self.folder / "password"
        self.password.write_text(made_files.PASSWORD + "\n")
        self.password.chmod(0o600)
        self.home = None
        self.service = None
        self.rows = []  # (what, measured, bar, kept)
        self.remarks = []

    def run(self, *words):
        done = subprocess.run([self.program, *map(str, words), "--home", self.home, "--json"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise RuntimeError(f"{words}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def import_new(self, name):
        return self.run("import", "--path", self.ca.server(name), "--password-file", self.password)

    def start(self, kind, name):
        self.home = self.folder / name / "home"
        self.service = bound.start(kind, self.home, self.ca, self.run)
        self.certificates = [self.import_new(f"{name}-{i}") for i in range(2)]
        self.assign(0)

    def assign(self, number, *more):
        self.run("set", "--type", self.service.type, "--thumbprint", self.certificates[number]["thumbprint"], *more)

    def row(self, what, values, bar, unit, digits=0):
        """`values`: of the rounds; the median is held against the bar."""
        value = statistics.median(values)
        spread = f", {min(values):.{digits}f} to {max(values):.{digits}f}" if len(values) > 1 else ""
        kept = value <= bar
        self.rows.append((what, f"{value:.{digits}f} {unit}{spread}", f"at most {bar} {unit}", kept))
        print(f"{what}: {self.rows[-1][1]} ({self.rows[-1][2]}) {'kept' if kept else 'MISSED'}", file=sys.stderr)

    # The flip.

    def flip_times(self):
        """[(ms from the end of staging to the first new answer, ms to the end of the last old one)]"""
        times = []
        for i in range(self.rounds):
            new, old = self.certificates[(i + 1) % 2], self.certificates[i % 2]
            # Staging ends where the intent is recorded.
            with Watch(self.home / "deployments", Watch.CREATE) as record, Wire(self.service.port) as wire:
                self.assign((i + 1) % 2)
            staged = record.seen[0][0]
            times.append(((wire.first(new["sha256"]) - staged) * 1000, (wire.last(old["sha256"]) - staged) * 1000))
        if self.rounds % 2:
            self.assign(0)
        return times

    def nginx(self):
        self.start(nginx.Nginx, "nginx")
        times = self.flip_times()
        self.row("nginx: from the end of staging to the new certificate on the wire", [first for first, _ in times], 300, "ms")
        self.row("nginx: from there to the last connection that still saw the old one", [last for _, last in times], 300, "ms")

    def haproxy_directly(self, number):
        """ms of what an administrator's script does: set and commit, and the first new answer."""
        path = self.service.folder / "site.pem"
        names = [f"haproxy-{number}.pem", "int.pem", f"haproxy-{number}.key"]
        pem = "".join((self.folder / name).read_text() for name in names)

        def ask(text):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(self.service.place / "admin.sock"))
                client.sendall(text.encode())
                client.shutdown(socket.SHUT_WR)
                return b"".join(iter(lambda: client.recv(65536), b"")).decode()

        with Wire(self.service.port) as wire:
            time.sleep(0.1)
            began = time.time()
            answers = ask(f"set ssl cert {path} <<\n{pem}\n"), ask(f"commit ssl cert {path}\n")
            if "Success" not in answers[1]:
                raise RuntimeError(f"haproxy: {answers}")
            time.sleep(0.1)
        return (wire.first(self.certificates[number]["sha256"]) - began) * 1000

    def haproxy(self):
        self.start(haproxy.Haproxy, "haproxy")
        directly = [self.haproxy_directly((i + 1) % 2) for i in range(self.rounds + self.rounds % 2)]
        first = [first for first, _ in self.flip_times()]
        base = statistics.median(directly)
        self.remarks.append(f"haproxy told by a script, set and commit: {base:.0f} ms to the first new answer; by certferry: {statistics.median(first):.0f} ms.")
        self.row("haproxy by its runtime API: longer than the same commands by a script", [one - base for one in first], 50, "ms")

    # The agent.

    def agent(self):
        agent = subprocess.Popen([self.program, "agent", "--foreground", "--home", self.home], stderr=subprocess.PIPE, text=True)
        while "is ready" not in agent.stderr.readline():
            pass
        return agent

    def end(self, agent):
        agent.send_signal(signal.SIGTERM)
        agent.wait()
        agent.stderr.close()

    def date(self):
        """Of a roll of nginx by the agent."""
        named, seen = [], []
        agent = self.agent()
        threading.Thread(target=agent.stderr.read, daemon=True).start()
        for i in range(max(3, self.rounds // 2)):
            new = self.certificates[(i + 1) % 2]
            date = int(time.time()) + 3
            self.assign((i + 1) % 2, "--roll", "--effective-date", rfc3339(date))
            with Watch(self.home / "live" / self.service.type, Watch.MOVED_TO) as names, Wire(self.service.port) as wire:
                while not wire.seen or wire.seen[-1][2] != new["sha256"]:
                    if time.time() > date + 10:
                        raise RuntimeError("nothing flipped")
                    time.sleep(0.05)
            named.append((next(at for at, name in names.seen if name == "current") - date) * 1000)
            seen.append((wire.first(new["sha256"]) - date) * 1000)
            time.sleep(1)  # it verifies still
        agent.terminate()
        agent.wait()
        self.row("the agent: from the date of a roll to the names moved", named, 200, "ms")
        self.row("the agent: from the date of a roll to the new certificate on nginx's wire", seen, 200, "ms")

    def idle(self):
        """Something waits for a date far away."""
        self.assign(0)
        self.assign(1, "--roll", "--effective-date", rfc3339(time.time() + 30 * 86400))
        agent = self.agent()
        status = pathlib.Path(f"/proc/{agent.pid}/status")

        def switches():
            return sum(int(number) for number in re.findall(r"voluntary_ctxt_switches:\s*(\d+)", status.read_text()))

        time.sleep(2)
        before = switches()
        time.sleep(self.seconds)
        woken = switches() - before
        resident = int(re.search(r"VmRSS:\s*(\d+)", status.read_text()).group(1)) / 1024
        log = self.folder / "calls"
        tracer = subprocess.Popen(["strace", "-f", "-qq", "-o", log, "-p", str(agent.pid)], stdin=subprocess.DEVNULL)
        time.sleep(self.seconds)
        tracer.terminate()
        tracer.wait()
        # The call that it sleeps in, which strace interrupts.
        calls = [line for line in log.read_text().splitlines() if not re.search(r"restart_syscall|poll\(|--- |\+\+\+", line)]
        self.end(agent)
        self.row("the agent, idle: resident memory", [resident], 15, "MB", 1)
        self.row(f"the agent, idle for {self.seconds} s: how often it woke up", [woken], 0, "times")
        self.row(f"the agent, idle for {self.seconds} s: system calls", [len(calls)], 0, "calls")

    # Asking many.

    def probe(self):
        self.home = self.folder / "probe" / "home"

        class Everywhere(nginx.Nginx):
            def configure(self, broken="", more=""):
                super().configure(broken, more)
                config = self.place / "nginx.conf"
                config.write_text(config.read_text().replace(f"127.0.0.1:{self.port} ssl", f"0.0.0.0:{self.port} ssl backlog=2048"))

        self.start(Everywhere, "probe")
        binding = self.home / "bindings.d/nginx.toml"
        text = binding.read_text()
        binding.write_text(text[: text.index("[[probe]]")] + "".join(
            f'[[probe]]\naddress = "127.0.{i // 250}.{1 + i % 250}"\nport = {self.service.port}\nconnections = 1\n' for i in range(ADDRESSES)))
        seconds = []
        for _ in range(max(3, self.rounds // 2)):
            began = time.monotonic()
            (use,) = self.run("status")["uses"]
            seconds.append(time.monotonic() - began)
            right = {one["address"] if "address" in one else json.dumps(one) for one in use["served"] if one["right"]}
            if len(use["served"]) != ADDRESSES or not all(one["right"] for one in use["served"]):
                raise RuntimeError(f"{len(right)} of {ADDRESSES} answered")
        self.row(f"`certferry status` that asks {ADDRESSES:,} addresses of a local nginx", seconds, 5, "s", 2)

    def all(self):
        try:
            self.nginx()
            self.date()
            self.idle()
            self.service.stop()
            self.haproxy()
            self.service.stop()
            self.probe()
        finally:
            self.service.stop()

    def section(self):
        table = "".join(f"| {what} | {measured} | {bar} | {'kept' if kept else '**missed**'} |\n" for what, measured, bar, kept in self.rows)
        versions = [subprocess.run(words, capture_output=True, text=True) for words in ([nginx.Nginx.binary, "-v"], [haproxy.Haproxy.binary, "-v"])]
        versions = ", ".join((one.stdout + one.stderr).splitlines()[0].split(" - ")[0].removeprefix("nginx version: ") for one in versions)
        return (f"## Flips\n\nWritten by `./dev bench` on {datetime.date.today().isoformat()}: real services on loopback, medians of {self.rounds} rounds, then the "
                f"fastest and the slowest; {versions}. Staging ends where the intent is recorded. What follows until the first new answer: the record "
                "made durable, the names and the files switched, the service's own test, its reload. Connections are asked one after another, each with a "
                f"whole handshake.\n\n| what | measured | bar |  |\n|---|---|---|---|\n{table}\n" + "".join(f"{one}\n" for one in self.remarks))


def write(path, section):
    """Puts the section in place of the one before it, or at the end."""
    text = path.read_text()
    before, found, rest = text.partition("## Flips\n")
    after = rest[rest.index("\n## ") + 1 :] if found and "\n## " in rest else ""
    path.write_text(before.rstrip("\n") + "\n\n" + section + ("\n" + after if after else ""))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    parser.add_argument("--quick", action="store_true", help="few rounds: a look, no measurement")
    parser.add_argument("--only", choices=["nginx", "haproxy", "date", "idle", "probe"], help="one part; nothing is written")
    parser.add_argument("--markdown", type=pathlib.Path, help="the page with the section; not with --quick")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="certferry-flips-") as folder:
        bench = Bench((options.build / "certferry").resolve(), folder, 3 if options.quick else 15, 5 if options.quick else 30)
        if options.only:
            try:
                if options.only in ("date", "idle"):
                    bench.start(nginx.Nginx, "nginx")
                getattr(bench, options.only)()
            finally:
                bench.service.stop()
        else:
            bench.all()
    print(bench.section())
    if options.markdown and not options.quick and not options.only:
        write(options.markdown, bench.section())
    return 0 if all(kept for *_, kept in bench.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
