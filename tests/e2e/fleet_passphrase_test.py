"""The keys that sign for a fleet under a passphrase: who knows it, who does not, and what works without it."""

import os
import pty
import subprocess

import fleet_test
import made_files

PASSPHRASE = "correct horse battery staple 9vK2"
WEB = fleet_test.WEB


class Passphrase(fleet_test.WithBundles):
    def setUp(self):
        super().setUp()
        os.environ.pop("CERTFERRY_PASSPHRASE_FILE", None)
        self.file = self.secret("passphrase", PASSPHRASE)
        self.keys = [self.admin / f"fleet/{name}.key" for name in ("root", "administrator")]

    def tearDown(self):
        os.environ.pop("CERTFERRY_PASSPHRASE_FILE", None)
        super().tearDown()

    def secret(self, name, text):
        path = self.place / name
        path.write_text(text + "\n" if text else "")
        path.chmod(0o600)
        return path

    def know(self, path):
        os.environ["CERTFERRY_PASSPHRASE_FILE"] = str(path)

    def error(self, *arguments, exit_code):
        return self.on(self.admin, *arguments, exit_code=exit_code)["error"]["id"]

    def encrypted(self):
        return ["ENCRYPTED PRIVATE KEY" in key.read_text() for key in self.keys]

    def test_what_is_signed_needs_it_and_nothing_else_does(self):
        self.on(self.admin, "fleet", "init", "--new-passphrase-file", self.file)
        self.assertEqual(self.encrypted(), [True, True])
        self.assertEqual([key.stat().st_mode & 0o777 for key in self.keys], [0o600, 0o600])
        self.assertEqual(self.error("computer", "add", WEB, exit_code=1), "CF2409")
        self.assertEqual(self.error("role", "new", "Servers", "--template", "CsServerAdministrator", "--output", self.place / "role.key", exit_code=1), "CF2409")
        self.on(self.admin, "fleet")
        self.on(self.admin, "agent", "--once")
        self.know(self.secret("wrong", "something else"))
        self.assertEqual(self.error("computer", "add", WEB, exit_code=5), "CF2233")
        self.know(self.file)
        web = self.join(WEB, "--pool", "web.litwareinc.com")
        sha256 = self.assign("first")
        self.carry(WEB)
        self.assertEqual((web / "live/WebServicesExternal/current/sha256").read_text().strip(), sha256)

    def test_it_is_set_changed_and_taken_off(self):
        self.on(self.admin, "fleet", "init")
        plain = [key.read_text() for key in self.keys]
        self.on(self.admin, "fleet", "passphrase", "--new-passphrase-file", self.file)
        self.assertEqual(self.encrypted(), [True, True])
        # As other tools read it.
        for key, before in zip(self.keys, plain):
            read = subprocess.run(["openssl", "pkcs8", "-in", key, "-passin", f"file:{self.file}"], capture_output=True, text=True, check=True).stdout
            self.assertEqual(read.strip(), before.strip())
        other = self.secret("other", "another one")
        self.assertEqual(self.error("fleet", "passphrase", "--new-passphrase-file", other, exit_code=1), "CF2409")
        self.know(self.file)
        self.on(self.admin, "fleet", "passphrase", "--new-passphrase-file", other)
        self.assertEqual(self.error("computer", "add", WEB, exit_code=5), "CF2233")
        self.know(other)
        self.on(self.admin, "fleet", "passphrase", "--new-passphrase-file", self.secret("none", ""))
        self.assertEqual([key.read_text() for key in self.keys], plain)

    def test_a_person_is_asked_once(self):
        self.on(self.admin, "fleet", "init", "--new-passphrase-file", self.file)
        main, other = pty.openpty()
        command = [str(self.program), "computer", "add", WEB, "--home", str(self.admin)]
        process = subprocess.Popen(command, stdin=other, stdout=subprocess.PIPE, stderr=other, start_new_session=True)
        os.close(other)
        seen = b""
        while b"passphrase of" not in seen:
            seen += os.read(main, 1000)
        os.write(main, PASSPHRASE.encode() + b"\n")
        out = process.communicate(timeout=60)[0]
        os.close(main)
        self.assertEqual(process.returncode, 0, (seen, out))
        self.assertIn(b"administrator.key", seen)
        self.assertNotIn(PASSPHRASE.encode(), seen + out)


if __name__ == "__main__":
    made_files.main()
