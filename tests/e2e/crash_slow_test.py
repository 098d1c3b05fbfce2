"""Killed, or out of space, at any write-class system call of import and set: afterwards old or new, never a mix, and the
next run converges. With CERTFERRY_EVERY_CALL=1 at every single one of them; else killed at the first, fourth, sixteenth …
of each kind, and out of space or with EIO at the first. CERTFERRY_SOAK_TABLE: a file that lines for the table of
docs/soak.md are appended to."""

import shutil
import subprocess

import faults
import made_files

FAULTS = ("signal=KILL", "error=ENOSPC", "error=EIO")


class Crash(made_files.ProgramTest):
    def setUp(self):
        super().setUp()
        self.old = self.ca.server("old")
        self.new = self.ca.server("new", names=("web.litwareinc.com", "new.litwareinc.com"))
        self.start = self.home.with_name("start")

    # Not the children by default: the confined reader is ended by any fault, which is an error of the parent.
    follow = ()

    def injected(self, arguments, call, fault, number):
        """Runs the command with the fault at that call; whether the fault was reached."""
        command = [self.program, *arguments, "--home", self.home, "--json"]
        return faults.inject(self.home.with_name("strace.log"), call, fault, number, command, self.follow)[0]

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
        counts = {}
        for call in faults.CALLS:
            for fault in FAULTS:
                number = 1
                while True:
                    shutil.rmtree(self.home, ignore_errors=True)
                    shutil.copytree(self.start, self.home, symlinks=True)
                    with self.subTest(call=call, fault=fault, number=number):
                        if not self.injected(arguments, call, fault, number):
                            break
                        counts[fault] = counts.get(fault, 0) + 1
                        self.assert_old_or_new(known)
                        self.json_of(*arguments)
                        self.assert_old_or_new(known)
                        report = self.json_of("doctor")
                        self.assertTrue(report["clean"], report["findings"])
                    if not faults.EVERY and fault != "signal=KILL":
                        break
                    number = number + 1 if faults.EVERY else number * 4
        self.assertGreater(sum(counts.values()), 20)
        faults.record(f"`{self.id().split('.')[-1]}`, {'every call' if faults.EVERY else 'a sample of the calls'}",
                      ", ".join(f"{count} × {fault.split('=')[1]}" for fault, count in counts.items()))

    def test_of_an_import(self):
        known = {self.import_file(self.old)["sha256"]}
        self.sweep(["import", "--path", self.new, "--password-file", self.password_file], known)

    def test_of_an_import_into_a_new_home(self):
        self.sweep(["import", "--path", self.new, "--password-file", self.password_file], set())

    def test_of_an_import_that_assigns(self):
        known = {self.import_file(self.old)["sha256"]}
        self.sweep(["import", "--path", self.new, "--password-file", self.password_file, "--identity", "Global", "--type", "Default"], known)

    def test_of_an_import_of_a_folder(self):
        """Files are written by a second thread there; each process and thread counts its calls by itself."""
        known = {self.import_file(self.old)["sha256"]}
        folder = self.folder / "several"
        folder.mkdir()
        for i in range(3):
            self.ca.server(f"several{i}", names=(f"several{i}.litwareinc.com",)).rename(folder / f"{i}.pfx")
        self.follow = ("-f",)
        self.sweep(["import", folder, "--password-file", self.password_file], known)

    def fleet(self):
        """Homes of one where a fleet is administered, and of a computer that joined it."""
        admin, web, joined = (self.home.with_name(name) for name in ("admin", "web", "joined"))
        for home, fqdn in ((admin, "admin01.litwareinc.com"), (web, "web01.litwareinc.com")):
            home.mkdir(parents=True, mode=0o755)
            (home / "certferry.toml").write_text(f'[computer]\nfqdn = "{fqdn}"\n')
        self.home = admin
        self.json_of("fleet", "init")
        token = self.json_of("computer", "add", "web01.litwareinc.com")["token"]
        self.home = web
        self.json_of("join", token, "--output", joined)
        self.home = admin
        self.json_of("fleet", "accept", joined)
        return admin, web

    def import_for_the_computer(self, file):
        return ["import", "--path", file, "--password-file", self.password_file, "--identity", "computer:web01.litwareinc.com", "--type", "Default"]

    def carry(self, admin, web):
        bundle = admin.with_name("bundle")
        self.home = admin
        self.json_of("fleet", "bundle", "web01.litwareinc.com", "--output", bundle)
        self.home = web
        return ["fleet", "take", bundle]

    def assert_served_on(self, web):
        self.home = web
        (only,) = self.json_of("get", "--all")["certificates"]
        self.assertEqual((web / "live/Default/current/sha256").read_text().strip(), only["sha256"])

    def test_of_taking_what_a_fleet_gave(self):
        admin, web = self.fleet()
        self.json_of(*self.import_for_the_computer(self.old))
        self.json_of(*self.carry(admin, web))
        self.home = admin
        self.json_of(*self.import_for_the_computer(self.new))
        self.sweep(self.carry(admin, web), set())
        self.assert_served_on(web)

    def test_of_sealing_to_a_fleet(self):
        admin, web = self.fleet()
        old = self.json_of(*self.import_for_the_computer(self.old))["sha256"]
        self.sweep(self.import_for_the_computer(self.new), {old})
        self.json_of(*self.carry(admin, web))
        self.assert_served_on(web)

    def test_of_an_assignment(self):
        old, new = self.import_file(self.old), self.import_file(self.new)
        self.json_of("set", "--type", "Default", "--thumbprint", old["thumbprint"])
        self.sweep(["set", "--type", "Default", "--thumbprint", new["thumbprint"]], {old["sha256"], new["sha256"]})


if __name__ == "__main__":
    made_files.main()
