#!/usr/bin/env python3
"""Runs what takes too long for every day and writes docs/soak.md: soak.py --release BUILD --fuzz BUILD [--seconds N]
[--rounds N] [--power-cuts N] [--only STEP]. Every step runs, whatever the one before it found; ends with 1 where one found something."""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

STEPS = ["calls", "programs", "simulation", "namespaces", "concurrency", "failures", "fuzz"]
ROOT = pathlib.Path(__file__).resolve().parent.parent
HEAD = """# Long tests

What `./dev soak` ran last, and what came of it. Nothing here is in `./dev test`, which takes a sample of the same. The sweeps and the
power cuts are the same at every run, but for the import of a folder, whose threads and readers share the calls as it comes; a seed
repeats a round.

| what | how much | found |
|---|---|---|
"""
TAIL = """
- *every call*: the command is run again for each of its system calls that write, sync, make, open, move or remove something; that call
  kills it (KILL) or fails (ENOSPC, EIO). Afterwards nothing that was stored is missing, key and certificate of what is live belong
  together, the same command succeeds and `certferry doctor` finds nothing. Of a flip also the calls that only wait or read: each can be
  where it is killed (every eighth while it does nothing but ask the wire) or interrupted (EINTR). A running nginx serves the old or the new
  certificate then, and the next run ends in the new one.
- *SQLite's calls*: each open, read, write, sync, truncate and shared-memory call of several commits and a checkpoint fails, once or for
  good, with a write done in part or not at all. Each commit is there as a whole or not at all, nothing that was reported as committed is
  missing, SQLite's integrity check passes.
- *power cuts*: at a random moment, up to three in a row, with any combination of the writes lost that were not synced.
- *at once*: twenty processes import and assign on one home. Nothing is lost or doubled, what is live is what the store says, the audit is
  whole.
- *faults in network namespaces*: three members of etcd, two relays, an administrator and 3,000 computers, each on a host of its own;
  importers, the leader and relays are killed, cables cut, what is sent swallowed, a member stopped, the store full, what a relay missed
  compacted. Each time everybody ends with the key of the last certificate, nobody took an older one, nothing is doubled.
- *services × failures*: real daemons do not take a certificate, in every way that is known; what certferry said of each and what was served
  afterwards: [failures.md](failures.md). Found is a report of success, or a service that is not as it was.
- *fuzzing*: inputs executed by libFuzzer under AddressSanitizer and UBSan. Found is a crash, a hang over 20 seconds, more than 2 GiB, or
  a property that does not hold.

`./dev soak [SECONDS]` repeats it, with so many seconds for each fuzz target (600).
"""


class Soak:
    def __init__(self, options):
        self.options = options
        self.rows = []

    def row(self, what, much, found):
        self.rows.append((what, much, found))
        print(f"{what:60} {much:60} {found}", flush=True)

    def run(self, command, **environment):
        log = pathlib.Path(self.options.release) / "soak.log"
        with open(log, "a", encoding="utf-8") as file:
            done = subprocess.run(list(map(str, command)), stdout=file, stderr=file, env=dict(os.environ, **environment), cwd=ROOT)
        if done.returncode != 0:
            print(f"soak: failed, see {log}: {' '.join(map(str, command))}", flush=True)
        return "nothing" if done.returncode == 0 else "**something**"

    def script(self, name, what, *words, **environment):
        """A test below tests/, which writes its lines of the table itself."""
        with tempfile.NamedTemporaryFile("r", encoding="utf-8") as table:
            program = (pathlib.Path(self.options.release) / "certferry").absolute()
            found = self.run(["python3", ROOT / "tests" / name, program, *words], CERTFERRY_SOAK_TABLE=table.name, **environment)
            lines = [line.strip("|\n ").split(" | ") for line in table]
        for label, much in lines:
            self.row(label, much, found)
        if not lines:
            self.row(what, "not to its end", found)

    def calls(self):
        for name in ("crash_slow_test.py", "flip_crash_slow_test.py"):
            self.script(f"e2e/{name}", f"`{name}`", CERTFERRY_EVERY_CALL="1")

    def namespaces(self):
        self.script("fleet/faults_slow_test.py", "faults in network namespaces", (pathlib.Path(self.options.release) / "fleet_agents").absolute(),
                    CERTFERRY_FLEET_SIZE="3000")

    def concurrency(self):
        self.script("e2e/concurrency_slow_test.py", "at once", CERTFERRY_SOAK_ROUNDS=str(self.options.rounds))

    def failures(self):
        self.script("services/matrix.py", "services × failures", "--all", "--write", ROOT / "docs/failures.md")

    def simulation(self):
        log = pathlib.Path(self.options.release) / "soak.log"
        before = log.stat().st_size if log.exists() else 0
        found = self.run([(pathlib.Path(self.options.release) / "fleet_simulation").absolute(), "--seed", 1, "--seeds", self.options.seeds])
        told = [line for line in log.read_text(errors="replace")[before:].splitlines() if line.startswith(("seed ", f"{self.options.seeds} seeds"))]
        self.row("a fleet of 50 computers under every fault, by seeds", told[-1] if told else "not to its end", found)

    def programs(self):
        """SQLite's faults, and every x_soak_test.cc."""
        release = pathlib.Path(self.options.release)
        programs = [("store_test", ["--gtest_filter=SqliteFaults.*"])] + [(path.name, []) for path in sorted(release.glob("*_soak_test"))]
        for program, words in programs:
            with tempfile.NamedTemporaryFile("r", suffix=".json") as out:
                found = self.run([(release / program).absolute(), f"--gtest_output=json:{out.name}", *words], CERTFERRY_SOAK_ROUNDS=str(self.options.power_cuts))
                try:
                    tests = [test for suite in json.load(out)["testsuites"] for test in suite["testsuite"]]
                except ValueError:
                    tests = []
            for test in tests:
                self.row(f"`{test['classname']}.{test['name']}`", test.get("soak", ""), found if test.get("failures") is None else "**something**")
            if not tests:
                self.row(f"`{program}`", "not to its end", "**something**")

    def fuzz(self):
        build = pathlib.Path(self.options.fuzz)
        for line in (build / "fuzz/targets.txt").read_text().splitlines():
            target = line.split()[0]
            if not (build / f"fuzz_{target}").exists():
                self.row(f"fuzzing: `{target}`", "not built", "**something**")
                continue
            found = self.run([ROOT / "tools/fuzz.sh", build, target, self.options.seconds])
            log = (build / f"{target}.log").read_text(errors="replace")
            executed = re.search(r"number_of_executed_units:\s*(\d+)", log)
            count = f"{int(executed.group(1)):,} inputs in {self.options.seconds} s" if executed else "not to its end"
            self.row(f"fuzzing: `{target}`", count, found)

    def write(self):
        table = "".join(f"| {what} | {much} | {found} |\n" for what, much, found in self.rows)
        (ROOT / "docs/soak.md").write_text(HEAD + table + TAIL, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--release", default="build/release")
    parser.add_argument("--fuzz", default="build/fuzz")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seeds", type=int, default=300)
    parser.add_argument("--power-cuts", type=int, default=20000)
    parser.add_argument("--only", choices=STEPS, help="one step; docs/soak.md stays as it is")
    options = parser.parse_args()
    soak = Soak(options)
    (pathlib.Path(options.release) / "soak.log").unlink(missing_ok=True)
    for step in [options.only] if options.only else STEPS:
        getattr(soak, step)()
    if not options.only:
        soak.write()
    return 0 if soak.rows and all(found == "nothing" for _, _, found in soak.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
