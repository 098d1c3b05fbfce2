"""clang-format and clang-tidy, remembering by content what passed, so that a second run takes a second."""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess

CLANG_FORMAT = "clang-format-19"
CLANG_TIDY = "clang-tidy-19"
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.MULTILINE)
_CPUS = max(1, os.cpu_count() or 1)


class Cache:
    """Remembers digests of inputs that passed. Only success is kept: what failed is looked at again."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def has(self, digest):
        return (self.folder / digest).exists()

    def add(self, digest):
        (self.folder / digest).touch()


def _digest(*parts):
    hasher = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        hasher.update(len(data).to_bytes(8, "big") + data)
    return hasher.hexdigest()


def check_format(sources, root, cache):
    root = pathlib.Path(root)
    style = (root / ".clang-format").read_bytes()
    pending = []
    for source in sources:
        digest = _digest("format", style, source.text)
        if not cache.has(digest):
            pending.append((source, digest))

    def run(item):
        source, digest = item
        done = subprocess.run(
            [CLANG_FORMAT, "--style=file", "--output-replacements-xml", str(root / source.path)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        if "<replacement " not in done.stdout:
            cache.add(digest)
            return None
        return f"{source.path}: not as clang-format writes it (./dev format FILE)"

    with concurrent.futures.ThreadPoolExecutor(_CPUS) as pool:
        return [problem for problem in pool.map(run, pending) if problem]


def _with_headers(source, by_path):
    """The source and every project header it includes, directly or not."""
    seen, todo = {}, [source]
    while todo:
        current = todo.pop()
        if current.path in seen:
            continue
        seen[current.path] = current.text
        for name in _INCLUDE.findall(current.text):
            if "src/" + name in by_path:
                todo.append(by_path["src/" + name])
    return "".join(f"{path}\0{text}\0" for path, text in sorted(seen.items()))


def check_tidy(sources, root, cache, commands_file):
    """Sources that are shipped; tests are left out, where the analyzer takes half a minute a file for gtest's macros."""
    root = pathlib.Path(root)
    by_path = {source.path: source for source in sources}
    commands = {}
    for command in json.loads(pathlib.Path(commands_file).read_text(encoding="utf-8")):
        path = os.path.relpath(os.path.realpath(os.path.join(command["directory"], command["file"])), os.path.realpath(root))
        commands[path] = command["command"]
    config = (root / ".clang-tidy").read_bytes()
    pending = []
    for source in sources:
        if source.path not in commands or source.is_test:
            continue
        digest = _digest("tidy", config, commands[source.path], _with_headers(source, by_path))
        if not cache.has(digest):
            pending.append((source, digest))

    def run(item):
        source, digest = item
        done = subprocess.run(
            [CLANG_TIDY, "-p", str(pathlib.Path(commands_file).parent), "--quiet",
             "--extra-arg=-Wno-unknown-warning-option", str(root / source.path)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode == 0:
            cache.add(digest)
            return []
        lines = [line for line in done.stdout.splitlines() if re.search(r": (error|warning): ", line)]
        return lines or [f"{source.path}: clang-tidy failed: {done.stderr.strip()[-400:]}"]

    with concurrent.futures.ThreadPoolExecutor(_CPUS) as pool:
        found = [line.replace(os.path.realpath(root) + "/", "") for lines in pool.map(run, pending) for line in lines]
    return sorted(set(found))
