"""--wait: a command ends when the computers of the fleet have said what became of it. A relay, and two computers with their agents."""

import json
import signal
import subprocess
import time

import made_files
import relay_test

WEB, OTHER, POOL = relay_test.WEB, relay_test.OTHER, relay_test.POOL
SCOPE = f"pool:{POOL}"


class Wait(relay_test.WithRelays):
    def setUp(self):
        super().setUp()
        self.serve()
        self.start("agent", home=self.admin)
        self.homes = {fqdn: self.join(fqdn, "--pool", POOL) for fqdn in (WEB, OTHER)}
        self.agents = {fqdn: self.agent(home).wait_for("connected to the relay") for fqdn, home in self.homes.items()}

    def bring(self, name, *more, exit_code=0):
        return self.on(self.admin, "import", "--path", self.ca.server(name), "--password-file", self.password_file, "--trust", self.ca.root,
                       "--identity", SCOPE, "--type", "WebServicesExternal", "--force", "--wait", *more, exit_code=exit_code)

    def monitored(self, home):
        done = subprocess.run([self.program, "status", "--monitor", "--home", home], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout

    def test_it_ends_when_every_computer_has_it(self):
        told = self.bring("first")
        self.assertEqual(told["fleet"], {"computers": 2, "done": 2, "pools": [{"pool": POOL, "done": 2, "total": 2}], "failed": [], "behind": []})
        self.assertEqual({self.live(home) for home in self.homes.values()}, {told["sha256"]})

    def test_whoever_is_silent_is_named(self):
        first = self.bring("first")
        self.agents[OTHER].end(signal.SIGTERM)
        told = self.bring("second", "--timeout", 3, exit_code=4)
        self.assertEqual((told["error"]["id"], told["status"]), ("CF2408", "partly done"))
        self.assertEqual([(one["fqdn"], one["received"]) for one in told["fleet"]["behind"]], [(OTHER, False)])
        self.assertIn(f"1 of 2 computers does not have it: {OTHER} not answered since 20", told["error"]["message"])
        self.assertEqual([self.live(self.homes[fqdn]) for fqdn in (WEB, OTHER)], [told["sha256"], first["sha256"]])
        # Where the fleet is administered the same is told at any time.
        state = self.on(self.admin, "status", exit_code=4)
        self.assertEqual((state["error"]["id"], state["fleet"]["done"], state["fleet"]["silent"]), ("CF2424", 1, []))
        self.assertEqual([one["fqdn"] for one in state["fleet"]["behind"]], [OTHER])
        got = self.on(self.admin, "get", "--identity", SCOPE)
        self.assertEqual(([one["sha256"] for one in got["certificates"]], got["fleet"]["behind"]), ([told["sha256"]], state["fleet"]["behind"]))
        shown = subprocess.run([self.program, "status", "--home", self.admin], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        self.assertIn("1 of 2 computers of the fleet said that they have what they shall use.", shown.stdout)
        self.assertRegex(shown.stdout, f"{OTHER} +{POOL} +not answered since 20")
        self.assertNotIn("fleet", self.on(self.homes[WEB], "status"))
        self.assertEqual(self.monitored(self.admin), (1, f"CERTFERRY WARNING - {OTHER} has not taken over what it shall use |"
                                                         " 'failed'=0 'behind'=1 'silent'=0 'computers'=2 'done'=1\n"))
        code, line = self.monitored(self.homes[WEB])
        self.assertEqual((code, line.split(";")[0].rsplit("=", 1)[0]), (0, "CERTFERRY OK - everything is served as it is assigned | 'WebServicesExternal'"))
        self.assertEqual(self.monitored("/no/such/home"), (3, "CERTFERRY UNKNOWN - nothing is assigned\n"))
        # It gets it by itself; asked again, nothing is done but waiting.
        self.agent(self.homes[OTHER])
        again = self.on(self.admin, "set", "--type", "WebServicesExternal", "--thumbprint", told["thumbprint"], "--identity", SCOPE, "--wait")
        self.assertEqual((again["changed"], again["fleet"]["done"]), (False, 2))
        self.assertEqual(self.on(self.admin, "status")["fleet"]["behind"], [])

    def test_with_a_date_it_waits_until_it_is_staged_and_a_roll_can_be_taken_back_everywhere(self):
        first = self.bring("first")
        date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        second = self.bring("second", "--effective-date", date, "--roll")
        self.assertEqual(second["fleet"]["done"], 2)
        self.assertEqual({self.live(home) for home in self.homes.values()}, {first["sha256"]})
        order = ["--type", "WebServicesExternal", "--identity", SCOPE, "--wait"]
        self.assertEqual(self.on(self.admin, "roll", "now", *order)["fleet"]["done"], 2)
        self.assertEqual({self.live(home) for home in self.homes.values()}, {second["sha256"]})
        self.assertEqual(self.on(self.admin, "rollback", *order)["fleet"]["done"], 2)
        self.assertEqual({self.live(home) for home in self.homes.values()}, {first["sha256"]})

    def test_people_see_how_far_it_is(self):
        for agent in self.agents.values():
            agent.end(signal.SIGTERM)
        command = [self.program, "import", "--path", self.ca.server("seen"), "--password-file", self.password_file, "--trust", self.ca.root, "--identity", SCOPE,
                   "--type", "WebServicesExternal", "--wait", "--timeout", 1, "--home", self.admin]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("0 of 2 computers\n", done.stderr)
        self.assertIn("0 of 2 computers said that they have it.", done.stdout)
        self.assertIn("CF2408: 2 of 2 computers do not have it", done.stderr)
        self.assertEqual(json.loads(json.dumps(done.stdout)).count("never answered") + done.stdout.count("not answered since"), 2)


if __name__ == "__main__":
    made_files.main()
