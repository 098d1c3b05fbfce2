"""Calls that have one place or none: clocks outside base/clock, shells, naked new, sleeping tests."""

import re

_RULES = [
    (
        "clock",
        re.compile(
            r"(?:system|steady|high_resolution)_clock\s*::\s*now\b|\bgettimeofday\s*\(|\bclock_gettime\s*\("
            r"|(?<![\w.>])(?:std::|::)?time\s*\(\s*(?:nullptr|NULL|0|&)"
        ),
        "clocks are read in base/clock only: take `now`",
    ),
    (
        "shell",
        re.compile(r"(?:[;{}()=!&|,?:]|\breturn|\A)\s*(?:std::|::)?\b(?:system|popen)\s*\("),
        "no shell: a process is an argv array",
    ),
    (
        "new",
        re.compile(r"\b(?:new\s+[\w:]|new\s*\(std::nothrow|delete\s*(?:\[\s*\]\s*)?[A-Za-z_(*])"),
        "no naked new or delete",
    ),
    (
        "sleep",
        re.compile(r"\b(?:sleep_for|sleep_until|usleep|nanosleep)\b|(?<![\w.>])(?:::)?sleep\s*\("),
        "tests do not sleep",
    ),
]
# Owned at once: what a factory does with a private constructor, which make_unique cannot reach.
_OWNED = re.compile(r"_ptr<[^;{}]*>[ \w]*[({]\s*$")
_SHELL_PATH = re.compile(r'"(?:/usr)?/bin/(?:ba|da)?sh"|"(?:ba|da)?sh"\s*,\s*"-c"')


def _applies(rule, source, allowed):
    if (rule, source.path) in allowed:
        return False
    if rule == "clock":
        return source.path != "src/base/clock.cc" and source.folder != "bench"
    return rule != "sleep" or source.is_test


def check(sources, allowed):
    problems = []
    for source in sources:
        for rule, pattern, message in _RULES:
            if not _applies(rule, source, allowed):
                continue
            for match in pattern.finditer(source.code):
                if rule != "new" or not _OWNED.search(source.code[: match.start()][-200:]):
                    problems.append(source.at(match.start(), message))
        if not source.is_test and ("shell", source.path) not in allowed:
            for match in _SHELL_PATH.finditer(source.code_with_strings):
                problems.append(source.at(match.start(), "no shell: a process is an argv array"))
    return problems
