"""Files up to 500 lines, functions up to 60 (tests: tables make them longer, 120)."""

import re

FILE_LINES = 500
FUNCTION_LINES = 60
TEST_LINES = 120
_SCOPE = re.compile(r"\b(?:namespace|class|struct|union|enum)\b[^;(){}=]*$|\bextern\s*$")
_CONTROL = re.compile(r"\b(?:if|for|while|switch|catch|else|do|try|return)\b")
_NAME = re.compile(r"([A-Za-z_~][\w:~]*|operator\s*\S+?)\s*\(")


def _name_of_function(head):
    """The function whose body opens after `head`, or None where the brace opens something else."""
    if "(" not in head or _SCOPE.search(head) or head.endswith("="):
        return None
    name = _NAME.search(head)
    return name.group(1) if name and not _CONTROL.match(name.group(1)) else None


def functions(code):
    """(name, first line, last line) of every function body; a lambda counts with the function around it."""
    found, opened = [], []  # opened: for each open brace ("function", name, line), ("init",) or ("block",)
    start, line, inside = 0, 1, 0
    for offset, character in enumerate(code):
        if character == "\n":
            line += 1
        elif character == ";" and not inside:
            start = offset + 1
        elif character == "{":
            if re.match(r"[\w>]", code[offset - 1 : offset]):
                opened.append(("init",))  # member_{value}: the head goes on after it
                continue
            name = None if inside else _name_of_function(code[start:offset].strip())
            opened.append(("function", name, line) if name else ("block",))
            inside += bool(name)
            start = offset + 1
        elif character == "}" and opened:
            kind, *entry = opened.pop()
            if kind == "function":
                found.append((*entry, line))
                inside -= 1
            if kind != "init":
                start = offset + 1
    return found


def check(sources, allowed):
    problems = []
    for source in sources:
        count = source.text.count("\n")
        if count > FILE_LINES and ("lines", source.path) not in allowed:
            problems.append(f"{source.path}: {count} lines, more than {FILE_LINES}: it does several things")
        limit = TEST_LINES if source.is_test else FUNCTION_LINES
        for name, first, last in functions(source.code):
            length = last - first + 1
            if length > limit and ("function", f"{source.path}:{name}") not in allowed:
                problems.append(f"{source.path}:{first}: {name} has {length} lines, more than {limit}")
    return problems
