"""An emergency replacement: waves of computers, stopped where one does not serve the new certificate, gone on with, given back."""

import json
import signal
import subprocess

import made_files
import relay_test

POOL = "web.litwareinc.com"
USE = "WebServicesExternal"
NAMES = [f"web{number:02}.litwareinc.com" for number in range(4)]


class Replace(relay_test.WithRelays):
    def setUp(self):
        super().setUp()
        self.serve()
        self.start("agent", home=self.admin)
        self.homes = {fqdn: self.join(fqdn, "--pool", POOL) for fqdn in NAMES}
        self.agents = {fqdn: self.agent(home) for fqdn, home in self.homes.items()}
        self.old = self.assign("old")
        self.all_serve(self.old)

    def all_serve(self, sha256, names=NAMES):
        for fqdn in names:
            self.serves(self.homes[fqdn], sha256)

    def serving(self):
        return [self.live(self.homes[fqdn]) for fqdn in NAMES]

    def replace(self, *arguments, exit_code=0):
        return self.on(self.admin, "replace", *arguments, exit_code=exit_code)

    def files(self, name, names=(POOL,)):
        return ["--with", self.ca.server(name, names), "--password-file", self.password_file, "--trust", self.ca.root]

    def generations(self, fqdn):
        return len(list((self.homes[fqdn] / f"generations/{USE}").iterdir()))

    def test_waves_go_one_after_the_other(self):
        paused = self.replace("--thumbprint", self.old, *self.files("new"), "--waves", "1,50%", "--pause")
        self.assertEqual((paused["state"], paused["waves"], paused["done"]), ("paused", [1, 1, 2], 1))
        new = paused["uses"][0]["after"]
        self.assertEqual(self.serving(), [new, self.old, self.old, self.old])
        self.assertEqual([one["sha256"] for one in self.on(self.admin, "get", "--identity", f"computer:{NAMES[0]}")["certificates"]], [new])
        paused = self.replace("resume", "--pause")
        self.assertEqual(self.serving(), [new, new, self.old, self.old])
        kept = self.generations(NAMES[0])
        done = self.replace("resume", paused["id"])
        self.assertEqual((done["state"], done["done"]), ("done", 3))
        self.all_serve(new)
        self.assertEqual(self.on(self.admin, "get", "--identity", f"computer:{NAMES[0]}")["certificates"], [])
        # What is taken back of the first ones changes nothing there.
        third = self.assign("third")
        self.all_serve(third)
        self.assertEqual(self.generations(NAMES[0]) - kept, 1)
        self.assertEqual(self.replace("resume", exit_code=2)["error"]["id"], "CF2420")
        self.assertEqual([one["state"] for one in self.replace("list")["replacements"]], ["done"])

    def test_a_computer_that_is_silent_stops_it(self):
        self.agents[NAMES[0]].end(signal.SIGTERM)
        stopped = self.replace("--issued-by", "Litware Issuing CA", *self.files("new"), "--waves", "1", "--timeout", 2, exit_code=4)
        self.assertEqual((stopped["error"]["id"], stopped["state"]), ("CF2416", "failed"))
        self.assertIn(f"wave 1 of 2 stopped: 1 of 1 computers: {NAMES[0]} not answered since 20", stopped["error"]["message"])
        self.assertEqual(self.serving(), [self.old] * 4)
        self.agent(self.homes[NAMES[0]])
        done = self.replace("resume")
        self.assertEqual(done["state"], "done")
        self.all_serve(done["uses"][0]["after"])

    def test_everything_is_given_back(self):
        paused = self.replace("--thumbprint", self.old, *self.files("new"), "--waves", "2", "--pause")
        self.all_serve(paused["uses"][0]["after"], NAMES[:2])
        self.assertEqual(self.replace("abort")["state"], "aborted")
        self.all_serve(self.old)

    def test_a_run_that_is_killed_is_gone_on_with(self):
        command = [self.program, "replace", "--thumbprint", self.old, *self.files("new"), "--waves", "1,2,3", "--home", self.admin]
        hit, delay, ended = 0, 0.02, None
        while ended is None:
            process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            try:
                ended = process.wait(delay)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                hit += 1
            delay += 0.02
            if self.replace("list")["replacements"]:
                command = [self.program, "replace", "resume", "--home", self.admin]
        self.assertIn(ended, (0, 2))  # 2: what was killed last was done already
        self.assertGreater(hit, 0, "nothing was killed")
        begun = self.replace("list")["replacements"]
        self.assertEqual(len(begun), 1)
        if begun[0]["state"] != "done":
            self.replace("resume")
        self.all_serve(begun[0]["uses"][0]["after"])
        for fqdn in NAMES:
            self.assertEqual(self.on(self.admin, "get", "--identity", f"computer:{fqdn}")["certificates"], [])

    def test_what_cannot_be_is_said_before_anything_is_done(self):
        def error(*arguments, exit_code):
            return self.replace(*arguments, exit_code=exit_code)["error"]["id"]
        self.assertEqual(error("--thumbprint", self.old, exit_code=2), "CF2419")
        self.assertEqual(error("--thumbprint", self.old, "--key", "00", *self.files("new"), exit_code=2), "CF2419")
        self.assertEqual(error("--thumbprint", self.old, *self.files("new"), "--waves", "5,1", exit_code=2), "CF2415")
        self.assertEqual(error("--issued-by", "Somebody else", *self.files("new"), exit_code=5), "CF2417")
        self.assertEqual(error("--thumbprint", self.old, *self.files("other", ("mail.litwareinc.com",)), exit_code=5), "CF2418")
        self.assertEqual(self.serving(), [self.old] * 4)
        before = self.on(self.admin, "audit")
        planned = self.replace("--issued-by", "litware root", *self.files("new"), "--what-if")
        self.assertEqual((planned["waves"], planned["uses"][0]["before"], planned["status"]), ([1, 3], self.old, "planned"))
        self.assertEqual(self.on(self.admin, "audit"), before)


class Alone(made_files.ProgramTest):
    def test_on_one_computer_it_replaces_at_once(self):
        def on(*arguments):
            done = self.run_program(*arguments, "--json")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            return json.loads(done.stdout)
        password = ["--password-file", self.password_file, "--trust", self.ca.root]
        old = on("import", "--path", self.ca.server("old"), *password, "--identity", "global", "--type", USE)["sha256"]
        done = on("replace", "--thumbprint", old, "--with", self.ca.server("new"), *password)
        self.assertEqual(done["state"], "done")
        self.assertEqual((self.home / f"live/{USE}/current/sha256").read_text().strip(), done["uses"][0]["after"])


if __name__ == "__main__":
    made_files.main()
