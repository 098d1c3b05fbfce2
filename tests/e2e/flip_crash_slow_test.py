"""The agent, killed at any system call of a flip, or one of them failing: nginx serves the old certificate or the new one, the
files on disk are a pair, and the next run ends it. With CERTFERRY_EVERY_CALL=1 at every call (at every eighth while it
does nothing but ask the wire, some thousand calls long); else at a few. CERTFERRY_SOAK_TABLE: a file that lines for the table of docs/soak.md are appended to."""

import collections
import hashlib
import os
import pathlib
import shutil
import signal
import socket
import ssl
import sys
import time

import faults
import made_files

sys.path.append(str(pathlib.Path(__file__).parent.parent / "services"))
import bound  # noqa: E402
import nginx  # noqa: E402
import service  # noqa: E402

TYPE = nginx.Nginx.type
# A call that waits can be interrupted, whatever it waits for. Not close: Linux has closed the file then, strace had not.
WAIT = ["read", "recvmsg", "recvfrom", "sendto", "sendmsg", "poll", "ppoll", "connect", "wait4", "waitid", "clock_nanosleep", "futex", "fcntl", "flock"]
# What these do stays: a kill between two of them finds the same, wherever it comes.
CHANGES = {*faults.CALLS, "clone", "clone3", "vfork", "kill", "pidfd_send_signal"} - {"openat"}
LONG, EDGE, STEP = 100, 10, 8  # of a long stretch without changes: its first and last calls, and every eighth between
SAMPLE = 5  # of each kind of fault
BEGIN = "/generations/"  # staging begins with the first call about these


class Wire:
    """What nginx serves, by Python's own TLS: openssl is too slow to ask it a thousand times."""

    def __init__(self, port):
        self.port = port
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE

    def one(self):
        with socket.create_connection(("127.0.0.1", self.port), 5) as plain, self.context.wrap_socket(plain, server_hostname=service.NAME) as tls:
            return hashlib.sha256(tls.getpeercert(True)).hexdigest()

    def served(self, connections=4):
        return {self.one() for _ in range(connections)}


class FlipCrash(made_files.ProgramTest):
    def setUp(self):
        super().setUp()
        self.service = bound.start(nginx.Nginx, self.home, self.ca, self.json_of)
        self.addCleanup(self.service.stop)
        self.wire = Wire(self.service.port)
        self.old, self.new = (self.import_file(self.ca.server(name)) for name in ("old", "new"))
        self.json_of("set", "--type", TYPE, "--thumbprint", self.old["thumbprint"])
        self.start = self.home.with_name("start")
        self.log = self.home.with_name("strace.log")

    def reset(self):
        """As before the flip: the disk and nginx."""
        shutil.rmtree(self.home)
        shutil.copytree(self.start, self.home, symlinks=True)
        os.kill(self.service.process.pid, signal.SIGHUP)
        service.wait_until(lambda: self.wire.served() == {self.old["sha256"]}, "nginx does not go back")

    def assert_old_or_new(self):
        known = {self.old["sha256"], self.new["sha256"]}
        served = self.wire.served()
        self.assertTrue(served <= known, served)
        for folder in (*self.home.glob("live/*/*"), self.service.folder):
            if folder.is_symlink():
                # Refuses a key that is another certificate's.
                ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(folder / "fullchain.pem", folder / "privkey.pem")
                self.assertIn((folder / "sha256").read_text().strip(), known)

    def assert_done(self):
        self.assertEqual(self.wire.served(8), {self.new["sha256"]})
        self.assertEqual((self.home / "live" / TYPE / "current/sha256").read_text().strip(), self.new["sha256"])
        self.assert_old_or_new()
        report = self.json_of("doctor")
        self.assertTrue(report["clean"], report["findings"])

    def calls_of_the_flip(self, command):
        """[(name, number among the calls of that name)] of every call from the first of staging to the end."""
        self.assertEqual(faults.strace(self.log, ["trace=all"], command), 0)
        self.assert_done()
        counts, found, began = collections.Counter(), [], False
        for line in self.log.read_text(errors="replace").splitlines():
            name, bracket, _ = line.partition("(")
            if not bracket or not name.isidentifier():
                continue
            counts[name] += 1
            began = began or BEGIN in line
            if began and name not in ("exit_group", "exit"):
                found.append((name, counts[name]))
        return found

    def thinned(self, calls):
        """Of long stretches in which nothing is changed, a part."""
        kept, stretch = [], []
        for call in [*calls, None]:
            if call and call[0] not in CHANGES:
                stretch.append(call)
                continue
            kept += stretch if len(stretch) < LONG else stretch[:EDGE] + stretch[EDGE:-EDGE:STEP] + stretch[-EDGE:]
            kept += [call] if call else []
            stretch = []
        return kept

    def cases(self, command):
        """[(fault, name, number)]"""
        calls = self.thinned(self.calls_of_the_flip(command))
        failing = {"error=EIO": faults.CALLS, "error=ENOSPC": faults.CALLS, "error=EINTR": faults.CALLS + WAIT}
        groups = [[("signal=KILL", *one) for one in calls]] + [[(fault, *one) for one in calls if one[0] in names] for fault, names in failing.items()]
        if not faults.EVERY:
            # Those that change something tell more than the others.
            groups = [[one for one in group if one[1] in CHANGES] for group in groups]
            groups = [[group[i * (len(group) - 1) // (SAMPLE - 1)] for i in range(SAMPLE)] for group in groups]
        return [one for group in groups for one in group]

    def sweep(self, *arguments):
        command = [self.program, *arguments, "--home", self.home, "--json"]
        shutil.copytree(self.home, self.start, symlinks=True)
        cases = self.cases(command)
        counts, old_after = collections.Counter(), 0
        for fault, name, number in cases:
            self.reset()
            with self.subTest(fault=fault, call=name, number=number):
                reached, code = faults.inject(self.log, name, fault, number, command)
                if not reached:
                    continue  # how often it waits differs from run to run
                counts[fault] += 1
                self.assert_old_or_new()
                old_after += self.wire.served() == {self.old["sha256"]}
                if code == 0:
                    self.assert_done()  # it said so
                elif "KILL" in fault:
                    self.json_of("agent", "--once")
                else:
                    # It failed, was told, and is not tried again before somebody asks.
                    self.json_of("set", "--type", TYPE, "--thumbprint", self.new["thumbprint"])
                self.assert_done()
        self.assertGreater(sum(counts.values()), len(cases) * 3 // 4)
        self.assertGreater(old_after, 0)
        faults.record(f"`{self.id().split('.')[-1]}`, {'every call' if faults.EVERY else 'a sample of the calls'}",
                      ", ".join(f"{count} × {fault.split('=')[1]}" for fault, count in counts.items()))

    def test_of_the_flip_of_a_running_nginx(self):
        date = int(time.time()) + 2
        self.json_of("set", "--type", TYPE, "--thumbprint", self.new["thumbprint"], "--roll", "--effective-date",
                     time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(date)))
        service.wait_until(lambda: time.time() > date, "the date does not come")
        self.sweep("agent", "--once")


if __name__ == "__main__":
    made_files.main()
