"""What could go wrong between certferry's own check and the service's reading: damage.py KIND FOLDER FLAG OTHER-KEY damages the
service's files in FOLDER, once: while FLAG is there, which it removes. A binding runs it by [[prepare]]."""

import pathlib
import re
import sys

CERTIFICATE = re.compile(rb"(-----BEGIN CERTIFICATE-----\n)(.*?)(-----END CERTIFICATE-----\n)", re.DOTALL)
KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\n.*?-----END [A-Z ]*PRIVATE KEY-----\n", re.DOTALL)


def broken_certificate(path, content, _):
    if b"-----BEGIN" not in content:  # a keystore
        path.write_bytes(content[: len(content) // 2])
    elif CERTIFICATE.search(content):
        path.write_bytes(CERTIFICATE.sub(lambda found: found[1] + found[2][:200] + b"\n" + found[3], content, count=1))


def wrong_key(path, content, other):
    if KEY.search(content):
        path.write_bytes(KEY.sub(lambda _: other, content))


def no_key(path, content, _):
    """Not there, where root reads it; not readable, where the service's account does."""
    if not KEY.search(content) and b"-----BEGIN" in content:
        return
    if path.stat().st_gid != 0 or path.stat().st_uid != 0:
        path.chmod(0)
    elif CERTIFICATE.search(content):
        path.write_bytes(KEY.sub(b"", content))
    else:
        path.unlink()


def main():
    kind, folder, flag, other = sys.argv[1], *map(pathlib.Path, sys.argv[2:])
    if not flag.exists():
        return
    flag.unlink()
    for path in sorted(folder.iterdir()):
        if path.name != "sha256":
            {"broken-certificate": broken_certificate, "wrong-key": wrong_key, "no-key": no_key}[kind](path, path.read_bytes(), other.read_bytes())


main()
