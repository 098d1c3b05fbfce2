"""The store: on etcd, moved from the home's file to it and back, saved, restored. One etcd of one member runs for all tests."""

import atexit
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import made_files
import ports

ADMIN, OTHER, WEB = "admin01.litwareinc.com", "admin02.litwareinc.com", "web01.litwareinc.com"
PATIENCE = 60


class Etcd:
    def __init__(self, *options, scheme="http"):
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # it syncs each commit
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=memory))
        self.port, peer = ports.free_port(), ports.free_port()
        client, peers = f"{scheme}://127.0.0.1:{self.port}", f"http://127.0.0.1:{peer}"
        self.log = open(self.folder / "log", "w")
        self.process = subprocess.Popen(
            ["etcd", "--data-dir", self.folder / "data", "--listen-client-urls", client, "--advertise-client-urls", client,
             "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", f"default={peers}", *map(str, options)],
            stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        while "ready to serve client requests" not in (self.folder / "log").read_text():
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError((self.folder / "log").read_text())
            time.sleep(0.05)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, name):
        return f"etcd://127.0.0.1:{self.port}/{name}"


class Shared:
    etcd = None

    @classmethod
    def get(cls):
        if cls.etcd is None:
            cls.etcd = Etcd()
            atexit.register(cls.etcd.end)
        return cls.etcd


