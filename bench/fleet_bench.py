#!/usr/bin/env python3
"""What a fleet costs as it grows: computers on one relay, an import for all of them, a roll at a date.

fleet_bench.py [--build build/release] [--quick] [--markdown FILE]

The relay and the import are the real programs; the computers are tests/fleet/fleet_agents.cc, which really verify and open what comes to
them, over TLS on loopback. Exit status 1 when a bar is missed. The section "Fleets" of FILE is written anew.
"""

import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests/e2e")]
import made_files  # noqa: E402
import ports  # noqa: E402

SIZES = (100, 1_000, 10_000)
TYPE = "OAuthTokenIssuer"
IDLE = 10  # seconds


class Relay:
    def __init__(self, program, home):
        self.port = ports.free_port()
        self.process = subprocess.Popen([program, "serve", "--quiet", "--home", home, "--listen", f"127.0.0.1:{self.port}", "--relay", f"localhost:{self.port}"],
                                        stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "is ready" in line:
                return
        raise SystemExit("the relay did not start")

    def memory(self):
        """The most it ever had, in MB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Agents:
    def __init__(self, program, *arguments):
        self.process = subprocess.Popen([program, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the agents ended")
        return json.loads(line)

    def ask(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return self.answer()


def measure(build, folder, count):
    """One row: a fleet of `count` computers."""
    folder = pathlib.Path(folder) / str(count)
    folder.mkdir()
    ca = made_files.Ca(folder)
    password = folder / "password"
    password.write_text(made_files.PASSWORD)
    home = folder / "admin"
    home.mkdir()
    (home / "certferry.toml").write_text('[computer]\nfqdn = "admin.fleet.example.com"\ntypes = ["Default"]\n')
    program = build / "certferry"

    def run(*arguments):
        subprocess.run([program, *map(str, arguments), "--home", home, "--quiet"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def bring(name):
        run("import", "--path", ca.server(name), "--password-file", password, "--trust", ca.root, "--identity", "global", "--type", TYPE, "--force")

    run("fleet", "init")
    relay = Relay(program, home)
    agents = Agents(build / "fleet_agents", home, count, f"localhost:{relay.port}", folder / "agents")
    agents.answer()
    row = {"count": count, "connected": agents.ask("connect")["seconds"]}
    begin, cpu = time.monotonic(), relay.cpu()
    time.sleep(IDLE)
    row["idle"] = (relay.cpu() - cpu) / (time.monotonic() - begin)
    pfx = ca.server("first")
    begin = time.monotonic()
    run("import", "--path", pfx, "--password-file", password, "--trust", ca.root, "--identity", "global", "--type", TYPE, "--force")
    row["import"] = time.monotonic() - begin
    opened = agents.ask("opened 1")
    row["drops"] = opened["drops"]
    if opened["failures"]:
        raise SystemExit(f"{opened['failures']} failures")
    row["p50"], row["p99"], row["last"] = (max(0, one - begin) for one in opened["times"][1:])
    row["memory"] = relay.memory()
    row["late_p50"], row["late"] = agents.ask("roll 5")["late"]
    agents.process.stdin.close()
    agents.process.kill()
    agents.process.wait()
    relay.stop()
    return row


def bars(row):
    """Of the largest fleet: what, measured, bar."""
    return [
        ("all connected, s", row["connected"], 90),
        ("the relay's memory, MB", row["memory"], 2048),
        ("import: sealed to all and stored, s", row["import"], 3),
        ("half of them have opened it after the end of the command, s", max(0, row["p50"] - row["import"]), 2),
        ("all of them, s", max(0, row["last"] - row["import"]), 10),
        ("the latest flip after its date, s", row["late"], 1),
    ]


def section(rows):
    lines = ["## Fleets", "",
             "One relay and its computers on one machine with two cores, store in SQLite on the same disk; `bench/fleet_bench.py`. The computers are simulated in one "
             "process, with a TLS connection each, and really verify and open. Seconds from the start of `certferry import` for all computers.", "",
             "| computers | connected, s | relay, MB | relay idle, % of a core | import, s | half have opened, s | 99 of 100, s | the last, s | flip after its date, s |",
             "|---:|---:|---:|---:|---:|---:|---:|---:|---:|"]
    for row in rows:
        lines.append(f"| {row['count']:,} | {row['connected']:.1f} | {row['memory']:.0f} | {100 * row['idle']:.1f} | {row['import']:.2f} | {row['p50']:.2f} | "
                     f"{row['p99']:.2f} | {row['last']:.2f} | {row['late']:.3f} |")
    lines += ["", "| of the largest fleet | measured | bar | |", "|---|---:|---:|---|"]
    for what, measured, bar in bars(rows[-1]):
        lines.append(f"| {what} | {measured:.2f} | {bar:,} | {'kept' if measured <= bar else '**missed**'} |")
    return "\n".join(lines) + "\n"


def write(path, text):
    page = path.read_text() if path.exists() else ""
    old = re.search(r"^## Fleets\n.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    path.write_text(page.replace(old[0], text + ("\n" if page[old.end():] else "")) if old else page.rstrip("\n") + "\n\n" + text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    parser.add_argument("--quick", action="store_true", help="small fleets: a look, no measurement")
    parser.add_argument("--only", type=int, help="one fleet of so many computers; nothing is written")
    parser.add_argument("--markdown", type=pathlib.Path, help="the page with the section; not with --quick")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="certferry-fleet-") as folder:
        for count in (options.only,) if options.only else (10, 100) if options.quick else SIZES:
            rows.append(measure(options.build.resolve(), folder, count))
            print(json.dumps(rows[-1]), flush=True)
    print(section(rows))
    if options.markdown and not options.quick and not options.only:
        write(options.markdown, section(rows))
    return 0 if all(measured <= bar for _, measured, bar in bars(rows[-1])) else 1


if __name__ == "__main__":
    sys.exit(main())
