"""Killed, or out of space, at any write-class system call of import and set: afterwards old or new, never a mix, and the
next run converges."""

import os
import shutil
import subprocess

import made_files

CALLS = ["write", "pwrite64", "fsync", "fdatasync", "rename", "mkdir", "symlink", "unlink", "link", "ftruncate", "fchmod"]


class Crash(made_files.ProgramTest):
    def setUp(self):
        super().setUp()
        self.old = self.ca.server("old")
        self.new = self.ca.server("new", names=("web.litwareinc.com", "new.litwareinc.com"))
        self.start = self.home.with_name("start")

    def injected(self, arguments, call, fault, number):
        """Runs the command with the fault at that call; whether the fault was reached."""
        log = self.home.with_name("strace.log")
        environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
        # Not -f: the confined reader is ended by any fault, which is an error of the parent.
        subprocess.run(["strace", "-o", log, "-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={number}", self.program, *map(str, arguments),
                        "--home", self.home, "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment,
                       timeout=120)
        text = log.read_text()
        return "INJECTED" in text or "killed by SIGKILL" in text

    def assert_old_or_new(self, known):
        listed = {one["sha256"] for one in self.json_of("get", "--all")["certificates"]}
        self.assertTrue(known <= listed, "a certificate was lost")
        for current in self.home.glob("live/*/current"):
            public = [subprocess.run(["openssl", *words], capture_output=True, check=True).stdout
                      for words in (["x509", "-in", current / "fullchain.pem", "-noout", "-pubkey"], ["pkey", "-in", current / "privkey.pem", "-pubout"])]
            self.assertEqual(*public)

    def sweep(self, arguments, known):
        if self.start.exists():
            shutil.rmtree(self.start)
        shutil.copytree(self.home, self.start, symlinks=True) if self.home.exists() else self.start.mkdir()
        faults = 0
        for call in CALLS:
            for fault in ("signal=KILL", "error=ENOSPC", "error=EIO"):
                number = 1
                while True:
                    shutil.rmtree(self.home, ignore_errors=True)
                    shutil.copytree(self.start, self.home, symlinks=True)
                    with self.subTest(call=call, fault=fault, number=number):
                        if not self.injected(arguments, call, fault, number):
                            break
                        faults += 1
                        self.assert_old_or_new(known)
                        self.json_of(*arguments)
                        self.assert_old_or_new(known)
                        report = self.json_of("doctor")
                        self.assertTrue(report["clean"], report["findings"])
                    number += 1 if number < 4 else 4
        self.assertGreater(faults, 30)

    def test_of_an_import(self):
        known = {self.import_file(self.old)["sha256"]}
        self.sweep(["import", "--path", self.new, "--password-file", self.password_file], known)

    def test_of_an_assignment(self):
        old, new = self.import_file(self.old), self.import_file(self.new)
        self.json_of("set", "--type", "Default", "--thumbprint", old["thumbprint"])
        self.sweep(["set", "--type", "Default", "--thumbprint", new["thumbprint"]], {old["sha256"], new["sha256"]})


if __name__ == "__main__":
    made_files.main()
