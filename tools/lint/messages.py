"""Message ids: each belongs to the folder of its range, has one kind, and is explained for an operator.

"Used for one thing" is checked as: only the folder that owns the range gives the id, always with the same ErrorKind, and
one heading in docs/messages says what it is. Others may compare with it (== or !=, case, contains). Where another folder
must give it because it says the very same, "id CF1152: why" in allowed.txt says so.
"""

import pathlib
import re

OWNERS = {
    "10": {"cli", "apps"}, "11": {"base", "x509"}, "12": {"container"}, "13": {"chain"}, "14": {"checks"}, "15": {"store"},
    "16": {"deploy"}, "17": {"commands"}, "18": {"report"}, "19": {"fleet"},
    "20": {"probe"}, "21": {"agent"}, "22": {"seal"}, "23": {"relay"}, "24": {"commands"},
}  # fmt: skip
_ID = re.compile(r'"(CF(\d\d)\d\d)"')
_COMPARED = re.compile(r"(?:[=!]=|\bcase|\bcontains\(|\bstarts_with\(|\bis\()\s*$")
_KIND = re.compile(r"ErrorKind::(k\w+)\s*,\s*$")
_HEADING = re.compile(r"^## (CF(\d\d)\d\d): \S", re.MULTILINE)


def given_ids(sources):
    """{id: [(source, offset)…]} for every place outside tests that gives an id rather than compares with it."""
    given = {}
    for source in sources:
        if source.is_test or not source.path.startswith(("src/", "apps/")):
            continue
        for match in _ID.finditer(source.code_with_strings):
            before = source.code_with_strings[: match.start()]
            after = source.code_with_strings[match.end() :].lstrip()
            if not _COMPARED.search(before[-40:]) and not after.startswith(("==", "!=")):
                given.setdefault(match.group(1), []).append((source, match.start()))
    return given


def explained_ids(root):
    """({id: file name}, problems) from docs/messages/*.md."""
    explained, problems = {}, []
    for path in sorted((pathlib.Path(root) / "docs/messages").glob("CF*.md")):
        for match in _HEADING.finditer(path.read_text(encoding="utf-8")):
            identity, series = match.groups()
            if identity in explained:
                problems.append(f"docs/messages/{path.name}: {identity} is explained twice, also in {explained[identity]}")
            if path.stem != "CF" + series:
                problems.append(f"docs/messages/{path.name}: {identity} belongs into CF{series}.md")
            explained[identity] = path.name
    return explained, problems


def check(sources, allowed, root):
    given = given_ids(sources)
    explained, problems = explained_ids(root)
    for identity, places in sorted(given.items()):
        source, offset = places[0]
        owners = OWNERS.get(identity[2:4], set())
        for place, where in places:
            if place.folder not in owners and ("id", identity) not in allowed:
                problems.append(place.at(where, f"{identity} belongs to {' or '.join(sorted(owners)) or 'no folder'}"))
        kinds = {match.group(1) for place, where in places if (match := _KIND.search(place.code_with_strings[:where][-60:]))}
        if len(kinds) > 1:
            problems.append(source.at(offset, f"{identity} is given as {' and as '.join(sorted(kinds))}: two things"))
        if identity not in explained:
            problems.append(source.at(offset, f"{identity} is not explained in docs/messages/CF{identity[2:4]}.md"))
    for identity, name in sorted(explained.items()):
        if identity not in given:
            problems.append(f"docs/messages/{name}: {identity} is explained and never given")
    return problems
