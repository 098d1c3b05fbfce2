#!/usr/bin/env python3
"""Every service of flips_test.py × every failure of failures.py: matrix.py PROGRAM [--all] [--service NAME]… [--failure NAME]… [--write FILE].

Without --all a third of the cases. Each service runs once, in a process of its own with a mount namespace of its own, and
meets its failures one after the other: the old certificate is served; the failure is brought about; `certferry set` of a new
one must not succeed, must say why, and leave the service as it was; healed, the same command must succeed. Needs root."""

import argparse
import concurrent.futures
import contextlib
import copy
import hashlib
import importlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))
import failures  # noqa: E402
import flips_test  # noqa: E402
import made_files  # noqa: E402
import service  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLES = [("redis", "Redis"), ("caddy", "Caddy")]
SERVICES = flips_test.SERVICES + EXAMPLES

# What `certferry doctor` may say while the store names a certificate that a service did not take.
EXPECTED_FINDINGS = {"CF1740"}
COLUMNS = 5
HEAD = """# What happens when a service does not take its certificate

{cases} cases: {services} services as Debian ships them, each running with the binding that certferry ships or documents, × {failures} failures.
In each the service serves an old certificate, the failure is brought about, and `certferry set` assigns a new one. certferry must not
report success, must say why, and must leave the service as it was: `openssl s_client` sees the old certificate, the service's files and
`live/` are the old ones to the last bit, owner and mode. Then the cause is mended, and the same command must succeed. Not so: {wrong}.

A cell shows the message, the reason that it names ([messages](messages/README.md) explains both), and what was served then: *old*, *new*,
or *nothing* where the service does not run. ✗: not as it should be; –: there is no such case (below); empty: not met in this run.
`./dev soak` meets all of them, `./dev test` a third.

"""


def toml(binding):
    """The text of a binding: TOML writes its words, numbers and lists as JSON does."""
    def lines(table):
        return [f"{key} = {json.dumps(value)}" for key, value in table.items()]

    tables = {key: value for key, value in binding.items() if isinstance(value, dict) or (value and isinstance(value, list) and isinstance(value[0], dict))}
    text = lines({key: value for key, value in binding.items() if key not in tables})
    for key, value in tables.items():
        for one in [value] if isinstance(value, dict) else value:
            text += [f"[{key}]" if isinstance(value, dict) else f"[[{key}]]", *lines(one)]
    return "\n".join(text) + "\n"


def contents(folder):
    """What is there, with owners and modes."""
    return {path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mode, path.stat().st_uid, path.stat().st_gid)
            for path in sorted(folder.iterdir())}


class Case:
    """One failure on the running service of a Bench."""

    def __init__(self, bench, failure):
        self.bench = bench
        self.failure = failure
        self.service = bench.service
        self.binding = copy.deepcopy(bench.binding)
        self.binding.setdefault("limits", {})["probe"] = bench.service.patience
        self.new = None
        self.stack = contextlib.ExitStack()

    def undo(self, call, *words, **options):
        self.stack.callback(call, *words, **options)

    def reload_by(self, words):
        self.binding["reload"] = {"command": words}
        self.binding.pop("fallback", None)

    def remove_staged(self):
        """As CF1660 asks for: what is damaged is moved away."""
        for mark in self.service.folder.parent.glob("[0-9]*/sha256"):
            if mark.read_text().strip() == self.new["sha256"]:
                shutil.rmtree(mark.parent)


