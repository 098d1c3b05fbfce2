"""--what-if in a fleet: what each computer has, would get, and is to be looked at for; nothing is changed."""

import subprocess
import time

import fleet_test
import made_files

POOL = "web.litwareinc.com"
GOOD, SILENT, LOST, OWN = (f"{name}.litwareinc.com" for name in ("good", "silent", "lost", "own"))
USE = "WebServicesExternal"


class WhatIf(fleet_test.WithBundles):
    def setUp(self):
        super().setUp()
        self.on(self.admin, "fleet", "init")
        self.homes = {fqdn: self.join(fqdn, "--pool", POOL) for fqdn in (GOOD, SILENT, LOST, OWN)}
        self.on(self.admin, "computer", "lost", LOST)
        self.first = self.assign("first")
        self.own = self.on(self.admin, "import", "--path", self.ca.server("own"), "--password-file", self.password_file, "--trust", self.ca.root,
                           "--identity", f"computer:{OWN}", "--type", USE)["sha256"]
        for fqdn in (GOOD, OWN):
            self.carry(fqdn)
            self.on(self.homes[fqdn], "fleet", "report", "--output", self.place / "said")
            self.on(self.admin, "fleet", "accept", self.place / "said")

    def plan(self, *arguments, use=USE):
        before = self.on(self.admin, "audit")
        planned = self.on(self.admin, *arguments, "--identity", f"pool:{POOL}", "--type", use, "--what-if")
        self.assertEqual(self.on(self.admin, "audit"), before)
        return planned["computers"]

    def importing(self, name, names=(POOL,)):
        return ["import", "--path", self.ca.server(name, names), "--password-file", self.password_file, "--trust", self.ca.root]

    def test_each_computer_is_told_the_worst_first(self):
        plans = self.plan(*self.importing("second", (POOL, GOOD, OWN, LOST)))
        new = plans[2]["gets"]
        self.assertEqual(plans, [
            {"computer": LOST, "pool": POOL, "use": USE, "has": "unknown", "gets": "nothing", "services": "unknown",
             "look_at": ["it is lost", "it never answered"]},
            {"computer": SILENT, "pool": POOL, "use": USE, "has": "unknown", "gets": new, "services": "unknown",
             "look_at": ["it never answered"]},
            {"computer": GOOD, "pool": POOL, "use": USE, "has": f"{self.first[:12]} active", "gets": new, "services": "take it from its live name", "look_at": []},
            {"computer": OWN, "pool": POOL, "use": USE, "has": f"{self.own[:12]} active", "gets": f"{self.own[:12]}, its own (computer:{OWN})",
             "services": "take it from its live name", "look_at": []}])

    def test_a_certificate_that_does_not_name_the_computer_is_told(self):
        plans = {one["computer"]: one["look_at"] for one in self.plan(*self.importing("second", (POOL, GOOD)), use="Default")}
        self.assertEqual((plans[GOOD], plans[SILENT]), ([], ["it never answered", f"the certificate is not valid for {SILENT}"]))

    def test_a_date_a_removal_and_a_stored_certificate(self):
        date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))
        planned = self.plan(*self.importing("later", (POOL, GOOD)), "--effective-date", date)
        [good] = [one for one in planned if one["computer"] == GOOD]
        self.assertRegex(good["gets"], f"^[0-9a-f]{{12}} on {date}$")
        self.assertEqual({one["computer"]: one["gets"] for one in self.plan("remove")},
                         {LOST: "nothing", SILENT: "nothing", GOOD: "nothing", OWN: f"{self.own[:12]}, its own (computer:{OWN})"})

    def test_people_see_a_table(self):
        command = [self.program, *self.importing("second"), "--identity", f"pool:{POOL}", "--type", USE, "--what-if", "--home", self.admin]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("What each computer would get", done.stdout)
        self.assertLess(done.stdout.index(LOST), done.stdout.index(GOOD))


if __name__ == "__main__":
    made_files.main()
