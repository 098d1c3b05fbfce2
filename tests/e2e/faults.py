"""Faults at single system calls of the program, by strace."""

import collections
import os
import re
import subprocess

# Those that change, make or sync something, and openat, which fails like them.
CALLS = ["write", "pwrite64", "writev", "pwritev", "fsync", "fdatasync", "syncfs", "sync_file_range", "msync", "fallocate", "rename", "renameat2",
         "mkdir", "symlink", "unlink", "rmdir", "link", "ftruncate", "fchmod", "chmod", "fchown", "chown", "lchown", "fsetxattr", "setxattr", "openat"]
EVERY = os.environ.get("CERTFERRY_EVERY_CALL") == "1"
ENVIRONMENT = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")  # LeakSanitizer is a tracer itself


def strace(log, expressions, command, follow=()):
    """Runs the command under strace; the exit code is the command's (137: killed)."""
    words = ["strace", *follow, "-o", log, *(word for one in expressions for word in ("-e", one)), *command]
    done = subprocess.run(list(map(str, words)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT, timeout=120)
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


def inject(log, call, fault, number, command, follow=()):
    """Runs the command with the fault ("signal=KILL", "error=EIO") at that one of its calls. Whether it came to that, and the exit code."""
    code = strace(log, [f"trace={call}", f"inject={call}:{fault}:when={number}"], command, follow)
    # Each process and thread counts by itself. That one was killed says little: an import ends its readers that way.
    begun = re.findall(rf"^(\d* *){call}\(", log.read_text(errors="replace"), re.MULTILINE)
    return any(count >= number for count in collections.Counter(begun).values()), code


def record(what, result):
    """A line of the table of docs/soak.md, where it is being written."""
    if table := os.environ.get("CERTFERRY_SOAK_TABLE"):
        with open(table, "a", encoding="utf-8") as file:
            file.write(f"| {what} | {result} |\n")