class Bench(made_files.ProgramTest):
    """One service, which serves the old certificate between its cases."""

    def start(self, module, kind):
        self.stack = contextlib.ExitStack()
        self.setUpClass()
        self.stack.callback(self.tearDownClass)
        self.setUp()
        self.home.mkdir(parents=True, mode=0o755)
        for folder in (self.folder, self.home.parent):
            folder.chmod(0o755)
        # A disk of its own, which can be full.
        self.services = self.home / "services"
        self.services.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=755", "tmpfs", self.services], check=True)
        self.stack.callback(subprocess.run, ["umount", "--lazy", self.services], check=False)
        place = pathlib.Path(tempfile.mkdtemp(prefix=module + "-", dir=self.folder))
        place.chmod(0o755)
        self.service = service_class(module, kind)(place, self.home)
        self.stack.callback(self.service.stop)
        self.count = 0
        self.ca.server("other", (service.OTHER_NAME,))
        self.other_pair = self.folder / "other.pem", self.folder / "other.key"
        self.other_pair[1].chmod(0o644)  # the service's account may read it
        self.other_key = self.folder / "other.key"
        made_files.openssl("genrsa", "-out", self.folder / "rsa.key", "2048")
        first = self.make(failures.ALL[0])
        self.set(first, 0)
        self.path = self.home / "bindings.d" / f"{self.service.pattern}.toml"
        self.binding = tomllib.loads(self.service.adapt(self.shipped()))
        self.bind(self.binding)
        self.json_of("binding", "place", self.service.pattern)
        self.service.start()
        self.json_of("agent", "--once")
        self.old_is(first)

    def shipped(self):
        """The text of the pattern, or of the example in the documentation."""
        if (self.service.pattern, type(self.service).__name__) not in EXAMPLES:
            self.json_of("binding", "new", self.service.pattern, "--type", self.service.type)
            return self.path.read_text()
        self.path.parent.mkdir(mode=0o755)
        return (ROOT / "docs/examples/bindings" / self.path.name).read_text()

    def bind(self, binding):
        self.path.write_text(toml(binding))

    def old_is(self, answer):
        self.old = answer["sha256"]
        self.old_pair = self.folder / f"case{answer['number']}.pem", self.folder / f"case{answer['number']}.key"
        self.assertEqual(self.service.served(), self.old, "the new certificate is served")

    def make(self, failure):
        """A new certificate, imported."""
        self.count += 1
        name = f"case{self.count}"
        if failure.rsa:
            shutil.copy(self.folder / "rsa.key", self.folder / f"{name}.key")
        exportable = self.service.exportable and failure.exportable
        answer = self.import_file(self.ca.server(name, failure.names), *(["--private-key-exportable", "true"] if exportable else []))
        return {**answer, "number": self.count}

    def set(self, made, exit_code):
        return self.json_of("set", "--type", self.service.type, "--thumbprint", made["thumbprint"], exit_code=exit_code)

    def take(self, made):
        for left in reversed(range(self.service.tries)):
            words = ["set", "--type", self.service.type, "--thumbprint", made["thumbprint"], "--json"]
            done = self.run_program(*words)
            if done.returncode == 0:
                return
            self.assertTrue(left, "after healing: " + done.stdout)

    def killed(self, case):
        """The reload never ends: names and files have moved, the wire has not, when certferry is killed."""
        words = ["set", "--type", self.service.type, "--thumbprint", case.new["thumbprint"], "--home", self.home]
        flip = subprocess.Popen([self.program, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        mark = self.service.folder / "sha256"
        service.wait_until(lambda: mark.read_text().strip() == case.new["sha256"], "it does not come to the reload")
        time.sleep(0.1)
        flip.kill()
        self.assertEqual(flip.communicate()[0], "", "it said something")
        self.assertEqual(self.service.served(), case.new["sha256"] if self.service.watches else self.old, "served when it was killed")
        if case.failure.exit_code == 0:
            self.bind(self.binding)
        else:
            case.reload_by(["/bin/false"])
            self.bind(case.binding)
        if case.failure.exit_code == 0 and self.service.tries > 1:
            # Where the service ended by its own fault in this reload, it was rolled back: it is asked for again.
            done = self.run_program("agent", "--once", "--json")
            if done.returncode != 0:
                self.take(case.new)
            return json.loads(done.stdout)
        return self.json_of("agent", "--once", exit_code=case.failure.exit_code)

    def run_case(self, failure):
        """What certferry said and what was served then. AssertionError: not as it should be."""
        case = Case(self, failure)
        self.assertEqual(self.service.served(), self.old, "served before")
        before = contents(self.service.folder)
        case.new = self.make(failure)
        try:
            failure.bring(case)
            self.bind(case.binding)
            answer = self.killed(case) if failure.killed else self.set(case.new, failure.exit_code)
            served = self.service.served()
            result = self.judge(failure, case, answer, served, before)
        finally:
            case.stack.close()
            self.bind(self.binding)
        if failure.after != "new":
            self.assertEqual(self.service.served(), self.old, "served after healing")
            if not failure.exportable or failure.rsa:  # the next flips are of one kind of key again
                case.new = self.make(failures.ALL[0])
            self.take(case.new)
            if len(failure.names) > 1:  # and of one name
                self.service.make_run()
                case.new = self.make(failures.ALL[0])
                self.take(case.new)
        self.old_is(case.new)
        self.service.configure()
        self.assertTrue(self.json_of("doctor")["clean"], "doctor after healing")
        return result

    def judge(self, failure, case, answer, served, before):
        expected = {"old": self.old, "new": case.new["sha256"], "nothing": None}[failure.after]
        name = {self.old: "old", case.new["sha256"]: "new", None: "nothing"}.get(served, "another")
        self.assertEqual(served, expected, f"served: {name}")
        if failure.after == "new":
            return {"id": "", "reason": "", "served": name}
        error = answer["error"]
        self.assertIn(error["id"], failure.ids, error["message"])
        self.assertRegex(error["message"], re.compile(failure.reason, re.DOTALL))
        self.assertTrue(error["fix"], "no way out is told")
        self.assertEqual(contents(self.service.folder), before, "the service's files")
        live = self.home / "live" / self.service.type / "current/sha256"
        self.assertEqual(live.read_text().strip(), self.old, "live")
        said = self.run_program("doctor", "--json")
        found = {one["id"] for one in json.loads(said.stdout)["findings"]}
        self.assertLessEqual(found, EXPECTED_FINDINGS, said.stdout)
        reasons = re.findall(r"\bCF\d{4}(?=:)", error["message"])
        return {"id": error["id"], "reason": reasons[-1] if reasons else "", "served": name}


def cases_of(index, pattern, everything):
    """Of a service: the failures that it can meet; a third of them, so that each service and each failure has some."""
    for number, failure in enumerate(failures.ALL):
        if (pattern, failure.name) not in failures.NOT_APPLICABLE and (everything or (index + number) % 3 == 0):
            yield failure


def meet(program, module, kind, names):
    """Runs these failures of one service; prints a line of JSON for each."""
    Bench.program = pathlib.Path(program).absolute()
    bench = Bench()
    bench.start(module, kind)
    try:
        for failure in failures.ALL:
            if failure.name not in names:
                continue
            begin = time.monotonic()
            # One that ends by its own fault now and then is met once more: what is wrong with certferry is wrong twice.
            for _ in range(2 if bench.service.tries > 1 else 1):
                try:
                    result = {**bench.run_case(failure), "wrong": ""}
                except Exception as error:  # whatever it is, the other failures are met too
                    traceback.print_exc()
                    result = {"id": "", "reason": "", "served": "", "wrong": f"{type(error).__name__}: {error}"}
                    # What it left behind is no beginning for the next.
                    bench.stack.close()
                    bench.start(module, kind)
                if not result["wrong"]:
                    break
            print(json.dumps({"failure": failure.name, **result, "seconds": round(time.monotonic() - begin, 1)}), flush=True)
    finally:
        bench.stack.close()


class Matrix:
    def __init__(self, options):
        self.options = options
        self.results = {}  # by service and failure
        self.lock = threading.Lock()

    def tell(self, module, line):
        result = json.loads(line)
        with self.lock:
            self.results[module, result["failure"]] = result
            wrong = "WRONG: " + result["wrong"] if result["wrong"] else ""
            print(f"{module:14} {result['failure']:20} {result['id']:7} {result['reason']:7} {result['served']:8} {result['seconds']:5} s {wrong}", flush=True)

    def service(self, number):
        module, kind = SERVICES[number]
        if self.options.service and module not in self.options.service:
            return
        names = [failure.name for failure in cases_of(number, service_class(module, kind).pattern, self.options.all)
                 if not self.options.failure or failure.name in self.options.failure]
        words = [sys.executable, __file__, self.options.program, "--meet", module, kind, json.dumps(names)]
        # Its mounts end with it.
        with tempfile.TemporaryFile("w+") as errors:
            child = subprocess.Popen(["unshare", "--mount", "--propagation", "private", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=errors, text=True)
            for line in child.stdout:
                self.tell(module, line)
            if child.wait() != 0 or self.options.verbose:
                errors.seek(0)
                print(errors.read(), flush=True)
        for name in names:
            if (module, name) not in self.results:
                self.tell(module, json.dumps({"failure": name, "id": "", "reason": "", "served": "", "seconds": 0, "wrong": "was not met"}))

    def run(self):
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            list(pool.map(self.service, range(len(SERVICES))))
        wrong = [key for key, result in self.results.items() if result["wrong"]]
        print(f"{len(self.results)} cases, {len(wrong)} not as they should be", flush=True)
        return not wrong and bool(self.results)

    def cell(self, module, pattern, failure):
        if (pattern, failure.name) in failures.NOT_APPLICABLE:
            return "–"
        result = self.results.get((module, failure.name))
        if result is None:
            return ""
        if result["wrong"]:
            return "✗"
        said = " ".join(one for one in (result["id"], result["reason"]) if one)
        return f"✔ {said} {result['served']}".replace("  ", " ")

    def write(self, path):
        patterns = {module: service_class(module, kind).pattern for module, kind in SERVICES}
        text = HEAD.format(cases=len(self.results), services=len(patterns), failures=len(failures.ALL),
                           wrong=sum(bool(result["wrong"]) for result in self.results.values()) or "none")
        # Wide tables are hard to read: so many services side by side.
        for begin in range(0, len(SERVICES), COLUMNS):
            some = [module for module, _ in SERVICES[begin:begin + COLUMNS]]
            text += "| | " + " | ".join(patterns[module] for module in some) + " |\n|---|" + "---|" * len(some) + "\n"
            for failure in failures.ALL:
                text += f"| {failure.name} | " + " | ".join(self.cell(module, patterns[module], failure) for module in some) + " |\n"
            text += "\n"
        text += "## The failures\n" + "".join(f"- *{failure.name}*: {failure.told}.\n" for failure in failures.ALL)
        reasons = {}
        for (pattern, name), reason in failures.NOT_APPLICABLE.items():
            if pattern in patterns.values():
                reasons.setdefault((name, reason), []).append(pattern)
        text += "\n## Where there is no such case (–)\n"
        text += "".join(f"- *{name}*, {', '.join(some)}: {reason}.\n" for (name, reason), some in reasons.items())
        pathlib.Path(path).write_text(text, encoding="utf-8")


def service_class(module, kind):
    return getattr(importlib.import_module(module), kind)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--service", action="append")
    parser.add_argument("--failure", action="append")
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--write", help="the table, as Markdown")
    parser.add_argument("--meet", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.meet:
        module, kind, names = options.meet
        meet(options.program, module, kind, json.loads(names))
        return 0
    matrix = Matrix(options)
    right = matrix.run()
    if options.write:
        matrix.write(options.write)
    if table := os.environ.get("CERTFERRY_SOAK_TABLE"):
        with open(table, "a", encoding="utf-8") as file:
            file.write(f"| services × failures | {len(matrix.results)} cases on {len(SERVICES)} services |\n")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
