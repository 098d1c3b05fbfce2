"""A source file as the lints see it: its text, and its code with comments and literals blanked out."""

import pathlib
import re

_LITERALS = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"(?P<delimiter>[^(\s]{0,16})\(.*?\)(?P=delimiter)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'""",
    re.DOTALL,
)
FOLDERS = ("src", "apps", "fuzz", "bench", "tests")


def _blank(text, keep_strings):
    def replace(match):
        found = match.group(0)
        if keep_strings and not found.startswith("/"):
            return found
        return re.sub(r"[^\n]", " ", found)

    return _LITERALS.sub(replace, text)


class Source:
    """`path` is relative to the root, with slashes. `code` keeps every line and column of `text`."""

    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding="utf-8")
        self.code = _blank(self.text, keep_strings=False)
        self.code_with_strings = _blank(self.text, keep_strings=True)
        self.is_header = path.suffix == ".h"
        self.is_test = self.path.endswith("_test.cc") or "/testing/" in self.path or self.path.startswith("tests/")

    @property
    def folder(self):
        """The layer: "chain" for src/chain/x/y.cc, "apps" for apps/main.cc."""
        parts = self.path.split("/")
        return parts[1] if parts[0] == "src" else parts[0]

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def at(self, offset, message):
        return f"{self.path}:{self.line_of(offset)}: {message}"


def read_tree(root):
    """Every C++ source of the project below `root`, sorted by path."""
    root = pathlib.Path(root)
    files = [path for folder in FOLDERS for path in (root / folder).rglob("*") if path.suffix in (".h", ".cc")]
    return [Source(root, path) for path in sorted(files)]


def read_allowed(root):
    """tools/lint/allowed.txt: "rule subject: reason" a line; gives {(rule, subject): reason}."""
    path = pathlib.Path(root) / "tools/lint/allowed.txt"
    allowed = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        if not line.strip() or line.startswith("#"):
            continue
        rule, _, rest = line.partition(" ")
        subject, _, reason = rest.partition(": ")
        if not reason.strip():
            raise SystemExit(f"{path}: an exception needs a reason: {line}")
        allowed[rule, subject] = reason
    return allowed
