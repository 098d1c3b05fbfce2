#!/usr/bin/env python3
"""Runs every lint over the tree: lint.py [--build DIR] [--fast]. --fast leaves out clang-tidy."""

import argparse
import pathlib
import sys

import built
import forbidden
import layers
import messages
import sizes
import style
from source import read_allowed, read_tree


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default=pathlib.Path(__file__).resolve().parents[2])
    parser.add_argument("--build", default="build/dev", help="a configured build, for its compile_commands.json")
    parser.add_argument("--fast", action="store_true", help="without clang-tidy")
    options = parser.parse_args()
    root = pathlib.Path(options.root)
    commands_file = root / options.build / "compile_commands.json"
    cache = style.Cache(root / "build/lint-cache")
    sources = read_tree(root)
    if not sources:
        sys.exit(f"lint: no sources below {root}")
    allowed = read_allowed(root)

    results = {
        "layers": layers.check(sources, allowed),
        "forbidden calls": forbidden.check(sources, allowed),
        "message ids": messages.check(sources, allowed, root),
        "sizes": sizes.check(sources, allowed),
        "tests are built": built.check(sources, allowed, root, commands_file),
        "clang-format": style.check_format(sources, root, cache),
    }
    if not options.fast and commands_file.exists():
        results["clang-tidy"] = style.check_tidy(sources, root, cache, commands_file)

    for name, problems in results.items():
        print(f"{'FAIL' if problems else 'ok  '} {name}" + (f": {len(problems)}" if problems else ""))
        for problem in dict.fromkeys(problems):
            print(f"     {problem}")
    return 1 if any(results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
