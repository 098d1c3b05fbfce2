"""Which folder may include which, and where OpenSSL and the heavy header-only libraries may appear."""

import re

STAGES = ("container", "chain", "checks", "store", "deploy", "report", "seal", "probe", "request")
# The relay stands between stores and computers, and reads what both sign.
_LEVELS = [("base",), ("x509", "fleet"), STAGES, ("relay",), ("commands",), ("agent",), ("cli",), ("apps",)]
LEVEL = {folder: level for level, folders in enumerate(_LEVELS) for folder in folders}

OPENSSL_SOURCES = {"x509", "container", "chain", "seal", "deploy", "probe", "request"}
HEAVY = re.compile(r"^(fmt|nlohmann|toml\+\+|CLI|spdlog|rapidcheck)[/.]")
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def _project_include(source, target):
    if source.folder not in LEVEL:
        return None  # fuzz, bench and tests may use everything
    folder = target.split("/")[0]
    if "/" not in target or folder not in LEVEL:
        return f'"{target}" is no path from src/'
    if folder == source.folder or LEVEL[folder] < LEVEL[source.folder]:
        return None
    if LEVEL[folder] == LEVEL[source.folder]:
        return f"{source.folder} and {folder} lie side by side and may not include each other ({target})"
    return f"{source.folder} lies below {folder} and may not include it ({target})"


def _system_include(source, target):
    if source.folder not in LEVEL:
        return None
    if target.startswith("openssl/"):
        allowed = source.folder == "x509" if source.is_header else source.folder in OPENSSL_SOURCES
        return None if allowed else f"<{target}>: OpenSSL stays in the .cc files of {', '.join(sorted(OPENSSL_SOURCES))}"
    if HEAVY.match(target) and source.is_header and not source.is_test and target != "nlohmann/json_fwd.hpp":
        return f"<{target}> is heavy: include it in a .cc file"
    return None


def check(sources, _allowed):
    problems = []
    for source in sources:
        for match in _INCLUDE.finditer(source.code_with_strings):
            own, system = match.groups()
            message = _project_include(source, own) if own else _system_include(source, system)
            if message:
                problems.append(source.at(match.start(), message))
    return problems
