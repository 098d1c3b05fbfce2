"""A service that people run, started on loopback with a configuration of its own, and the shipped binding for it.

Each x.py beside this file has one class below Service. The binding is the pattern that certferry ships
(`certferry binding new`), of which `adapt` changes only what an own instance needs: the port, the path of the
configuration, of the socket or the pid file.
"""

import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))
from ports import free_port  # noqa: E402

NAME = "web.litwareinc.com"
OTHER_NAME = "other.litwareinc.com"


def wait_until(true, what, seconds=30):
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def served(port, name=NAME, starttls=None, address="127.0.0.1", more=()):
    """SHA-256 of the leaf that openssl sees there; None where it sees none. XMPP: `name` is the domain too."""
    words = ["openssl", "s_client", "-connect", f"{address}:{port}", "-servername", name, *more]
    if starttls:
        words += ["-starttls", starttls] + (["-xmpphost", name] if starttls == "xmpp" else [])
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=10)
    except subprocess.TimeoutExpired:
        return None
    begin, end = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
    if begin not in done.stdout:
        return None
    pem = begin + done.stdout.split(begin, 1)[1].split(end, 1)[0] + end
    der = subprocess.run(["openssl", "x509", "-outform", "DER"], input=pem, capture_output=True, check=True).stdout
    return hashlib.sha256(der).hexdigest()


class Service:
    """One instance. `place`: a folder of its own, readable for everybody; `home`: certferry's."""

    pattern = ""  # the binding's name
    type = "WebServicesExternal"
    starttls = None  # as openssl names it
    exportable = False  # the service reads the key as its own account
    account = None  # that account
    names = (NAME,)  # for which it needs a certificate: XMPP servers know their own domains only

    def __init__(self, place, home):
        self.place = pathlib.Path(place)
        self.home = pathlib.Path(home)
        self.port = free_port()
        self.process = None
        self.output = self.place / "output.log"
        self.group_file = self.place / "group"  # the number of its process group

    @property
    def folder(self):
        """Where its configuration finds the files in use."""
        return self.home / "services" / self.pattern / self.type / "current"

    # What each service says of itself.

    def configure(self):
        """Writes its configuration. May be called again: it mends what break_configuration() broke."""
        raise NotImplementedError

    def command(self):
        """The words that start it, in the foreground."""
        raise NotImplementedError

    def adapt(self, text):
        """The text of the shipped pattern, made to fit this instance."""
        text = text.replace(self.replace_port, f"port = {self.port}")
        return re.sub(r'command = \["/usr/bin/systemctl", "restart".*\]', lambda _: f"command = {json.dumps(self.restart_words())}", text)

    def break_configuration(self):
        """A syntax error in its configuration. Returns False where it has none that could be broken."""
        return False

    def serve_other_certificate(self, certificate, key):
        """Serves these PEM files for OTHER_NAME from its next start on. Returns False where it knows one certificate only."""
        return False

    def mend_other_name(self):
        """Serves its own certificate for OTHER_NAME from its next start on: XMPP servers know their own domains only."""
        self.configure()

    # The same for all but a few.

    replace_port = "port = 443"

    def put_first(self, certificate, key):
        """The files a first start needs, as an administrator would copy them."""
        self.folder.mkdir(parents=True)
        shutil.copy(certificate, self.folder / "fullchain.pem")
        shutil.copy(key, self.folder / "privkey.pem")
        if self.account:
            shutil.chown(self.folder / "privkey.pem", group=self.account)
            (self.folder / "privkey.pem").chmod(0o640)

    def start(self):
        self.configure()
        with open(self.output, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.group_file.write_text(str(self.process.pid))
        # Where it dies it must be gone, as below init: apache takes its own zombie for a server that runs.
        threading.Thread(target=self.process.wait, daemon=True).start()
        wait_until(self.answers, f"{self.pattern} does not serve on {self.port}")

    def answers(self):
        if not self.alive():
            raise AssertionError(f"{self.pattern} ended: " + self.output.read_text(errors="replace")[-2000:])
        return self.listens() and self.served() is not None

    def listens(self):
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def alive(self):
        try:
            os.kill(int(self.group_file.read_text()), 0)
        except (FileNotFoundError, ProcessLookupError):
            return False
        return True

    def stop(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(int(self.group_file.read_text()), number)
                wait_until(lambda: not self.alive(), "it does not end", 10)
            except (FileNotFoundError, ProcessLookupError):
                break
            except AssertionError:
                continue
        if self.process is not None:
            self.process.wait()
            self.process = None
        self.group_file.unlink(missing_ok=True)
        wait_until(lambda: not self.listens(), f"{self.pattern} still listens on {self.port}")

    # What a test of failures has to know.

    tries = 1  # how often a flip without any failure may need to be asked for

    watches = False  # it reads changed files by itself: nobody has to tell it

    patience = 2  # [limits] probe: seconds within which it shows a certificate after a reload

    def restart_words(self):
        """A command for [restart]: ends what is left of it and starts it in the background."""
        script = self.place / "restart"
        # Until it is gone it holds the port. Nobody but who started it takes away what is left of it then: Z.
        script.write_text(f"#!/bin/sh\nread -r group <{self.group_file}\n/bin/kill -9 -- -$group 2>/dev/null\n"
                          f"while grep -q '^State:.[^ZX]' /proc/$group/status 2>/dev/null; do sleep 0.01; done\n"
                          f"setsid {shlex.join(self.command())} </dev/null >>{self.output} 2>&1 &\necho $! >{self.group_file}\n")
        script.chmod(0o755)
        return [str(script)]

    def kill_words(self):
        """A command that ends it at once, as a crash would, and reports success."""
        return ["/bin/sh", "-c", f"read -r group <{self.group_file}; /bin/kill -9 -- -$group; true"]

    def make_run(self):
        """Whatever is left of it."""
        self.stop()
        self.start()

    def restart(self):
        """As it is configured now."""
        subprocess.run(self.restart_words(), check=True, timeout=30)
        wait_until(self.answers, f"{self.pattern} does not serve on {self.port} again")

    def served(self, name=NAME):
        return served(self.port, name, self.starttls)
