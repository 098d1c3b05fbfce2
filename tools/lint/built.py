"""Every test and fuzz target that exists is compiled: one that nobody builds finds nothing."""

import json
import os
import pathlib


def check(sources, _allowed, root, commands_file):
    path = pathlib.Path(commands_file)
    if not path.exists():
        return [f"{path}: missing, configure the build first (./dev build)"]
    root = os.path.realpath(root)
    compiled = set()
    for command in json.loads(path.read_text(encoding="utf-8")):
        compiled.add(os.path.relpath(os.path.realpath(os.path.join(command["directory"], command["file"])), root))
    wanted = [source.path for source in sources if source.path.endswith(("_test.cc", "_fuzz.cc"))]
    return [f"{name}: is in no target of {path}" for name in wanted if name not in compiled]
