"""Certificate files as administrators have them, made with openssl, and the program under test."""

import hashlib
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import unittest

PASSWORD = "planted-Passw0rd-7f3k"


def openssl(*arguments, **options):
    subprocess.run(["openssl", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)


class Ca:
    """A root and an intermediate below `folder`."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.root = self.folder / "root.pem"
        self.intermediate = self.folder / "int.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.folder / "root.key", "-out",
                self.root, "-subj", "/O=Litware/CN=Litware Root", "-days", "3650", "-addext", "basicConstraints=critical,CA:TRUE", "-addext",
                "keyUsage=critical,keyCertSign,cRLSign")
        self.sign("int", "/O=Litware/CN=Litware Issuing CA", "root", "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n"
                  "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n", days=1800)

    def sign(self, name, subject, issuer, extensions, days=90):
        key, request, config = (self.folder / f"{name}.{end}" for end in ("key", "csr", "ext"))
        config.write_text(extensions)
        if not key.exists():
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        openssl("req", "-new", "-key", key, "-out", request, "-subj", subject, "-utf8")
        openssl("x509", "-req", "-in", request, "-CA", self.folder / f"{issuer}.pem", "-CAkey", self.folder / f"{issuer}.key", "-set_serial",
                int.from_bytes(os.urandom(16), "big") >> 1, "-days", days, "-out", self.folder / f"{name}.pem", "-extfile", config)

    def server(self, name, names=("web.litwareinc.com",), chain=True):
        """Makes NAME.pem, NAME.key, NAME.pfx; returns the path of the PFX."""
        alternative = ",".join(f"DNS:{one}" for one in names)
        self.sign(name, f"/O=Litware/CN={names[0]}", "int", "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                  f"extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName={alternative}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
        more = ["-certfile", self.intermediate] if chain else []
        openssl("pkcs12", "-export", "-inkey", self.folder / f"{name}.key", "-in", self.folder / f"{name}.pem", *more, "-out", self.folder / f"{name}.pfx",
                "-passout", f"pass:{PASSWORD}")
        return self.folder / f"{name}.pfx"


class ProgramTest(unittest.TestCase):
    """A fresh folder with a CA, a home and a password file."""

    program = None

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="certferry-e2e-")
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.ca = Ca(cls.folder)
        cls.password_file = cls.folder / "password"
        cls.password_file.write_text(PASSWORD + "\n")
        cls.password_file.chmod(0o600)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="home-", dir=self.folder)) / "home"

    def run_program(self, *arguments, home=True, name=None):
        command = [str(name or self.program), *map(str, arguments)] + (["--home", str(self.home)] if home else [])
        return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)

    def json_of(self, *arguments, exit_code=0, **options):
        done = self.run_program(*arguments, "--json", **options)
        self.assertEqual(done.returncode, exit_code, done.stdout + done.stderr)
        self.assertEqual(done.stdout.count("\n"), 1, done.stdout)
        return json.loads(done.stdout)

    def import_file(self, path, *more, exit_code=0):
        return self.json_of("import", "--path", path, "--password-file", self.password_file, *more, exit_code=exit_code)

    def assert_nothing_stored(self):
        self.assertEqual([path.name for path in self.home.glob("certificates/*")], [])
        if self.home.exists():
            self.assertEqual(self.json_of("get", "--all")["certificates"], [])

    def contents(self):
        """Everything below the home but SQLite's helpers."""
        found = {}
        for path in sorted(self.home.rglob("*")) if self.home.exists() else []:
            if path.name.endswith(("-wal", "-shm")):
                continue
            if path.is_symlink():
                found[str(path)] = os.readlink(path)
            elif path.name == "certferry.db":
                # What SQLite holds, wherever in its files it lies.
                connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
                found[str(path)] = "\n".join(connection.iterdump()) + oct(path.stat().st_mode)
                connection.close()
            elif path.is_file():
                found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest() + oct(path.stat().st_mode)
            else:
                found[str(path)] = "folder"
        return found


def main():
    ProgramTest.program = pathlib.Path(sys.argv.pop(1)).absolute()
    unittest.main(verbosity=2)
