"""The agent does what is due, when it is due."""

import contextlib
import datetime
import json
import os
import pathlib
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time

import made_files


def rfc3339(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Agent(made_files.ProgramTest):
    def setUp(self):
        super().setUp()
        self.agents = []

    def tearDown(self):
        for agent in self.agents:
            agent.kill()
            agent.wait()
            agent.stderr.close()
        super().tearDown()

    def start(self):
        agent = subprocess.Popen([self.program, "agent", "--foreground", "--home", self.home], stderr=subprocess.PIPE, text=True)
        self.agents.append(agent)
        self.read_until(agent, "is ready")
        return agent

    def read_until(self, agent, words):
        for line in agent.stderr:
            if words in line:
                return line
        self.fail(f"the agent ended without saying {words!r}")

    def live(self, name="current"):
        link = self.home / "live/WebServicesExternal" / name
        return (link / "sha256").read_text().strip() if link.exists() else None

    def assign(self, name, *more):
        answer = self.import_file(self.ca.server(name))
        self.json_of("set", "--type", "WebServicesExternal", "--thumbprint", answer["thumbprint"], *more)
        return answer["sha256"]

    @contextlib.contextmanager
    def ntp_server(self):
        """A chronyd that believes the kernel and sets nothing."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
        place = pathlib.Path(tempfile.mkdtemp(prefix="chrony-", dir=self.folder))
        (place / "chrony.conf").write_text(f"port {port}\nbindaddress 127.0.0.1\ncmdport 0\nbindcmdaddress /\nallow 127.0.0.1\nlocal stratum 8\n"
                                           f"pidfile {place}/pid\nuser root\n")
        with subprocess.Popen(["/usr/sbin/chronyd", "-x", "-d", "-f", str(place / "chrony.conf")], stderr=subprocess.DEVNULL) as server:
            try:
                while not (place / "pid").exists():
                    self.assertIsNone(server.poll())
                    time.sleep(0.01)
                yield port
            finally:
                server.terminate()

    def configure(self, text):
        config = self.home / "certferry.toml"
        config.write_text(text)
        config.chmod(0o600)

    def once(self, *before):
        environment = dict(os.environ, ASAN_OPTIONS="verify_asan_link_order=0")  # faketime is preloaded
        return subprocess.run([*before, self.program, "agent", "--once", "--home", self.home, "--json"], env=environment, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL)

    def test_holds_where_ntp_says_another_time(self):
        old = self.assign("believed")
        date = int(time.time()) + 3600
        new = self.assign("to-come", "--roll", "--effective-date", rfc3339(date))
        with self.ntp_server() as port:
            self.configure(f'[agent]\nntp_servers = ["127.0.0.1:{port}"]\n')
            held = self.once("faketime", "-f", "+2h")
            self.assertEqual((held.returncode, json.loads(held.stdout)["error"]["id"]), (1, "CF2104"), held.stderr)
            self.assertEqual(self.live(), old)
            done = self.once("faketime", "-f", "-2m")
            self.assertEqual((done.returncode, json.loads(done.stdout)["findings"]), (0, []), done.stderr)
        # Nobody tells the time: the clock is believed.
        done = self.once("faketime", "-f", "+2h")
        self.assertEqual((done.returncode, [one["id"] for one in json.loads(done.stdout)["findings"]]), (0, ["CF2103"]), done.stderr)
        self.assertEqual(self.live(), new)

    def test_flips_at_the_date_and_keeps_the_old_one(self):
        old = self.assign("old")
        agent = self.start()
        date = int(time.time()) + 3
        new = self.assign("new", "--roll", "--effective-date", rfc3339(date))
        self.assertEqual((self.live(), self.live("next")), (old, new))
        while self.live() == old:
            self.assertLess(time.time(), date + 5, "nothing flipped")
            time.sleep(0.005)
        late = time.time() - date
        self.assertGreaterEqual(late, 0)
        self.assertLess(late, 2)
        self.assertEqual((self.live(), self.live("previous")), (new, old))
        self.read_until(agent, "primary since " + rfc3339(date))
        use = self.json_of("get")["certificates"][0]
        self.assertEqual((use["sha256"], use["pending"], use["next"]), (new, False, None))
        self.json_of("audit", "verify")
        self.assertTrue(self.json_of("doctor")["clean"])
        agent.send_signal(signal.SIGTERM)
        self.assertEqual(agent.wait(timeout=10), 0)

    def test_one_that_was_off_flips_when_it_returns(self):
        self.assign("off1")
        date = int(time.time()) + 8
        new = self.assign("off2", "--roll", "--effective-date", rfc3339(date))
        answer = self.json_of("agent", "--once")
        self.assertLess(time.time(), date, "the machine is too slow for this test")
        self.assertEqual((answer["changed"], answer["next"]), (False, rfc3339(date)))
        while time.time() < date:
            time.sleep(0.05)
        self.assertTrue(self.json_of("agent", "--once")["changed"])
        self.assertEqual(self.live(), new)
        self.assertFalse(self.json_of("agent", "--once")["changed"])

    def test_a_roll_can_be_listed_hastened_cancelled_and_taken_back(self):
        old = self.assign("by-hand-1")
        date = rfc3339(int(time.time()) + 86400)
        new = self.assign("by-hand-2", "--roll", "--effective-date", date)
        rolls = self.json_of("roll", "list")["rolls"]
        self.assertEqual([(roll["use"], roll["sha256"], roll["effective_date"], roll["roll"]) for roll in rolls],
                         [("WebServicesExternal", new, date, True)])  # fmt: skip
        before = self.contents()
        self.json_of("roll", "now", "--type", "WebServicesExternal", "--what-if")
        self.assertEqual(self.contents(), before)
        self.json_of("roll", "now", "--type", "WebServicesExternal")
        self.assertEqual((self.live(), self.live("previous"), self.live("next")), (new, old, None))
        self.assertEqual(self.json_of("roll", "list")["rolls"], [])
        self.json_of("rollback", "--type", "WebServicesExternal")
        self.assertEqual((self.live(), self.live("previous")), (old, new))
        third = self.assign("by-hand-3", "--roll", "--effective-date", date)
        self.assertEqual(self.live("next"), third)
        self.json_of("roll", "cancel", "--type", "WebServicesExternal")
        self.assertEqual((self.live(), self.live("next")), (old, None))
        error = self.json_of("roll", "cancel", "--type", "WebServicesExternal", exit_code=2)["error"]
        self.assertEqual(error["id"], "CF1913")
        self.assertTrue(self.json_of("doctor")["clean"])
        self.json_of("audit", "verify")

    def test_a_kill_at_the_date_loses_nothing(self):
        self.assign("kill1")
        date = int(time.time()) + 2
        new = self.assign("kill2", "--roll", "--effective-date", rfc3339(date))
        agent = self.start()
        while time.time() < date:
            pass
        agent.kill()
        self.start()
        self.assertEqual(self.live(), new)
        self.assertTrue(self.json_of("doctor")["clean"])

    def test_sleeps_without_waking_and_small(self):
        self.assign("idle")
        agent = self.start()
        stat = pathlib.Path(f"/proc/{agent.pid}/status")

        def switches():
            text = stat.read_text()
            return [line for line in text.splitlines() if "ctxt_switches" in line]

        before = None
        while before != switches():  # it may still be on its way to sleep
            before = switches()
            time.sleep(0.2)
        time.sleep(2)
        self.assertEqual(switches(), before)
        rss = int(next(line.split()[1] for line in stat.read_text().splitlines() if line.startswith("VmRSS")))
        if not self.sanitized():
            self.assertLess(rss, 15 * 1024)

    def sanitized(self):
        return b"__asan_init" in self.program.read_bytes()

    def test_a_clock_that_is_behind_rolls_nothing(self):
        old = self.assign("clock1")
        date = int(time.time()) + 30 * 86400
        self.assign("clock2", "--roll", "--effective-date", rfc3339(date))
        # The clock itself belongs to the machine: instead, the store was written ten minutes from now.
        database = self.home / "certferry.db"
        connection = sqlite3.connect(database)
        records = "SELECT key, value FROM entries WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT 1"
        key, value = connection.execute(records, (b"audit/0", b"audit/1")).fetchone()
        record = json.loads(value)
        record["time"] = rfc3339(time.time() + 600)
        connection.execute("UPDATE entries SET value = ? WHERE key = ?", (json.dumps(record, separators=(",", ":")).encode(), key))
        connection.commit()
        connection.close()
        answer = self.json_of("agent", "--once", exit_code=1)
        self.assertEqual(answer["error"]["id"], "CF2102")
        self.assertEqual(self.live(), old)


if __name__ == "__main__":
    made_files.main()
