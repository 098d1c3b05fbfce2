#!/usr/bin/env python3
"""certferry beside the tools people use today: whole processes, interleaved, medians, ratios.

side_by_side.py [--build build/release] [--quick] [--markdown FILE]

Every round runs every command once, so that whatever else the machine does hits all alike. Ratios are those of the
medians; trust them, not the milliseconds. Exit status 1 when a bar is missed or a command fails.
"""

import argparse
import datetime
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

PASSWORD = "benchmark"
TOOLS = ("openssl", "certtool", "pk12util", "keytool")


class Failure(Exception):
    pass


def check(command, **options):
    """Runs a preparing step; its output matters only when it fails."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Command:
    """A measured command line. `prepare(run)` gives the words of run number `run`; what it does is not timed."""

    def __init__(self, name, prepare, rounds=None):
        self.name = name
        self.prepare = prepare if callable(prepare) else lambda run: prepare
        self.rounds = rounds  # fewer than the others, for the very slow
        self.seconds = []

    def run(self, number):
        words = [str(word) for word in self.prepare(number)]
        actions = [(os.POSIX_SPAWN_OPEN, descriptor, os.devnull, mode, 0)
                   for descriptor, mode in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY))]  # fmt: skip
        start = time.perf_counter()
        child = os.posix_spawnp(words[0], words, os.environ, file_actions=actions)
        _, status = os.waitpid(child, 0)
        elapsed = time.perf_counter() - start
        if os.waitstatus_to_exitcode(status) != 0:
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            raise Failure(f"{' '.join(words)}: status {os.waitstatus_to_exitcode(status)}\n{done.stdout}{done.stderr}")
        self.seconds.append(elapsed)

    @property
    def median(self):
        return statistics.median(self.seconds)


def interleave(commands, rounds):
    for command in commands:  # one unmeasured run each: files and libraries are in memory afterwards
        command.run(-1)
        command.seconds.clear()
    for number in range(rounds):
        for command in commands:
            if command.rounds is None or number < command.rounds:
                command.run(number)
    return {command.name: command for command in commands}


# --- the files -------------------------------------------------------------------------------------------------------


def make_certificates(folder, algorithm):
    """root, two intermediates and a leaf, by openssl; gives the common arguments of `openssl pkcs12 -export`."""
    key_options = {"rsa": ["-newkey", "rsa:2048"], "ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]}[algorithm]
    ca = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    leaf = ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "keyUsage=critical,digitalSignature",
            "-addext", "extendedKeyUsage=serverAuth,clientAuth", "-addext", "subjectAltName=DNS:web.example.com"]  # fmt: skip
    folder.mkdir(parents=True)
    issuer = None
    for name, extensions, days in (("root", ca, 3650), ("first", ca, 3650), ("second", ca, 3650), ("leaf", leaf, 90)):
        subject = "/CN=web.example.com" if name == "leaf" else f"/CN=Benchmark {name}"
        signer = ["-CA", folder / f"{issuer}.pem", "-CAkey", folder / f"{issuer}.key"] if issuer else []
        check(["openssl", "req", "-x509", "-nodes", "-days", str(days), "-subj", subject, *key_options, *extensions, *signer,
               "-addext", "subjectKeyIdentifier=hash", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"])  # fmt: skip
        issuer = name
    (folder / "chain.pem").write_text((folder / "second.pem").read_text() + (folder / "first.pem").read_text())
    return ["-inkey", folder / "leaf.key", "-in", folder / "leaf.pem", "-certfile", folder / "chain.pem"]


KINDS = {
    "default": ("default (AES-256, 2,048 iterations)", []),
    "100000": ("100,000 iterations", ["-iter", "100000"]),
    "600000": ("600,000 iterations", ["-iter", "600000"]),
    "legacy": ("legacy (RC2-40 and 3DES, SHA-1 MAC)", ["-legacy"]),
}


class Pfx:
    def __init__(self, algorithm, kind, path, root):
        self.algorithm, self.kind, self.path, self.root = algorithm, kind, path, root


def make_files(work):
    files = []
    for algorithm in ("rsa", "ec"):
        common = make_certificates(work / algorithm, algorithm)
        for kind, (_, options) in KINDS.items():
            path = work / algorithm / f"{kind}.pfx"
            check(["openssl", "pkcs12", "-export", *common, *options, "-passout", f"pass:{PASSWORD}", "-out", path])
            files.append(Pfx(algorithm, kind, path, work / algorithm / "root.pem"))
    return files


# --- the commands ----------------------------------------------------------------------------------------------------


class Bench:
    def __init__(self, work, build, quick):
        self.work, self.build, self.quick = work, build, quick
        self.certferry = build / "certferry"
        self.password_file = work / "password"
        self.password_file.write_text(PASSWORD)
        self.filled = work / "filled"  # a home with 10,000 certificates, made by bulk()
        self.verdicts = []  # (what, value, bar, kept)
        self.count = 0
        self.template = work / "template"  # a home with one certificate

    def verdict(self, what, value, bar, unit=""):
        self.verdicts.append((what, f"{value:.2f}{unit}", f"at most {bar}{unit}", value <= bar))

    def fresh(self, name):
        """A path where nothing is. Nothing is removed before the end: file systems are slow for minutes after that."""
        self.count += 1
        folder = self.work / "fresh" / str(self.count)
        folder.mkdir(parents=True)
        return folder / name

    def make_template(self):
        folder = self.work / "first"
        check([self.build / "make_pfx", folder, 1])
        check(self.import_words(folder / "files" / "0.pfx", folder / "root.pem", self.template))

    def used_home(self):
        """A home that holds another certificate: where everyday imports go."""
        home = self.fresh("home")
        shutil.copytree(self.template, home)
        os.sync()  # the import shall wait for its own bytes alone
        return home

    def import_words(self, path, root, home):
        return [self.certferry, "import", "--path", path, "--password-file", self.password_file, "--trust", root,
                "--home", home, "--json"]  # fmt: skip

    def other_tools(self, pfx):
        legacy = ["-legacy"] if pfx.kind == "legacy" else []
        yield Command("openssl", ["openssl", "pkcs12", "-in", pfx.path, "-nodes", "-passin", f"file:{self.password_file}", *legacy])
        if shutil.which("certtool"):
            yield Command("certtool", ["certtool", "--p12-info", "--inder", "--infile", pfx.path, "--password", PASSWORD])
        if shutil.which("pk12util"):
            yield Command("pk12util", lambda run: self.pk12util(pfx))
        if shutil.which("keytool"):
            yield Command("keytool", lambda run: self.keytool(pfx), rounds=3)
        try:
            import cryptography  # noqa: F401
        except ImportError:
            return
        program = ("import sys; from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates as f;"
                   "f(open(sys.argv[1], 'rb').read(), sys.argv[2].encode())")  # fmt: skip
        yield Command("python cryptography", [sys.executable, "-c", program, pfx.path, PASSWORD], rounds=7)

    def pk12util(self, pfx):
        template = self.work / "nss"
        if not template.exists():
            template.mkdir()
            check(["certutil", "-N", "-d", f"sql:{template}", "--empty-password"])
        database = self.fresh("nss")
        shutil.copytree(template, database)
        return ["pk12util", "-i", pfx.path, "-d", f"sql:{database}", "-w", self.password_file, "-K", ""]

    def keytool(self, pfx):
        target = self.fresh("keystore.p12")
        return ["keytool", "-importkeystore", "-noprompt", "-srckeystore", pfx.path, "-srcstoretype", "PKCS12", "-srcstorepass",
                PASSWORD, "-destkeystore", target, "-deststorepass", PASSWORD]  # fmt: skip

    def own(self, pfx):
        if not self.certferry.exists():
            return
        yield Command("certferry import", lambda run: self.import_words(pfx.path, pfx.root, self.used_home()))
        yield Command("certferry import, new home", lambda run: self.import_words(pfx.path, pfx.root, self.fresh("home")))
        yield Command("certferry inspect", [self.certferry, "inspect", pfx.path, "--password-file", self.password_file, "--json"])

    def side_by_side(self, pfx):
        rounds = 5 if self.quick else {"default": 41, "100000": 21, "600000": 11, "legacy": 41}[pfx.kind]
        results = interleave([*self.own(pfx), *self.other_tools(pfx)], rounds)
        own = results.get("certferry import")
        if own:
            ratio = own.median / results["openssl"].median
            bar = {"default": 0.6, "600000": 0.3, "legacy": 0.8}.get(pfx.kind)
            what = f"import, {pfx.algorithm.upper()}, {KINDS[pfx.kind][0]}: of openssl's time"
            if bar:
                self.verdict(what, ratio, bar)
            for rival in ("pk12util", "keytool"):
                if rival in results:
                    self.verdict(f"import, {pfx.algorithm.upper()}, {KINDS[pfx.kind][0]}: of {rival}'s time",
                                 own.median / results[rival].median, 1.0)  # fmt: skip
        return results

    # --- many files, and a filled home

    def bulk(self):
        """(files, seconds of certferry, seconds of the pipeline), each the median of interleaved runs."""
        count = 500 if self.quick else 5000
        folder = self.work / "many"
        check([self.build / "make_pfx", folder, count])
        pipeline = Command("PKCS12_parse pipeline", lambda run: [self.build / "pkcs12_parse_pipeline", folder, self.fresh("pipeline")])
        commands = [pipeline]
        if self.certferry.exists():
            commands.append(Command("certferry import DIR",
                                    lambda run: self.import_words(folder / "files", folder / "root.pem", self.fresh("bulk"))))  # fmt: skip
        results = interleave(commands, 3)
        own = results.get("certferry import DIR")
        if own:
            ratio = pipeline.median / own.median
            self.verdicts.append((f"import of {count:,} files: rate against the PKCS12_parse pipeline", f"{ratio:.2f}",
                                  "at least 3", ratio >= 3))  # fmt: skip
        return count, results

    def filled_home(self):
        """Single commands where 10,000 certificates are stored."""
        stored = 1000 if self.quick else 10000
        folder = self.work / "stored"
        check([self.build / "make_pfx", folder, stored, "1"])
        check(self.import_words(folder / "files", folder / "root.pem", self.filled))
        rounds = 5 if self.quick else 21
        fresh_files = self.work / "new"
        check([self.build / "make_pfx", fresh_files, rounds + 1])
        get = [self.certferry, "get", "--home", self.filled]
        results = interleave(
            [
                Command("certferry get", [*get, "--json"]),
                Command("certferry get --all --json", [*get, "--all", "--json"]),
                Command("certferry import of a new file",
                        lambda run: self.import_words(fresh_files / "files" / f"{run + 1}.pfx", fresh_files / "root.pem", self.filled)),
                Command("certferry import of a stored file",
                        lambda run: self.import_words(folder / "files" / "7.pfx", folder / "root.pem", self.filled)),
            ],
            rounds,
        )  # fmt: skip
        for name in ("certferry get", "certferry get --all --json"):
            self.verdict(f"`{name}` with {stored:,} stored", results[name].median * 1000, 50, " ms")
        return stored, results

    def start(self):
        results = interleave([Command("certferry --version", [self.certferry, "--version"]), Command("true", ["/bin/true"]),
                              Command("openssl version", ["openssl", "version"])], 11 if self.quick else 101)  # fmt: skip
        self.verdict("`certferry --version`", results["certferry --version"].median * 1000, 5, " ms")
        return results


# --- the page --------------------------------------------------------------------------------------------------------


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def machine():
    model = "unknown"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}"


def versions(certferry):
    found = [check([certferry, "--version"]).splitlines()[0]] if certferry.exists() else []
    found.append(check(["openssl", "version"]).strip())
    packages = {"certtool": "gnutls-bin", "pk12util": "libnss3-tools"}
    for tool in TOOLS[1:]:
        if not shutil.which(tool):
            found.append(f"{tool} is not installed")
        elif tool in packages:
            found.append(f"{tool} {check(['dpkg-query', '-W', '-f', '${Version}', packages[tool]])}")
    try:
        import cryptography
        from cryptography.hazmat.backends.openssl import backend

        found.append(f"python cryptography {cryptography.__version__} on {backend.openssl_version_text()}")
    except ImportError:
        found.append("python cryptography is not installed")
    return ", ".join(found)


def side_by_side_table(results):
    """`results`: [(Pfx, {name: Command})]."""
    names = list(dict.fromkeys(name for _, commands in results for name in commands))
    rows = []
    for pfx, commands in results:
        base = commands["openssl"].median
        cells = []
        for name in names:
            command = commands.get(name)
            cells.append(f"{command.median / base:.2f} ({command.median * 1000:.1f} ms)" if command else "")
        rows.append([f"{pfx.algorithm.upper()}, {KINDS[pfx.kind][0]}", *cells])
    return table(["file", *names], rows)


def times_table(commands):
    rows = [[f"`{name}`", f"{each.median * 1000:.1f} ms"] for name, each in commands.items()]
    return table(["command", "median"], rows)


def page(bench, singles, start, bulk, filled):
    text = [
        "# Performance\n",
        f"Written by `./dev bench{' --quick' if bench.quick else ''}` on {datetime.date.today().isoformat()}; run it to repeat "
        "everything. Whole processes, medians of interleaved runs, output to /dev/null, files in memory. Trust the ratios, not "
        f"the milliseconds.\n\nMachine: {machine()}. Versions: {versions(bench.certferry)}.\n",
        "## The bars\n",
        table(["what", "measured", "bar", ""], [[w, v, b, "kept" if ok else "**missed**"] for w, v, b, ok in bench.verdicts])
        if bench.verdicts else "",
        "## One file\n",
        "Time divided by that of `openssl pkcs12 -nodes` on the same file: a leaf, its key and two intermediates, made by "
        "`openssl pkcs12 -export`. `certferry import` parses in a limited child, validates the chain, checks, and stores "
        "durably in a home that is in use, or makes a new one; openssl, `certtool --p12-info` and python only decrypt and print; pk12util and "
        "`keytool -importkeystore` store without validating.\n",
        side_by_side_table(singles),
    ]  # fmt: skip
    if start:
        text += ["## Start\n", times_table(start)]
    if filled:
        text += [f"## With {filled[0]:,} certificates stored\n", times_table(filled[1])]
    if bulk:
        count, commands = bulk
        rows = [[name, f"{each.median:.2f} s", f"{count / each.median:,.0f}"]
                for name, each in commands.items()]  # fmt: skip
        text += [
            "## Many files\n",
            f"{count:,} PFX files on P-256 with 2,048 iterations, two threads each. The pipeline (bench/pkcs12_parse_pipeline.cc) "
            "does the same on PKCS12_parse and X509_verify_cert, without limits, explanations or a report, and makes its files "
            "durable in batches.\n",
            table(["", "time", "files/s"], rows),
        ]
    return "\n".join(part for part in text if part)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    parser.add_argument("--quick", action="store_true", help="five rounds, a tenth of the files: a look, no measurement")
    parser.add_argument("--markdown", type=pathlib.Path, help="where the page is written; not with --quick")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="certferry-bench-") as folder:
        bench = Bench(pathlib.Path(folder), options.build.resolve(), options.quick)
        try:
            files = make_files(bench.work)
            bench.make_template()
            singles = []
            for pfx in files:
                print(f"{pfx.algorithm} {pfx.kind} …", file=sys.stderr)
                singles.append((pfx, bench.side_by_side(pfx)))
            print("many files …", file=sys.stderr)
            bulk = bench.bulk()
            own = bench.certferry.exists()
            start = bench.start() if own else None
            filled = bench.filled_home() if own else None
        except Failure as failure:
            sys.exit(f"side_by_side: {failure}")
        text = page(bench, singles, start, bulk, filled)
    print(text)
    if options.markdown and not options.quick:
        options.markdown.write_text(text, encoding="utf-8")
    return 0 if all(kept for _, _, _, kept in bench.verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
