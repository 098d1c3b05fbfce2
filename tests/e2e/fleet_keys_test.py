"""Keys of a fleet in a token (SoftHSM) and in a TPM (swtpm), and computers that change their keys."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import made_files
import relay_test
from relay_test import OTHER, POOL, WEB

PIN = "602214"
MODULE = "/usr/lib/softhsm/libsofthsm2.so"


class Tpm:
    """Short paths: those of sockets are limited."""

    def __init__(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="tpm"))
        sockets = ["--ctrl", f"type=unixio,path={self.place}/socket.ctrl", "--server", f"type=unixio,path={self.place}/socket"]
        subprocess.run(["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.place}", *sockets, "--flags", "not-need-init,startup-clear",
                        "--daemon", "--pid", f"file={self.place}/pid"], check=True, stdin=subprocess.DEVNULL)  # fmt: skip
        self.name = f"swtpm:path={self.place}/socket"

    def end(self):
        os.kill(int((self.place / "pid").read_text()), signal.SIGTERM)
        shutil.rmtree(self.place, ignore_errors=True)


class WithDevices(relay_test.WithRelays):
    in_token = False  # the administrator's keys

    def setUp(self):
        self.token = pathlib.Path(tempfile.mkdtemp(prefix="token"))
        (self.token / "tokens").mkdir()
        (self.token / "softhsm2.conf").write_text(f"directories.tokendir = {self.token}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        (self.token / "pin").write_text(PIN + "\n")
        os.environ["SOFTHSM2_CONF"] = str(self.token / "softhsm2.conf")
        subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "fleet", "--pin", PIN, "--so-pin", "314159"],
                       check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)  # fmt: skip
        self.uri = f"pkcs11:token=fleet?module-path={MODULE}&pin-source=file:{self.token}/pin"
        self.tpms = [Tpm(), Tpm()]
        self.use_tpm(0)
        self.init = ("--keys-in", self.uri) if self.in_token else ()
        super().setUp()

    def tearDown(self):
        super().tearDown()
        for tpm in self.tpms:
            tpm.end()
        shutil.rmtree(self.token)

    def use_tpm(self, number):
        os.environ["TPM2OPENSSL_TCTI"] = self.tpms[number].name

    def keys(self, home):
        return {path.name.removesuffix(".key"): path.read_text() for path in (home / "fleet").glob("*.key")}


class InAToken(WithDevices):
    in_token = True

    def test_the_keys_that_sign_never_leave_it(self):
        made = self.on(self.admin, "fleet")
        keys = self.keys(self.admin)
        self.assertEqual(set(keys), {"root", "administrator", "sealing", "identity"})
        for name, text in keys.items():
            self.assertRegex(text, f"^pkcs11:token=fleet;id=[%0-9A-Fa-f]+;object=certferry%20{name}[?;]")
            self.assertNotIn(PIN, text)
        self.serve()
        self.agent(self.admin)
        web = self.join(WEB, "--pool", POOL, keys=("--keys-in", "tpm2:"))
        first = self.assign("first")
        self.agent(web)
        self.serves(web, first)
        self.told(WEB, first, "active")
        self.assertEqual(self.on(self.admin, "fleet", "init")["fleet"], made["fleet"])
        self.assertTrue(self.on(self.admin, "doctor")["clean"])
        refused = self.on(self.admin, "fleet", "passphrase", "--new-passphrase-file", self.password_file, exit_code=2)
        self.assertEqual(refused["error"]["id"], "CF2422")

        # Without its PIN, and without the token, nothing is signed and nothing changes.
        pin = self.token / "pin"
        pin.write_text("000000\n")
        self.assertEqual(self.refused("second"), "CF2237")
        pin.write_text(PIN + "\n")
        (self.token / "tokens").rename(self.token / "away")
        (self.token / "tokens").mkdir()
        self.assertEqual(self.refused("second"), "CF2236")
        self.assertEqual(self.live(web), first)
        (self.token / "tokens").rmdir()
        (self.token / "away").rename(self.token / "tokens")
        self.serves(web, self.assign("third"))

    def refused(self, name):
        done = subprocess.run([self.program, "import", "--path", self.ca.server(name), "--password-file", self.password_file, "--trust", self.ca.root,
                               "--identity", f"pool:{POOL}", "--type", "WebServicesExternal", "--home", self.admin, "--json"],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)  # fmt: skip
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return json.loads(done.stdout)["error"]["id"]


class InATpm(WithDevices):
    def test_another_computers_tpm_opens_nothing(self):
        self.serve()
        self.agent(self.admin)
        web = self.join(WEB, "--pool", POOL, keys=("--keys-in", "tpm2:"))
        self.assertTrue(all("TSS2 PRIVATE KEY" in text for text in self.keys(web).values()))
        first = self.assign("first")
        self.on(web, "agent", "--once")
        agent = self.agent(web)
        self.serves(web, first)
        agent.end(signal.SIGTERM)
        self.use_tpm(1)  # as on a computer that a disk was brought to
        stolen = subprocess.run([self.program, "agent", "--home", web], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        self.assertNotEqual(stolen.returncode, 0)
        self.assertIn("CF2236", stolen.stderr)
        second = self.assign("second")
        self.assertEqual(self.live(web), first)
        self.use_tpm(0)
        self.agent(web)
        self.serves(web, second)


class NewKeys(WithDevices):
    def test_a_computer_changes_its_keys_while_its_agent_runs(self):
        self.serve()
        self.agent(self.admin)
        web = self.join(WEB, "--pool", POOL)
        agent = self.agent(web).wait_for("connected to the relay")
        first = self.assign("first")
        self.serves(web, first)
        old = self.keys(web)
        copy = self.place / "copy"
        shutil.copytree(web, copy, symlinks=True)
        token = self.on(self.admin, "computer", "rekey", WEB)["token"]
        self.assertTrue(self.on(web, "join", "-", "--new-keys", "--keys-in", "tpm2:", stdin=token)["joined"])
        agent.wait_for("connects anew: this computer's keys were changed")
        new = self.keys(web)
        self.assertEqual(set(new), set(old))
        self.assertTrue(all("TSS2 PRIVATE KEY" in text for text in new.values()))
        second = self.assign("second")
        self.serves(web, second)
        self.told(WEB, second, "active")
        [computer] = [one for one in self.on(self.admin, "fleet")["computers"] if one["fqdn"] == WEB]
        self.assertEqual((computer["state"], computer["pool"]), ("active", POOL))
        self.assertEqual(self.live(web), second)
        # Whoever has the old keys is nobody any more.
        self.start("agent", home=copy).wait_for("CF2302")
        self.assertEqual(self.live(copy), first)
        refused = self.on(self.admin, "computer", "rekey", OTHER, exit_code=2)
        self.assertEqual(refused["error"]["id"], "CF1767")

    def test_by_file(self):
        web = self.home_of(WEB)
        def carry(action, *arguments):
            token = self.on(self.admin, "computer", action, WEB)["token"]
            self.on(web, "join", "-", "--output", self.place / "join", *arguments, stdin=token)
            self.assertTrue(self.on(self.admin, "fleet", "accept", self.place / "join")["changed"])
            self.on(self.admin, "fleet", "bundle", WEB, "--output", self.place / "bundle")
            self.on(web, "fleet", "take", self.place / "bundle")
        carry("add")
        old = self.keys(web)
        first = self.assign("first", "global")
        carry("rekey", "--new-keys")
        self.assertEqual(self.live(web), first)
        self.assertEqual({name for name, text in self.keys(web).items() if text != old[name]}, {"sealing", "identity"})
        alone = self.home_of(OTHER)
        token = self.on(self.admin, "computer", "add", OTHER)["token"]
        refused = self.on(alone, "join", "-", "--new-keys", "--output", self.place / "join", stdin=token, exit_code=2)
        self.assertEqual(refused["error"]["id"], "CF2423")


if __name__ == "__main__":
    made_files.main()