class Store(made_files.ProgramTest):
    names = 0

    def setUp(self):
        super().setUp()
        self.place = self.home.parent
        self.etcd = Shared.get()
        Store.names += 1
        self.url = self.etcd.url(f"store{Store.names}")
        self.admin = self.home_of(ADMIN)

    def home_of(self, fqdn, url=None):
        home = self.place / fqdn
        home.mkdir(mode=0o755)
        config = home / "certferry.toml"
        config.write_text(f'# who we are\n[computer]\nfqdn = "{fqdn}"  # its name\n' + (f'\n[store]\nurl = "{url}"\n' if url else ""))
        config.chmod(0o600)
        return home

    def command(self, home, *arguments):
        return [str(self.program), *map(str, arguments), "--home", str(home), "--json"]

    def on(self, home, *arguments, exit_code=0, stdin=None, environment=None):
        done = subprocess.run(self.command(home, *arguments), capture_output=True, text=True, input=stdin or "", timeout=120,
                              env={**os.environ, **(environment or {})})
        self.assertEqual(done.returncode, exit_code, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def assign(self, name, home=None, scope="Global"):
        self.last = self.ca.server(name)
        return self.on(home or self.admin, "import", "--path", self.last, "--password-file", self.password_file, "--trust", self.ca.root,
                       "--identity", scope, "--type", "WebServicesExternal")["sha256"]

    def serves(self, home=None):
        return {one["sha256"] for one in self.on(home or self.admin, "get", "--all")["certificates"]}

    def live(self, home):
        link = home / "live/WebServicesExternal/current"
        return (link / "sha256").read_text().strip() if link.exists() else None

    def error(self, home, *arguments, exit_code, **more):
        return self.on(home, *arguments, exit_code=exit_code, **more)["error"]["id"]

    def test_a_home_moves_to_etcd_and_back(self):
        first = self.assign("first")
        shown = self.on(self.admin, "store")
        self.assertEqual((shown["engine"], shown["place"]), ("sqlite", str(self.admin / "certferry.db")))
        config = self.admin / "certferry.toml"
        before = config.read_text()
        planned = self.on(self.admin, "store", "migrate", "--to", self.url, "--what-if")
        self.assertEqual([len(planned["plan"]), planned["keys"], config.read_text()], [3, 0, before])

        moved = self.on(self.admin, "store", "migrate", "--to", self.url)
        self.assertEqual(moved["keys"], shown["keys"] + 1)  # and the audit's word on it
        self.assertEqual(config.read_text(), before + f'\n[store]\nurl = "{self.url}"\n')
        self.assertEqual(config.stat().st_mode & 0o777, 0o600)
        self.assertFalse(self.on(self.admin, "store", "migrate", "--to", self.url)["status"] == "done")
        shown = self.on(self.admin, "store")
        self.assertEqual((shown["engine"], shown["place"], shown["keys"]), ("etcd", self.url, moved["keys"]))
        self.assertEqual([one["state"] for one in shown["members"]], ["leads"])
        second = self.assign("second")
        self.assertEqual((self.live(self.admin), first != second), (second, True))
        self.assertTrue(self.on(self.admin, "doctor", "--repair")["clean"])
        self.on(self.admin, "audit", "verify")
        # Whoever still names the old store is told, and changes nothing.
        config.write_text(before)
        self.assertEqual(self.error(self.admin, "get", exit_code=1), "CF1517")
        self.assertEqual(self.error(self.admin, "remove", "--identity", "Global", "--yes", exit_code=1), "CF1517")
        self.on(self.admin, "store", "migrate", "--to", self.url)

        self.on(self.admin, "store", "migrate", "--to", "sqlite")
        self.assertEqual(config.read_text(), before + '\n[store]\nurl = "sqlite"\n')
        self.assertEqual(self.live(self.admin), second)
        third = self.assign("third")
        self.assertIn(third, self.serves())
        self.on(self.admin, "audit", "verify")
        # A store that was left can be gone back to.
        self.on(self.admin, "store", "migrate", "--to", self.url)
        self.assertIn(third, self.serves())

    def test_a_move_that_is_killed_anywhere_is_finished_by_the_next(self):
        for number in range(12):
            self.assign(f"many{number}")
        pristine = self.place / "pristine"
        shutil.copytree(self.admin, pristine, symlinks=True)
        wanted = self.serves()
        killed = 0
        pause = 0.004
        while pause < 2:
            shutil.rmtree(self.admin)
            shutil.copytree(pristine, self.admin, symlinks=True)
            Store.names += 1
            url = self.etcd.url(f"store{Store.names}")
            process = subprocess.Popen(self.command(self.admin, "store", "migrate", "--to", url), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(pause)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                killed += 1
                # The old store, the new one, or a clear word: never something between.
                done = subprocess.run(self.command(self.admin, "get", "--all"), capture_output=True, text=True, timeout=60)
                answer = json.loads(done.stdout)
                if done.returncode == 0:
                    self.assertEqual({one["sha256"] for one in answer["certificates"]}, wanted)
                else:
                    self.assertIn(answer["error"]["id"], ["CF1517", "CF1518"])
                self.on(self.admin, "store", "migrate", "--to", url)
            else:
                pause = 2
            self.assertEqual((self.serves(), self.on(self.admin, "store")["engine"]), (wanted, "etcd"))
            self.assertEqual(self.error(self.admin, "get", exit_code=1, environment={"CERTFERRY_STORE_URL": "sqlite"}), "CF1517")
            pause *= 1.3
        self.assertGreater(killed, 3)

    def test_two_homes_share_one_store(self):
        self.on(self.admin, "store", "migrate", "--to", self.url)
        sha256 = self.assign("shared")
        other = self.home_of(OTHER, self.url)
        self.assertEqual(self.serves(other), self.serves())
        # Its private key did not come along, and nothing is half done there.
        refused = self.on(other, "agent", "--once", exit_code=1)["error"]
        self.assertIn("private key", refused["message"] + refused["fix"])
        self.assertIsNone(self.live(other))
        # Brought there, it serves there too.
        self.on(other, "import", "--path", self.last, "--password-file", self.password_file, "--trust", self.ca.root)
        self.on(other, "agent", "--once")
        self.assertEqual(self.live(other), sha256)
        self.on(other, "audit", "verify")

    def test_a_fleet_is_administered_on_etcd(self):
        self.on(self.admin, "store", "migrate", "--to", self.url)
        self.on(self.admin, "fleet", "init")
        web = self.home_of(WEB)
        token = self.on(self.admin, "computer", "add", WEB, "--pool", "web.litwareinc.com")["token"]
        self.on(web, "join", "-", "--output", self.place / "join", stdin=token + "\n")
        self.on(self.admin, "fleet", "accept", self.place / "join")
        first = self.assign("one", scope="pool:web.litwareinc.com")
        self.carry(web)
        self.assertEqual(self.live(web), first)
        # A computer has a store of its own, whatever its configuration says.
        (web / "certferry.toml").write_text((web / "certferry.toml").read_text() + f'\n[store]\nurl = "{self.url}"\n')
        self.assertEqual(self.on(web, "store")["engine"], "sqlite")
        self.assertEqual(self.error(web, "store", "migrate", "--to", self.url, exit_code=2), "CF1757")

        saved = self.place / "saved"
        self.on(self.admin, "store", "backup", saved)
        second = self.assign("two", scope="pool:web.litwareinc.com")
        self.carry(web)
        self.assertEqual(self.live(web), second)
        # The backup is older than what the computer saw; what is said after it is believed all the same.
        self.assertEqual(self.error(self.admin, "store", "restore", saved, exit_code=1), "CF1756")
        self.on(self.admin, "store", "restore", saved, "--force", "--yes")
        third = self.assign("three", scope="pool:web.litwareinc.com")
        self.carry(web)
        self.assertEqual(self.live(web), third)
        self.on(self.admin, "audit", "verify")
        other = self.second_administrator()
        self.assertEqual(self.serves(other), self.serves())
        mail = self.assign("mail", other, scope=f"computer:{ADMIN}")
        self.assertIn(mail, self.serves())
        # What the first one sealed is still there, and nothing new is to be said.
        self.carry(web)
        self.assertEqual(self.live(web), third)

    def second_administrator(self):
        """In a home of its own, with a key of its own."""
        other = self.home_of(OTHER, self.url)
        self.on(self.admin, "role", "new", "Second", "--template", "CsAdministrator", "--identity", "Global", "--output", self.place / "second.key")
        (other / "fleet").mkdir(mode=0o700)
        for name in ("membership.json", "sealing.key", "identity.key"):
            shutil.copy(self.admin / "fleet" / name, other / "fleet" / name)
        shutil.copy(self.place / "second.key", other / "fleet/administrator.key")
        return other

    def join(self, by, fqdn, *place):
        home = self.home_of(fqdn)
        token = self.on(by, "computer", "add", fqdn, *place)["token"]
        self.on(home, "join", "-", "--output", self.place / "join", stdin=token + "\n")
        self.on(by, "fleet", "accept", self.place / "join")
        return home

    def carry(self, web, fqdn=WEB):
        bundle = self.place / "bundle"
        self.on(self.admin, "fleet", "bundle", fqdn, "--output", bundle)
        self.on(web, "fleet", "take", bundle)

    def sealed(self, fqdn):
        """How many keys the store holds for a computer."""
        listed = subprocess.run(["etcdctl", "--endpoints", f"127.0.0.1:{self.etcd.port}", "get", "--prefix", "--keys-only", f"/certferry/{self.url.rsplit('/', 1)[1]}/"],
                                capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL, timeout=60)  # fmt: skip
        return sum(f"fleet/sealed/{fqdn}/" in line for line in listed.stdout.splitlines())

    def test_whoever_has_a_key_seals_it_to_the_computers_that_others_take_in(self):
        self.on(self.admin, "store", "migrate", "--to", self.url)
        self.on(self.admin, "fleet", "init")
        self.join(self.admin, WEB, "--pool", "web.litwareinc.com")
        first = self.assign("one", scope="pool:web.litwareinc.com")
        other = self.second_administrator()
        agent = subprocess.Popen([self.program, "agent", "--home", self.admin], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        try:
            while "is ready" not in agent.stderr.readline():
                self.assertIsNone(agent.poll())
            new = "web02.litwareinc.com"
            home = self.join(other, new, "--pool", "web.litwareinc.com")
            end = time.monotonic() + PATIENCE
            while self.sealed(new) == 0:
                self.assertLess(time.monotonic(), end)
                time.sleep(0.02)
            self.carry(home, new)
            self.assertEqual(self.live(home), first)
            agent.send_signal(signal.SIGTERM)
            self.assertEqual(agent.wait(PATIENCE), 0)
        finally:
            if agent.poll() is None:
                agent.kill()
                agent.wait()
            agent.stderr.close()
        # What nobody signed is no order, though it stands in the store: the other one assigned what it has no key of.
        self.on(other, "set", "--identity", "pool:web.litwareinc.com", "--type", "WebServicesInternal", "--thumbprint", first)
        self.on(other, "computer", "move", new, "--site", "Redmond")
        self.on(self.admin, "agent", "--once")
        self.assertEqual(self.sealed(new), 1)

    def test_a_backup_is_restored_into_an_empty_store_on_either_engine(self):
        self.assign("kept")
        wanted, saved = self.serves(), self.place / "saved"
        self.on(self.admin, "store", "backup", saved)
        self.assertEqual(saved.stat().st_mode & 0o777, 0o600)
        (self.admin / "certferry.db").unlink()
        for rest in self.admin.glob("certferry.db-*"):
            rest.unlink()
        damaged = self.place / "damaged"
        damaged.write_text(saved.read_text().replace('"value":"ey', '"value":"eX', 1))
        self.assertEqual(self.error(self.admin, "store", "restore", damaged, exit_code=5), "CF1519")
        self.on(self.admin, "store", "restore", saved)
        self.assertEqual(self.serves(), wanted)
        self.assertTrue(self.on(self.admin, "doctor")["clean"])
        other = self.home_of(OTHER, self.url)
        self.on(other, "store", "restore", saved)
        self.assertEqual(self.serves(other), wanted)

    def test_an_agent_sees_what_another_home_commits(self):
        self.on(self.admin, "store", "migrate", "--to", self.url)
        agent = subprocess.Popen([self.program, "agent", "--home", self.admin], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        try:
            while "is ready" not in agent.stderr.readline():
                self.assertIsNone(agent.poll())
            sha256 = self.assign("known")
            other = self.home_of(OTHER, self.url)
            self.on(other, "remove", "--identity", "Global", "--type", "WebServicesExternal", "--yes")
            end = time.monotonic() + PATIENCE
            while self.live(self.admin) == sha256 and time.monotonic() < end:
                time.sleep(0.02)
            self.assertIsNone(self.live(self.admin))
            agent.send_signal(signal.SIGTERM)
            self.assertEqual(agent.wait(PATIENCE), 0)
        finally:
            if agent.poll() is None:
                agent.kill()
                agent.wait()
            agent.stderr.close()

    def test_what_is_missing_or_wrong_is_said_at_once(self):
        home = self.home_of(OTHER, self.url)
        self.assertEqual(self.error(home, "get", exit_code=1, environment={"CERTFERRY_FLEET_PROGRAM": "/nowhere"}), "CF1754")
        self.assertEqual(self.error(home, "store", "migrate", exit_code=2), "CF1083")
        self.assertEqual(self.error(home, "store", "backup", exit_code=2), "CF1082")
        # A store that was never moved is not forgotten.
        self.assign("own")
        config = self.admin / "certferry.toml"
        config.write_text(config.read_text() + f'\n[store]\nurl = "{self.url}"\n')
        self.assertEqual(self.error(self.admin, "get", exit_code=1), "CF1755")
        self.on(self.admin, "store", "migrate", "--to", self.url)
        self.assertEqual(len(self.serves()), 1)

    def test_a_certificate_of_another_authority_is_said_at_once(self):
        # The server's certificate is its own authority, and nobody named it.
        own = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=localhost",
               "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        files = {}
        for name in ("server", "stranger"):
            files[name] = (self.place / f"{name}.pem", self.place / f"{name}.key")
            subprocess.run([*own, "-out", files[name][0], "-keyout", files[name][1]], check=True, capture_output=True)
        etcd = Etcd("--cert-file", files["server"][0], "--key-file", files["server"][1], scheme="https")
        try:
            home = self.home_of(OTHER, f"etcd://localhost:{etcd.port}/tls?ca={files['stranger'][0]}")
            begun = time.monotonic()
            refused = self.on(home, "import", "--path", self.ca.server("x"), "--password-file", self.password_file, "--trust", self.ca.root, exit_code=8)["error"]
            self.assertLess(time.monotonic() - begun, 10)
            self.assertEqual(refused["id"], "CF1503")
            self.assertIn("certificate verify failed", refused["message"].lower().replace("_", " "))
            (home / "certferry.toml").write_text(f'[store]\nurl = "etcd://localhost:{etcd.port}/tls?ca={files["server"][0]}"\n')
            self.on(home, "import", "--path", self.ca.server("x"), "--password-file", self.password_file, "--trust", self.ca.root)
        finally:
            etcd.end()


if __name__ == "__main__":
    made_files.main()
