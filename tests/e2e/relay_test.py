"""A fleet over relays: one import on one machine, and computers far away serve it. Each computer is a home of its own, with an agent of its own."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time

import made_files
import ports
import store_test

ADMIN, WEB, OTHER = "admin01.litwareinc.com", "web01.litwareinc.com", "web02.litwareinc.com"
POOL = "web.litwareinc.com"
KEY = "-----BEGIN PRIVATE KEY-----"
PATIENCE = 60


class Program:
    """One that stays, and the log that it writes."""

    def __init__(self, *command):
        self.process = subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        self.lines, self.came = [], threading.Condition()
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            with self.came:
                self.lines.append(line)
                self.came.notify_all()

    def said(self, words):
        return any(words in line for line in self.lines)

    def wait_for(self, words):
        with self.came:
            if not self.came.wait_for(lambda: self.said(words) or self.process.poll() is not None, PATIENCE) or not self.said(words):
                raise AssertionError(f"{words!r} was not said:\n" + "".join(self.lines))
        return self

    def end(self, number=signal.SIGKILL):
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self.reader.join()
        self.process.stderr.close()
        return code


class WithRelays(made_files.ProgramTest):
    """A fleet whose administrator's home is made, and what starts its relays and agents."""

    init = ()

    def setUp(self):
        super().setUp()
        self.place = self.home.parent
        self.programs = []
        self.admin = self.home_of(ADMIN)
        self.on(self.admin, "fleet", "init", *self.init)
        self.port = ports.free_port()

    def tearDown(self):
        for program in self.programs:
            program.end()
        super().tearDown()

    def home_of(self, fqdn):
        home = self.place / fqdn
        home.mkdir(mode=0o755)
        config = home / "certferry.toml"
        config.write_text(f'[computer]\nfqdn = "{fqdn}"\n')
        config.chmod(0o600)
        return home

    def on(self, home, *arguments, exit_code=0, stdin=None):
        done = subprocess.run([str(self.program), *map(str, arguments), "--home", str(home), "--json"], capture_output=True, text=True, input=stdin or "", timeout=120)
        self.assertEqual(done.returncode, exit_code, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def start(self, *arguments, home, ready="is ready"):
        program = Program(self.program, *arguments, "--home", home)
        self.programs.append(program)
        return program.wait_for(ready)

    def serve(self, port=None):
        port = port or self.port
        return self.start("serve", "--listen", f"127.0.0.1:{port}", "--relay", f"localhost:{port}", home=self.admin)

    def agent(self, home):
        return self.start("agent", home=home)

    def join(self, fqdn, *place, keys=()):
        home = self.home_of(fqdn)
        token = self.on(self.admin, "computer", "add", fqdn, *place)["token"]
        self.assertTrue(self.on(home, "join", "-", *keys, stdin=token + "\n")["joined"])
        return home

    def assign(self, name, scope=f"pool:{POOL}"):
        return self.on(self.admin, "import", "--path", self.ca.server(name), "--password-file", self.password_file, "--trust", self.ca.root,
                       "--identity", scope, "--type", "WebServicesExternal")["sha256"]

    def live(self, home):
        link = home / "live/WebServicesExternal/current"
        return (link / "sha256").read_text().strip() if link.exists() else None

    def until(self, holds, what):
        end = time.monotonic() + PATIENCE
        while not holds():
            self.assertLess(time.monotonic(), end, what + "\n" + "\n".join("".join(one.lines) for one in self.programs))
            time.sleep(0.02)

    def serves(self, home, sha256):
        self.until(lambda: self.live(home) == sha256, f"{home} does not get {sha256}")

    def told(self, fqdn, sha256, state):
        def holds():
            for one in self.on(self.admin, "fleet")["computers"]:
                if one["fqdn"] == fqdn:
                    return any((use["sha256"], use["state"]) == (sha256, state) for use in one["uses"])
            return False
        self.until(holds, f"{fqdn} does not say {state}")


class Relay(WithRelays):
    def test_one_import_reaches_every_computer_that_shall_have_it(self):
        self.serve()
        self.agent(self.admin)
        first = self.assign("first", "global")
        web = self.join(WEB, "--pool", POOL)
        self.assertEqual(self.live(web), first, "a computer that joins has what it shall have when the command returns")
        agent = self.agent(web).wait_for("connected to the relay localhost")
        self.told(WEB, first, "active")
        second = self.assign("second")
        self.serves(web, second)
        self.told(WEB, second, "active")
        self.assertIn(KEY, (web / "live/WebServicesExternal/current/privkey.pem").read_text())
        self.assertTrue(self.on(web, "doctor")["clean"])
        self.on(self.admin, "remove", "--identity", f"pool:{POOL}", "--type", "WebServicesExternal", "--yes")
        self.serves(web, first)
        # The other way back, and an end that is asked for.
        self.serves(web, self.assign("third"))
        self.assertEqual(agent.end(signal.SIGTERM), 0)

    def test_who_has_no_token_waits_for_an_administrator(self):
        relay = self.serve()
        sha256 = self.assign("approved", "global")
        other = self.home_of(OTHER)
        invitation = self.on(self.admin, "fleet")["invitation"]
        asked = self.on(other, "join", invitation, "--timeout", 1, exit_code=4)
        self.assertEqual((asked["error"]["id"], asked["joined"]), ("CF2406", False))
        waiting = self.on(self.admin, "computer", "requests")["computers"]
        self.assertEqual([(one["fqdn"], one["fingerprint"]) for one in waiting], [(OTHER, asked["fingerprint"])])
        for wrong in ("0" * 16, asked["fingerprint"][:15]):
            refused = self.on(self.admin, "computer", "approve", OTHER, "--fingerprint", wrong, exit_code=6)
            self.assertEqual(refused["error"]["id"], "CF2404")
        agent = self.agent(other)
        agent.wait_for("CF2301")
        shown = ":".join(asked["fingerprint"][i:i + 2].upper() for i in range(0, 32, 2))
        self.on(self.admin, "computer", "approve", OTHER, "--fingerprint", shown, "--pool", POOL)
        self.serves(other, sha256)
        self.assertEqual(self.on(self.admin, "computer", "requests")["computers"], [])
        self.assertEqual(relay.end(signal.SIGTERM), 0)

    def test_a_token_is_good_once_and_for_its_computer_alone(self):
        self.serve()
        self.agent(self.admin)
        token = self.on(self.admin, "computer", "add", WEB)["token"]
        web, thief = self.home_of(WEB), self.home_of("thief.litwareinc.com")
        self.assertTrue(self.on(web, "join", "-", stdin=token)["joined"])
        refused = self.on(thief, "join", "-", stdin=token, exit_code=6)
        self.assertEqual(refused["error"]["id"], "CF2312")
        self.assertIn("CF2305", refused["error"]["message"])
        self.assertFalse((thief / "fleet/membership.json").exists())

    def test_whoever_is_lost_gets_nothing_more(self):
        self.serve()
        self.agent(self.admin)
        web, other = self.join(WEB, "--pool", POOL), self.join(OTHER, "--pool", POOL)
        lost, kept = self.agent(web), self.agent(other)
        first = self.assign("first")
        self.serves(web, first)
        self.serves(other, first)
        self.on(self.admin, "computer", "lost", WEB, "--yes")
        lost.wait_for("CF1773").wait_for("CF2303")
        self.serves(other, self.assign("second"))
        self.assertEqual(self.live(web), first)
        self.assertTrue(kept.said("connected to the relay"))

    def test_relays_and_agents_that_are_killed_go_on_where_they_were(self):
        relay = self.serve()
        admin = self.agent(self.admin)
        web = self.join(WEB, "--pool", POOL)
        agent = self.agent(web).wait_for("connected to the relay")
        self.serves(web, self.assign("first"))
        relay.end()
        agent.wait_for("CF2311")
        second = self.assign("second")
        self.serve()
        self.serves(web, second)
        agent.end()
        third = self.assign("third")
        self.agent(web)
        self.serves(web, third)
        self.assertEqual(admin.end(signal.SIGTERM), 0)

    def test_a_relay_on_a_computer_of_its_own_serves_a_store_on_etcd(self):
        etcd = store_test.Etcd()
        self.addCleanup(etcd.end)
        url = etcd.url("fleet")
        self.on(self.admin, "store", "migrate", "--to", url)
        first = self.serve()
        self.agent(self.admin)
        relay = self.join("relay01.litwareinc.com", "--type", "Default")
        with (relay / "certferry.toml").open("a") as config:
            config.write(f'[store]\nurl = "{url}"\n')
        port = ports.free_port()
        command = ["serve", "--listen", f"127.0.0.1:{port}", "--relay", f"localhost:{port}"]
        self.assertEqual(self.on(relay, *command, exit_code=1)["error"]["id"], "CF2403")
        # Its certificate is the root key's, which is brought for this once.
        shutil.copy(self.admin / "fleet/root.key", relay / "fleet/root.key")
        second = self.start(*command, home=relay)
        (relay / "fleet/root.key").unlink()
        web = self.join(WEB, "--pool", POOL)
        self.assertEqual(sorted(json.loads((web / "fleet/membership.json").read_text())["relays"]), sorted([f"localhost:{self.port}", f"localhost:{port}"]))
        agent = self.agent(web).wait_for("connected to the relay")
        self.serves(web, self.assign("first"))
        # Whichever it uses: each of the two alone is enough.
        for gone in (first, second):
            gone.end()
            self.serves(web, self.assign(f"without-{gone.process.pid}"))
            again = command if gone is second else ["serve", "--listen", f"127.0.0.1:{self.port}", "--relay", f"localhost:{self.port}"]
            self.start(*again, home=relay if gone is second else self.admin)
        self.assertEqual(agent.end(signal.SIGTERM), 0)

    def test_without_the_other_program_it_says_so(self):
        environment = dict(os.environ, CERTFERRY_FLEET_PROGRAM="/nowhere/certferry-fleet")
        done = subprocess.run([self.program, "serve", "--home", self.admin], env=environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("CF1081", done.stderr)


if __name__ == "__main__":
    made_files.main()
