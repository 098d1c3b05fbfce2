"""The fleet as a tree, a picture and a file: what an administrator sees of it, and how it is changed at once."""

import subprocess
import tomllib
import xml.etree.ElementTree

import fleet_test
import made_files

WEB = fleet_test.WEB


class Topology(fleet_test.WithBundles):
    def setUp(self):
        super().setUp()
        self.on(self.admin, "fleet", "init")

    def computers(self):
        seen = self.on(self.admin, "topology")
        return {one["fqdn"]: (site["site"], pool["pool"], one["types"], one["is"])
                for site in seen["sites"] for pool in site["pools"] for one in pool["computers"]}

    def test_it_shows_who_serves_what(self):
        web = self.join(WEB, "--site", "Redmond", "--pool", "web.litwareinc.com")
        sha256 = self.assign("first")
        self.assertEqual(self.computers()[WEB], ("Redmond", "web.litwareinc.com", None, "silent"))
        self.carry(WEB)
        self.on(web, "fleet", "report", "--output", self.place / "said")
        self.on(self.admin, "fleet", "accept", self.place / "said")
        seen = self.on(self.admin, "topology", "--output", self.place / "fleet.svg")
        self.assertEqual(self.computers()[WEB][3], "good")
        [site] = [site for site in seen["sites"] if site["site"] == "Redmond"]
        [use] = site["pools"][0]["computers"][0]["uses"]
        self.assertEqual((use["use"], use["sha256"], use["state"]), ("WebServicesExternal", sha256, "active"))
        drawn = xml.etree.ElementTree.parse(self.place / "fleet.svg").getroot()
        texts = "\n".join(drawn.itertext())
        self.assertIn("2 of 2 computers serve what they shall", texts)
        for name in ("Redmond", "web.litwareinc.com", WEB):
            self.assertIn(name, texts)
        self.on(self.admin, "topology", "--output", self.place / "fleet.html")
        self.assertIn("<svg", (self.place / "fleet.html").read_text())
        self.assertEqual(self.on(self.admin, "topology", "--output", self.place / "fleet.png", exit_code=2)["error"]["id"], "CF2410")

    def test_names_cannot_act_in_the_picture(self):
        self.join(WEB, "--site", "<b>&\"'<svg onload=x>")
        self.on(self.admin, "topology", "--output", self.place / "fleet.svg")
        text = (self.place / "fleet.svg").read_text()
        self.assertNotIn("<b>", text)
        self.assertEqual(text.count("<svg"), 1)
        self.assertIn("<b>&\"'<svg onload=x>", "".join(xml.etree.ElementTree.fromstring(text).itertext()))

    def test_a_file_moves_computers(self):
        self.join(WEB, "--site", "Redmond", "--pool", "web.litwareinc.com", "--type", "Default")
        self.join("web02.litwareinc.com")
        file = self.place / "fleet.toml"
        self.on(self.admin, "topology", "--export", file)
        self.assertEqual({one["fqdn"]: one.get("pool") for one in tomllib.loads(file.read_text())["computers"]},
                         {"admin01.litwareinc.com": None, WEB: "web.litwareinc.com", "web02.litwareinc.com": None})
        self.assertFalse(self.on(self.admin, "topology", "--import", file)["changed"])
        before = self.computers()
        file.write_text(f'[[computers]]\nfqdn = "{WEB}"\nsite = "Oslo"\n\n[[computers]]\nfqdn = "new.litwareinc.com"\npool = "web.litwareinc.com"\n')
        planned = self.on(self.admin, "topology", "--import", file, "--what-if")
        self.assertEqual([one["action"] for one in planned["plan"]], ["move it from site Redmond, pool web.litwareinc.com, Default to site Oslo, no pool, all types"])
        self.assertEqual([(one["id"], one["fix"]) for one in planned["findings"]],
                         [("CF2411", "certferry computer add new.litwareinc.com --pool web.litwareinc.com"), ("CF2412", "--prune removes such ones")])
        self.assertEqual(self.computers(), before)
        self.assertEqual(self.on(self.admin, "topology", "--import", file)["moved"], 1)
        self.assertEqual(self.computers()[WEB][:3], ("Oslo", "", None))
        self.assertEqual(self.on(self.admin, "topology", "--import", file, "--prune", "--yes")["removed"], 1)
        self.assertEqual(set(self.computers()), {"admin01.litwareinc.com", WEB})

    def test_of_a_large_pool_it_tells_what_matters(self):
        for number in range(22):
            self.join(f"c{number:02}.litwareinc.com", "--pool", "web.litwareinc.com")
        done = subprocess.run([str(self.program), "topology", "--home", str(self.admin)], capture_output=True, text=True, check=True)
        self.assertIn("└ … 2 more", done.stdout)
        self.assertRegex(done.stdout, r"admin01.litwareinc.com +all types +here")

    def test_a_wrong_file_says_where(self):
        file = self.place / "fleet.toml"
        file.write_text('[[computers]]\nfqdn = "a.litwareinc.com"\ncolour = "red"\n')
        error = self.on(self.admin, "topology", "--import", file, exit_code=2)["error"]
        self.assertEqual((error["id"], error["message"]), ("CF1934", f"{file}:3:1: unknown key 'colour'"))


if __name__ == "__main__":
    made_files.main()
