"""A fleet whose computers are reached by files alone: joined, given what they shall have, moved, removed. Each computer is a home of its own."""

import json
import shutil
import subprocess

import made_files

WEB, MAIL = "web01.litwareinc.com", "mail01.litwareinc.com"
KEY = "-----BEGIN PRIVATE KEY-----"


class WithBundles(made_files.ProgramTest):
    """The administrator's home, and what makes computers that files alone reach."""

    def setUp(self):
        super().setUp()
        self.place = self.home.parent
        self.admin = self.home_of("admin01.litwareinc.com")

    def home_of(self, fqdn):
        home = self.place / fqdn
        home.mkdir(mode=0o755)
        config = home / "certferry.toml"
        config.write_text(f'[computer]\nfqdn = "{fqdn}"\n')
        config.chmod(0o600)
        return home

    def on(self, home, *arguments, exit_code=0, stdin=None):
        done = subprocess.run([str(self.program), *map(str, arguments), "--home", str(home), "--json"], capture_output=True, text=True, input=stdin, timeout=120)
        self.assertEqual(done.returncode, exit_code, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def run_on(self, home, *arguments):
        return subprocess.run([str(self.program), *map(str, arguments), "--home", str(home)], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)

    def join(self, fqdn, *place):
        home = self.home_of(fqdn)
        token = self.on(self.admin, "computer", "add", fqdn, *place)["token"]
        self.on(home, "join", "-", "--output", self.place / f"{fqdn}.join", stdin=token + "\n")
        self.assertTrue(self.on(self.admin, "fleet", "accept", self.place / f"{fqdn}.join")["changed"])
        return home

    def carry(self, fqdn, exit_code=0):
        bundle = self.place / f"{fqdn}.bundle"
        self.on(self.admin, "fleet", "bundle", fqdn, "--output", bundle)
        return self.on(self.place / fqdn, "fleet", "take", bundle, exit_code=exit_code)

    def assign(self, name, *more):
        return self.on(self.admin, "import", "--path", self.ca.server(name), "--password-file", self.password_file, "--trust", self.ca.root,
                       "--identity", "pool:web.litwareinc.com", "--type", "WebServicesExternal", *more)["sha256"]

    def live(self, home, name="current"):
        link = home / "live/WebServicesExternal" / name
        return (link / "sha256").read_text().strip() if link.exists() else None


class Fleet(WithBundles):
    def test_a_computer_gets_what_it_shall_have_and_nobody_else_does(self):
        made = self.on(self.admin, "fleet", "init")
        self.assertTrue(made["changed"])
        self.assertEqual((made["fleet"], False), (self.on(self.admin, "fleet", "init")["fleet"], self.on(self.admin, "fleet", "init")["changed"]))
        web = self.join(WEB, "--site", "Redmond", "--pool", "web.litwareinc.com")
        mail = self.join(MAIL, "--pool", "mail.litwareinc.com", "--type", "Default")
        listed = {one["fqdn"]: (one["pool"], one["types"], one["state"], one["signed_by"]) for one in self.on(self.admin, "computer")["computers"]}
        self.assertEqual(listed[WEB], ("web.litwareinc.com", None, "active", "root"))
        self.assertEqual(listed[MAIL], ("mail.litwareinc.com", ["Default"], "active", "root"))

        first = self.assign("first")
        self.assertEqual(self.carry(WEB)["types"], ["WebServicesExternal"])
        self.assertEqual(self.live(web), first)
        self.assertIn(KEY, (web / "live/WebServicesExternal/current/privkey.pem").read_text())
        self.assertTrue(self.on(web, "doctor")["clean"])
        self.assertFalse(self.carry(WEB)["changed"])
        self.assertFalse(self.carry(MAIL)["changed"])
        self.assertFalse((mail / "live").exists())
        # The administrator's own computer is not in the pool.
        self.assertFalse((self.admin / "live").exists())

        second = self.assign("second")
        self.carry(WEB)
        self.assertEqual(self.live(web), second)
        # It says so, signed; an older word is a replay, and nobody else can say it.
        self.on(web, "fleet", "report", "--output", self.place / "word")
        self.on(web, "fleet", "report", "--output", self.place / "later-word")
        self.assertTrue(self.on(self.admin, "fleet", "accept", self.place / "later-word")["changed"])
        self.assertFalse(self.on(self.admin, "fleet", "accept", self.place / "later-word")["changed"])
        self.assertEqual(self.on(self.admin, "fleet", "accept", self.place / "word", exit_code=5)["error"]["id"], "CF2217")
        said = {one["fqdn"]: one for one in self.on(self.admin, "fleet")["computers"]}
        self.assertEqual([(one["use"], one["sha256"], one["state"]) for one in said[WEB]["uses"]], [("WebServicesExternal", second, "active")])
        self.assertIsNone(said[MAIL]["answered"])
        self.assertIn("never", self.run_on(self.admin, "fleet").stdout)
        self.on(self.admin, "remove", "--identity", "pool:web.litwareinc.com", "--type", "WebServicesExternal", "--yes")
        self.carry(WEB)
        self.assertIsNone(self.live(web))
        self.assertTrue(self.on(self.admin, "audit", "verify")["schema"])

    def test_what_is_carried_opens_nowhere_else_and_changes_nothing_when_it_is_changed(self):
        self.on(self.admin, "fleet", "init")
        web, other = self.join(WEB, "--pool", "web.litwareinc.com"), self.join("web02.litwareinc.com", "--pool", "web.litwareinc.com")
        first = self.assign("carried")
        self.carry(WEB)
        bundle = self.place / f"{WEB}.bundle"
        key = (web / "live/WebServicesExternal/current/privkey.pem").read_text().split("\n")[1]
        self.assertNotIn(key, bundle.read_text())
        self.assertNotIn(key.encode(), (self.admin / "certferry.db").read_bytes())
        # For another computer.
        self.assertEqual(self.on(other, "fleet", "take", bundle, exit_code=5)["error"]["id"], "CF1772")
        self.assertIsNone(self.live(other))
        # With the statement of the other computer, and the keys of this one.
        self.carry("web02.litwareinc.com")
        old = bundle.read_text()
        self.assign("newer")
        self.on(self.admin, "fleet", "bundle", "web02.litwareinc.com", "--output", self.place / "own")
        self.on(self.admin, "fleet", "bundle", WEB, "--output", bundle)
        own, foreign = (json.loads(path.read_text())["entries"] for path in (self.place / "own", bundle))
        swapped = [one for one in own if "/sealed/" not in one["key"]] + [
            {"key": one["key"].replace(WEB, "web02.litwareinc.com"), "value": one["value"]} for one in foreign if "/sealed/" in one["key"]]
        mixed = self.place / "mixed"
        mixed.write_text(json.dumps({"schema": 1, "computer": "web02.litwareinc.com", "entries": swapped}))
        self.assertEqual(self.on(other, "fleet", "take", mixed, exit_code=5)["error"]["id"], "CF2204")
        self.assertEqual(self.live(other), first)
        # An older bundle again.
        self.on(web, "fleet", "take", bundle)
        newer = self.live(web)
        (self.place / "old").write_text(old)
        self.assertEqual(self.on(web, "fleet", "take", self.place / "old", exit_code=5)["error"]["id"], "CF2217")
        told = self.on(web, "audit")["records"]
        self.assertEqual((told[-1]["outcome"], [change[:len("refused CF2217: fleet/")] for change in told[-1]["changes"]]), ("refused", ["refused CF2217: fleet/"]))
        # The same again is no news.
        self.on(web, "fleet", "take", self.place / "old", exit_code=5)
        self.assertEqual(self.on(web, "audit")["records"], told)
        self.assertEqual(self.live(web), newer)

    def test_a_token_is_good_for_one_computer(self):
        self.on(self.admin, "fleet", "init")
        token = self.on(self.admin, "computer", "add", WEB)["token"]
        thief, web = self.home_of("thief.litwareinc.com"), self.home_of(WEB)
        for home, name in ((web, "web"), (thief, "thief")):
            self.on(home, "join", token, "--output", self.place / name)
        self.on(self.admin, "fleet", "accept", self.place / "web")
        self.assertEqual(self.on(self.admin, "fleet", "accept", self.place / "thief", exit_code=9)["error"]["id"], "CF1771")
        self.assertFalse(self.on(self.admin, "fleet", "accept", self.place / "web")["changed"])
        # The token is worth nothing any more, also after the computer has left; and it may join again with another one.
        self.on(self.admin, "computer", "remove", WEB)
        self.assertEqual(self.on(self.admin, "fleet", "accept", self.place / "thief", exit_code=6)["error"]["id"], "CF1769")
        again = self.on(self.admin, "computer", "add", WEB)["token"]
        self.on(web, "join", again, "--output", self.place / "web")
        self.assertTrue(self.on(self.admin, "fleet", "accept", self.place / "web")["changed"])
        self.carry(WEB)
        self.assertEqual(self.on(web, "join", token[:-1], "--output", self.place / "again", exit_code=2)["error"]["id"], "CF2220")
        self.assertEqual(self.on(self.admin, "computer", "add", WEB, exit_code=9)["error"]["id"], "CF1771")

    def test_a_role_reaches_as_far_as_it_was_given(self):
        standard = {one["identity"]: one for one in self.on(self.admin, "admin-role")["roles"]}
        self.assertEqual(list(standard), ["CsAdministrator", "CsServerAdministrator", "CsViewOnlyAdministrator", "CsHelpDesk"])
        self.assertTrue(all(one["is_standard_role"] for one in standard.values()))
        self.assertEqual([one["identity"] for one in self.on(self.admin, "admin-role", "--filter", "*desk")["roles"]], ["CsHelpDesk"])
        self.assertEqual(self.on(self.admin, "admin-role", "Nobody", exit_code=2)["error"]["id"], "CF1777")
        self.on(self.admin, "fleet", "init")
        web, mail = self.join(WEB, "--pool", "web.litwareinc.com"), self.join(MAIL, "--pool", "mail.litwareinc.com")
        key = self.place / "role.key"
        self.on(self.admin, "role", "new", "WebPeople", "--template", "CsServerAdministrator", "--identity", "pool:web.litwareinc.com", "--type",
                "WebServicesExternal", "--output", key)
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        (role,) = self.on(self.admin, "admin-role", "webpeople")["roles"]
        self.assertEqual([role[name] for name in ("config_scopes", "types", "template", "is_standard_role")],
                         [["pool:web.litwareinc.com"], ["WebServicesExternal"], "CsServerAdministrator", False])
        self.assertEqual(self.on(self.admin, "admin-role", "--sid", role["sid"])["roles"], [role])
        for arguments, error, code in [(("new", "webpeople", "--template", "CsHelpDesk", "--output", self.place / "x"), "CF1779", 1),
                                       (("set", "CsHelpDesk", "--identity", "Global"), "CF1778", 2), (("remove", "Nobody"), "CF1777", 2),
                                       (("new", "More"), "CF1792", 2)]:
            self.assertEqual(self.on(self.admin, "role", *arguments, exit_code=code)["error"]["id"], error)
        # Whoever has the key signs with it from now on.
        own = self.admin / "fleet/administrator.key"
        administrator = own.read_bytes()
        own.write_bytes(key.read_bytes())
        first = self.assign("by-role")
        self.carry(WEB)
        self.assertEqual(self.live(web), first)
        self.assertIn("WebPeople", self.run_on(web, "audit").stdout)
        self.on(self.admin, "set", "--identity", "pool:mail.litwareinc.com", "--type", "WebServicesExternal", "--thumbprint", first[:16])
        refused = self.carry(MAIL, exit_code=6)
        self.assertEqual(refused["error"]["id"], "CF2214")
        self.assertIsNone(self.live(mail))
        # Nor does it reach there any more once it was taken away.
        self.assertTrue(self.on(self.admin, "role", "remove", "WebPeople")["changed"])
        self.assign("after-removal")
        self.assertEqual(self.carry(WEB, exit_code=6)["error"]["id"], "CF2214")
        self.assertEqual(self.live(web), first)
        own.write_bytes(administrator)

    def test_a_copied_computer_is_quarantined_until_somebody_releases_it(self):
        self.on(self.admin, "fleet", "init")
        web = self.join(WEB, "--pool", "web.litwareinc.com")
        copy = self.place / "copy"
        shutil.copytree(web, copy, symlinks=True)
        self.assign("first")
        self.carry(WEB)
        said, copied = self.place / "said", self.place / "copied"
        self.on(web, "fleet", "report", "--output", said)
        self.on(copy, "fleet", "report", "--output", copied)
        self.assertTrue(self.on(self.admin, "fleet", "accept", said)["changed"])
        self.assertFalse(self.on(self.admin, "fleet", "accept", said)["changed"])
        # Both signed something else as their first word.
        refused = self.on(self.admin, "fleet", "accept", copied, exit_code=5)
        self.assertEqual(refused["error"]["id"], "CF2218")
        self.assertIn("CF1793", [finding["id"] for finding in refused["findings"]])
        self.assertEqual([one["state"] for one in self.on(self.admin, "computer")["computers"] if one["fqdn"] == WEB], ["quarantined"])
        self.assertIn("quarantine " + WEB, json.dumps(self.on(self.admin, "audit")))
        self.assertEqual(self.carry(WEB, exit_code=6)["error"]["id"], "CF1773")
        self.assertNotIn("/sealed/", (self.place / f"{WEB}.bundle").read_text())
        self.on(self.admin, "computer", "release", WEB)
        second = self.assign("second")
        self.carry(WEB)
        self.assertEqual(self.live(web), second)
        self.assertEqual(self.on(self.admin, "computer", "release", WEB, exit_code=2)["error"]["id"], "CF1794")

    def test_a_lost_computer_gets_nothing_more(self):
        self.on(self.admin, "fleet", "init")
        web = self.join(WEB, "--pool", "web.litwareinc.com")
        self.assign("before")
        self.carry(WEB)
        lost = self.on(self.admin, "computer", "lost", WEB)
        self.assertEqual([one["use"] for one in lost["reissue"]], ["WebServicesExternal"])
        self.on(self.admin, "computer", "move", WEB, "--site", "Atlanta")
        with self.assertRaisesRegex(AssertionError, "covers no computer|no computer"):
            self.assign("after")
        before = self.live(web)
        self.assertEqual(self.carry(WEB, exit_code=6)["error"]["id"], "CF1773")
        self.assertEqual(self.live(web), before)
        bundle = json.loads((self.place / f"{WEB}.bundle").read_text())["entries"]
        self.assertEqual([one for one in bundle if "/sealed/" in one["key"]], [])

    def test_a_computer_that_moves_gets_what_belongs_to_its_new_place(self):
        self.on(self.admin, "fleet", "init")
        web = self.join(WEB, "--pool", "old.litwareinc.com")
        self.join("web02.litwareinc.com", "--pool", "web.litwareinc.com")
        first = self.assign("pooled")
        self.assertFalse(self.carry(WEB)["changed"])
        self.on(self.admin, "computer", "move", WEB, "--pool", "web.litwareinc.com")
        self.carry(WEB)
        self.assertEqual(self.live(web), first)
        # Away again: neither the key nor what was made of it stays.
        key = (web / "live/WebServicesExternal/current/privkey.pem").read_text().split("\n")[1]
        away = (self.place / f"{WEB}.bundle").read_text()
        self.on(self.admin, "computer", "move", WEB, "--pool", "old.litwareinc.com")
        self.carry(WEB)
        self.assertIsNone(self.live(web))
        self.assertEqual([path for path in web.rglob("*") if path.is_file() and key.encode() in path.read_bytes()], [])
        self.assertEqual(self.on(web, "get", "--all")["certificates"], [])
        self.assertTrue(self.on(web, "doctor")["clean"])
        # What was true then is a replay now, and true again after it came back.
        (self.place / "away").write_text(away)
        self.assertEqual(self.on(web, "fleet", "take", self.place / "away", exit_code=5)["error"]["id"], "CF2217")
        self.on(self.admin, "computer", "move", WEB, "--pool", "web.litwareinc.com")
        self.carry(WEB)
        self.assertEqual(self.live(web), first)

    def test_keys_do_not_pile_up(self):
        self.on(self.admin, "fleet", "init")
        web = self.join(WEB, "--pool", "web.litwareinc.com")
        for name in ("one", "two", "three"):
            last = self.assign(f"pile-{name}")
            self.carry(WEB)
        self.assertEqual([one["sha256"] for one in self.on(web, "get", "--all")["certificates"]], [last])


if __name__ == "__main__":
    made_files.main()
