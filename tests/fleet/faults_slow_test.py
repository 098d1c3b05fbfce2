"""A fleet of a thousand computers while everything around it fails: three members of etcd, two relays, an administrator and the
computers, each on a host of its own. faults_slow_test.py PROGRAM FLEET_AGENTS

After each fault every computer has opened the key of the right certificate, nobody ever went back to an older one, and the store
holds one sealed key for each computer. Times go to CERTFERRY_SOAK_TABLE; CERTFERRY_FLEET_SIZE: how many computers.
"""

import base64
import collections
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import made_files  # noqa: E402
import namespaces  # noqa: E402
import relay_test  # noqa: E402

COUNT = int(os.environ.get("CERTFERRY_FLEET_SIZE", 1000))
MEMBERS, RELAYS = ("m1", "m2", "m3"), ("r1", "r2")
PORT = 7443
PATIENCE = 90  # seconds until everybody has what it shall have; only what never comes takes that long
TYPE = "OAuthTokenIssuer"
QUOTA = 128 << 20  # octets of etcd's database
VALUE = 2  # the first octet of what etcd keeps for a key that is there (src/store/etcd/value.h)


class Faults(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="certferry-faults-")
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.hosts = namespaces.Hosts(*MEMBERS, *RELAYS, "admin", "agents")
        cls.addClassCleanup(cls.hosts.end)
        cls.ca = made_files.Ca(cls.folder)
        cls.password = cls.folder / "password"
        cls.password.write_text(made_files.PASSWORD)
        cls.password.chmod(0o600)
        cls.members, cls.relays, cls.rows = {}, {}, []
        cls.addClassCleanup(cls.stop_all)
        cls.start_etcd()
        cls.admin = cls.home_of("admin")
        cls.relay_home = cls.home_of("r2")
        cls.on("admin", cls.admin, "fleet", "init")
        # They are enrolled in the home's own store, which then moves.
        cls.agents = subprocess.Popen(cls.hosts.on("agents", AGENTS, cls.admin, COUNT, ",".join(f"{one}.example.net:{PORT}" for one in RELAYS), cls.folder / "agents"),
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.agents.stdin.close)
        cls.addClassCleanup(cls.agents.wait, 30)
        cls.addClassCleanup(cls.agents.kill)
        cls.addClassCleanup(cls.agents.stdout.close)
        assert json.loads(cls.agents.stdout.readline())["enrolled"]
        cls.on("admin", cls.admin, "store", "migrate", "--to", cls.url)
        cls.start_relay("r1")
        token = cls.on("admin", cls.admin, "computer", "add", "r2.example.net", "--type", "Default")["token"]
        agent = cls.program("admin", "agent", home=cls.admin)  # takes in who joins
        cls.on("r2", cls.relay_home, "join", "-", stdin=token + "\n")
        agent.end()
        with (cls.relay_home / "certferry.toml").open("a") as config:
            config.write(f'[store]\nurl = "{cls.url}"\n')
        # The relay's certificate is the root key's, which is brought for this once.
        shutil.copy(cls.admin / "fleet/root.key", cls.relay_home / "fleet/root.key")
        cls.start_relay("r2")
        (cls.relay_home / "fleet/root.key").unlink()
        cls.note("computers connected after", f"{cls.ask_agents('connect')['seconds']:.1f} s")
        for name in ("first", "second"):
            process, sha256, _ = cls.importing(name)
            process.communicate(timeout=PATIENCE)
            cls.ask_agents(f"serve {sha256} {PATIENCE}")

    @classmethod
    def tearDownClass(cls):
        if table := os.environ.get("CERTFERRY_SOAK_TABLE"):
            with open(table, "a", encoding="utf-8") as file:
                file.writelines(f"| faults in network namespaces: {what} | {much} |\n" for what, much in cls.rows)
        for what, much in cls.rows:
            print(f"{what}: {much}", file=sys.stderr)

    @classmethod
    def stop_all(cls):
        for relay in cls.relays.values():
            relay.end()
        for member in cls.members.values():
            member.kill()
            member.wait()

    @classmethod
    def start_etcd(cls):
        cls.ca.server("store", [f"{one}.example.net" for one in (*MEMBERS, "admin", *RELAYS)])
        chain, key = cls.folder / "store-chain.pem", cls.folder / "store.key"
        chain.write_text((cls.folder / "store.pem").read_text() + (cls.folder / "int.pem").read_text())
        cls.tls = {"cacert": cls.ca.root, "cert": chain, "key": key}
        cls.endpoints = ",".join(f"https://{one}.example.net:2379" for one in MEMBERS)
        cls.url = "etcd://" + ",".join(f"{one}.example.net:2379" for one in MEMBERS) + f"/fleet?ca={cls.ca.root}&cert={chain}&key={key}"
        for member in MEMBERS:
            cls.start_member(member)
        cls.until(lambda: cls.leader() is not None, "etcd does not start")

    @classmethod
    def start_member(cls, member):
        cluster = ",".join(f"{one}=http://{cls.hosts.address(one)}:2380" for one in MEMBERS)
        address = cls.hosts.address(member)
        folder = cls.folder / f"etcd-{member}"
        again = folder.exists()
        with open(cls.folder / f"{member}.log", "a") as log:
            cls.members[member] = subprocess.Popen(
                cls.hosts.on(member, "etcd", "--name", member, "--data-dir", folder, "--listen-client-urls", f"https://{address}:2379",
                             "--advertise-client-urls", f"https://{member}.example.net:2379", "--listen-peer-urls", f"http://{address}:2380",
                             "--initial-advertise-peer-urls", f"http://{address}:2380", "--initial-cluster", cluster,
                             "--initial-cluster-state", "existing" if again else "new", "--pre-vote", "--quota-backend-bytes", str(QUOTA), "--client-cert-auth",
                             "--cert-file", cls.tls["cert"], "--key-file", cls.tls["key"], "--trusted-ca-file", cls.tls["cacert"]),
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    @classmethod
    def etcdctl(cls, *words, endpoints=None, stdin=None):
        done = subprocess.run(cls.hosts.on("admin", "etcdctl", "--endpoints", endpoints or cls.endpoints, *(f"--{name}={path}" for name, path in cls.tls.items()),
                                           "--command-timeout=3s", "--write-out=json", *words), env=dict(os.environ, ETCDCTL_API="3"), capture_output=True, text=True, input=stdin)
        return json.loads(done.stdout) if done.stdout.startswith(("[", "{")) else None

    @classmethod
    def leader(cls):
        """The member that most of the others follow; nobody while they vote."""
        for member in MEMBERS:
            state = cls.etcdctl("endpoint", "status", endpoints=f"https://{member}.example.net:2379")
            status = state[0]["Status"] if state else {}
            if status.get("leader") and status["leader"] == status["header"]["member_id"]:
                return member
        return None

    @classmethod
    def home_of(cls, name):
        home = cls.folder / name
        home.mkdir(mode=0o755)
        config = home / "certferry.toml"
        config.write_text(f'[computer]\nfqdn = "{name}.example.net"\n')
        config.chmod(0o600)
        return home

    @classmethod
    def command(cls, host, home, *arguments):
        return cls.hosts.on(host, PROGRAM, *arguments, "--home", home, "--json")

    @classmethod
    def on(cls, host, home, *arguments, stdin=""):
        done = subprocess.run(cls.command(host, home, *arguments), capture_output=True, text=True, input=stdin, timeout=PATIENCE)
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)
        return json.loads(done.stdout)

    @classmethod
    def program(cls, host, *words, home):
        return relay_test.Program(*cls.hosts.on(host, PROGRAM, *words, "--home", home)).wait_for("is ready")

    @classmethod
    def start_relay(cls, relay):
        home = cls.admin if relay == "r1" else cls.relay_home
        cls.relays[relay] = cls.program(relay, "serve", "--listen", f"{cls.hosts.address(relay)}:{PORT}", "--relay", f"{relay}.example.net:{PORT}", home=home)

    @classmethod
    def ask_agents(cls, text):
        cls.agents.stdin.write(text + "\n")
        cls.agents.stdin.flush()
        return json.loads(cls.agents.stdout.readline())

    @classmethod
    def until(cls, holds, what):
        end = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > end:
                raise AssertionError(what)
            time.sleep(0.1)

    @classmethod
    def importing(cls, name):
        """A started import, and the digest of its certificate."""
        pfx = cls.ca.server(name)
        text = subprocess.run(["openssl", "x509", "-in", cls.folder / f"{name}.pem", "-noout", "-fingerprint", "-sha256"], check=True, capture_output=True, text=True).stdout
        sha256 = text.split("=")[1].strip().replace(":", "").lower()
        command = cls.command("admin", cls.admin, "import", "--path", pfx, "--password-file", cls.password, "--trust", cls.ca.root, "--identity", "global",
                               "--type", TYPE, "--force")
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True), sha256, command

    def finish(self, process):
        out, error = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 0, out + error)

    def bring(self, name):
        """Seconds of the import, and until everybody had it since its beginning."""
        process, sha256, _ = self.importing(name)
        begin = time.monotonic()
        self.finish(process)
        seconds = time.monotonic() - begin
        self.everybody_has(sha256)
        return seconds, time.monotonic() - begin

    def everybody_has(self, sha256):
        state = self.ask_agents(f"serve {sha256} {PATIENCE}")
        self.assertEqual([state[name] for name in ("right", "back", "failures")], [COUNT, 0, 0], state)
        # One for each computer: of what was replaced by a hard cut nothing is left.
        kept = self.etcdctl("get", "/certferry/fleet/k/fleet/sealed/c", "--prefix")["kvs"]
        computers = [base64.b64decode(one["key"]).decode().split("/")[6] for one in kept if base64.b64decode(one["value"])[0] == VALUE]
        self.assertEqual(collections.Counter(computers), {f"c{number}.fleet.example.com": 1 for number in range(COUNT)})

    @classmethod
    def note(cls, what, much):
        cls.rows.append((what, much))

    def test_an_import_that_is_killed_is_finished_by_the_next(self):
        seconds, _ = self.bring("whole")
        for part in range(1, 6):
            process, sha256, command = self.importing(f"killed-{part}")
            time.sleep(seconds * part / 6)
            process.kill()
            process.communicate()
            self.finish(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True))
            self.everybody_has(sha256)
        self.note("imports killed", "5 of 5 finished by the next")

    def test_the_leader_of_the_store_dies_in_an_import(self):
        process, sha256, _ = self.importing("leader")
        leader = self.leader()
        self.members[leader].kill()
        self.members[leader].wait()
        begin = time.monotonic()
        try:
            self.finish(process)
            self.note("leader killed in an import, which is done after", f"{time.monotonic() - begin:.1f} s")
            self.everybody_has(sha256)
        finally:
            self.start_member(leader)
        self.until(lambda: self.etcdctl("endpoint", "health", endpoints=f"https://{leader}.example.net:2379"), "the member does not come back")

    def test_a_member_is_cut_off(self):
        leader = self.leader()
        self.hosts.cut(leader)
        try:
            seconds, everybody = self.bring("cut-off")
            self.note("leader cut off, import done, everybody has it after", f"{seconds:.1f} s, {everybody:.1f} s")
        finally:
            self.hosts.mend(leader)
        seconds, everybody = self.bring("mended")
        self.note("cable mended, import done, everybody has it after", f"{seconds:.1f} s, {everybody:.1f} s")

    def test_what_is_sent_to_a_member_disappears(self):
        leader = self.leader()
        for host in ("admin", *RELAYS):
            self.hosts.swallow(host, leader)
        try:
            seconds, everybody = self.bring("swallowed")
            self.note("black hole before the leader, import done, everybody has it after", f"{seconds:.1f} s, {everybody:.1f} s")
        finally:
            for host in ("admin", *RELAYS):
                self.hosts.let_pass(host, leader)

    def test_the_leader_stands_still(self):
        leader = self.leader()
        self.members[leader].send_signal(signal.SIGSTOP)
        try:
            seconds, everybody = self.bring("still")
            self.note("leader stopped, import done, everybody has it after", f"{seconds:.1f} s, {everybody:.1f} s")
        finally:
            self.members[leader].send_signal(signal.SIGCONT)

    def test_a_relay_dies(self):
        for relay in RELAYS:
            self.relays[relay].end()
            try:
                _, everybody = self.bring(f"without-{relay}")
            finally:
                self.start_relay(relay)
            self.note(f"relay {relay} killed, import begun at once, everybody has it after", f"{everybody:.1f} s")

    def test_what_a_relay_missed_was_compacted(self):
        relay = self.relays["r1"].process
        relay.send_signal(signal.SIGSTOP)
        try:
            process, sha256, _ = self.importing("compacted")
            self.finish(process)
            revision = self.etcdctl("endpoint", "status")[0]["Status"]["header"]["revision"]
            self.etcdctl("compact", str(revision))
        finally:
            relay.send_signal(signal.SIGCONT)
        self.everybody_has(sha256)

    def test_the_store_is_full(self):
        junk = 0
        while self.etcdctl("put", f"/junk/{junk}", stdin="x" * (1 << 20)):
            junk += 1
            self.assertLess(junk, 2 * QUOTA >> 20, "the quota does not hold")
        process, sha256, command = self.importing("full")
        out, error = process.communicate(timeout=PATIENCE)
        self.assertEqual((process.returncode, json.loads(out)["error"]["id"]), (1, "CF1507"), out + error)
        # As its fix says.
        self.etcdctl("del", "/junk/", "--prefix")
        revision = self.etcdctl("endpoint", "status")[0]["Status"]["header"]["revision"]
        self.etcdctl("compact", "--physical", str(revision))
        for member in MEMBERS:
            self.etcdctl("defrag", endpoints=f"https://{member}.example.net:2379")
        self.etcdctl("alarm", "disarm")
        self.finish(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True))
        self.everybody_has(sha256)


if __name__ == "__main__":
    PROGRAM, AGENTS = map(pathlib.Path, sys.argv[1:3])
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
