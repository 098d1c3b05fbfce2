"""Import, assign, look, take back: as an administrator does it."""

import concurrent.futures
import csv
import io
import json
import os
import pathlib
import stat
import subprocess

import made_files
from made_files import PASSWORD


def readable_as_nobody(path):
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        try:
            with open(path, "rb"):
                os._exit(0)
        except OSError:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


class Import(made_files.ProgramTest):
    def test_stores_the_certificate_and_its_key_once(self):
        pfx = self.ca.server("once")
        first = self.import_file(pfx, "--trust", self.ca.root)
        self.assertTrue(first["changed"])
        self.assertEqual(first["findings"], [])
        key = self.home / "certificates" / first["sha256"] / "privkey.pem"
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
        self.assertFalse(readable_as_nobody(key))
        before = self.contents()
        again = self.import_file(pfx, "--trust", self.ca.root)
        self.assertFalse(again["changed"])
        self.assertEqual(again["thumbprint"], first["thumbprint"])
        self.assertEqual(self.contents(), before)
        listed = self.json_of("get", "--all")["certificates"]
        self.assertEqual([one["sha256"] for one in listed], [first["sha256"]])

    def test_tells_what_is_wrong_with_a_file(self):
        pfx = self.ca.server("wrong")
        other = self.folder / "other-password"
        other.write_text("wrong")
        other.chmod(0o600)
        cut = self.folder / "cut.pfx"
        cut.write_bytes(pfx.read_bytes()[:500])
        page = self.folder / "page.pfx"
        page.write_text("<html><title>Log in</title></html>")
        for arguments, error in [
            ((pfx, "--password-file", other), "CF1204"),
            ((pfx,), "CF1205"),
            ((cut, "--password-file", self.password_file), "CF1207"),
            ((page,), "CF1201"),
            ((self.folder / "int.csr",), "CF1220"),
            ((self.folder / "none.pfx",), "CF1114"),
        ]:
            with self.subTest(error):
                exit_code = 1 if error == "CF1114" else 5
                self.assertEqual(self.json_of("import", "--path", *arguments, exit_code=exit_code)["error"]["id"], error)
        self.assertEqual(list((self.home / "certificates").glob("*")), [])

    def test_without_the_intermediate_warns_and_is_not_assigned(self):
        pfx = self.ca.server("lonely", chain=False)
        answer = self.import_file(pfx, "--trust", self.ca.root)
        self.assertIn(("CF1470", "warning"), [(f["id"], f["severity"]) for f in answer["findings"]])
        refused = self.json_of("set", "--type", "WebServicesExternal", "--thumbprint", answer["thumbprint"], exit_code=5)
        self.assertEqual(refused["error"]["id"], "CF1470")
        self.assertFalse((self.home / "live").exists())
        self.json_of("set", "--type", "WebServicesExternal", "--thumbprint", answer["thumbprint"], "--accept-incomplete-chain")

    def test_an_unknown_root_is_a_warning_unless_trust_is_required(self):
        pfx = self.ca.server("private")
        self.assertEqual(self.import_file(pfx, "--require-trust", exit_code=5)["changed"], False)
        answer = self.import_file(pfx)
        self.assertEqual({f["severity"] for f in answer["findings"]}, {"warning"})
        self.json_of("set", "--type", "WebServicesExternal", "--thumbprint", answer["thumbprint"])

    def test_what_if_changes_nothing(self):
        pfx, second = self.ca.server("if1"), self.ca.server("if2")
        self.assertFalse(self.import_file(pfx, "--what-if")["changed"])
        self.assertFalse(self.home.exists())
        thumbprint = self.import_file(pfx)["thumbprint"]
        self.json_of("set", "--type", "Default", "--thumbprint", thumbprint)
        before = self.contents()
        self.import_file(second, "--what-if", "--identity", "Global", "--type", "Default")
        self.json_of("remove", "--type", "Default", "--what-if")
        self.assertEqual(self.contents(), before)

    def test_set_what_if_changes_nothing(self):
        thumbprint = self.import_file(self.ca.server("if3"))["thumbprint"]
        before = self.contents()
        answer = self.json_of("set", "--type", "Default", "--thumbprint", thumbprint, "--what-if")
        self.assertFalse(answer["changed"])
        self.assertEqual(len(answer["plan"]), 1)
        self.assertEqual(self.contents(), before)

    def test_doctor_mends_what_can_be_mended(self):
        answer = self.import_file(self.ca.server("mend"))
        self.json_of("set", "--type", "Default", "--thumbprint", answer["thumbprint"])
        self.assertEqual(self.json_of("doctor", "--repair")["repaired"], [])
        folder = self.home / "certificates" / answer["sha256"]
        (folder / "privkey.pem").chmod(0o644)
        (self.home / "live/Default/current").unlink()
        dead = subprocess.Popen(["true"])
        dead.wait()
        left = folder.with_name(f"{answer['sha256']}.{dead.pid}-{dead.pid}.new")
        left.mkdir()
        (left / "privkey.pem").write_text("half a key")
        at_work = folder.with_name(f"{answer['sha256']}.{os.getpid()}-{os.getpid()}.new")
        at_work.mkdir()
        found = {finding["id"] for finding in self.json_of("doctor")["findings"]}
        self.assertEqual(found, {"CF1605", "CF1740", "CF1783"})
        mended = self.json_of("doctor", "--repair")
        self.assertEqual(len(mended["repaired"]), 3, mended)
        self.assertEqual([finding["id"] for finding in mended["findings"]], ["CF1783"])
        self.assertEqual(stat.S_IMODE((folder / "privkey.pem").stat().st_mode), 0o600)
        self.assertTrue((self.home / "live/Default/current/privkey.pem").exists())
        self.assertFalse(left.exists())
        self.assertTrue(at_work.exists(), "another process is at it")
        at_work.rmdir()
        self.assertTrue(self.json_of("doctor")["clean"])
        self.assertEqual(self.json_of("audit", "verify")["error"], None)

    def test_a_report_goes_where_standard_output_goes(self):
        pfx = self.ca.server("stdout")
        out = self.folder / "out.html"
        with open(out, "w", encoding="utf-8") as file:
            file.write("<!-- before -->\n")
            file.flush()
            subprocess.run([self.program, "inspect", pfx, "--password-file", self.password_file, "--quiet", "--report", "/dev/stdout"],
                           stdout=file, check=True)  # fmt: skip
        text = out.read_text()
        self.assertTrue(text.startswith("<!-- before -->\n<!doctype html>"), text[:100])
        self.assertTrue(text.endswith("</html>\n"), text[-100:])
        self.assertFalse(pathlib.Path("/dev/stdout.json").exists())

    def test_the_list_is_a_table_for_spreadsheets(self):
        answer = self.import_file(self.ca.server("sheet"))
        done = subprocess.run([self.program, "get", "--all", "--csv", "--home", self.home], capture_output=True, check=True)
        rows = list(csv.reader(io.StringIO(done.stdout.decode(), newline="")))
        self.assertEqual(rows[0], ["Thumbprint", "Subject", "Names", "Valid until", "Key", "Used for"])
        self.assertEqual(rows[1][0], answer["thumbprint"])

    def test_the_report_tells_how_long_the_steps_took(self):
        report = self.folder / "log.html"
        self.import_file(self.ca.server("log"), "--report", report)
        log = json.loads(report.with_suffix(".json").read_text())["log"]
        self.assertEqual([entry["action"] for entry in log],
                         ["read the file in a confined process", "build the chain, check, and plan",
                          "write the certificate's files", "commit to the store"])  # fmt: skip
        self.assertTrue(all(entry["microseconds"] > 0 and not entry["failed"] for entry in log), log)
        self.assertIn("write the certificate&#39;s files", report.read_text())

    def test_an_assignment_is_live_and_can_be_taken_back(self):
        thumbprint = self.import_file(self.ca.server("live"))["thumbprint"]
        self.json_of("set", "--type", "WebServicesExternal,Default", "--thumbprint", thumbprint[:8])
        current = self.home / "live" / "WebServicesExternal" / "current"
        certificate = subprocess.run(["openssl", "x509", "-in", current / "fullchain.pem", "-noout", "-pubkey"], capture_output=True, check=True).stdout
        key = subprocess.run(["openssl", "pkey", "-in", current / "privkey.pem", "-pubout"], capture_output=True, check=True).stdout
        self.assertEqual(certificate, key)
        self.assertEqual({one["use"] for one in self.json_of("get")["certificates"]}, {"Default", "WebServicesExternal"})
        self.assertEqual(self.json_of("remove", "--type", "Default", exit_code=7)["error"]["id"], "CF1060")
        self.json_of("remove", "--type", "Default", "--force")
        self.assertEqual([one["use"] for one in self.json_of("get")["certificates"]], ["WebServicesExternal"])
        self.assertFalse((self.home / "live" / "Default" / "current").exists())
        self.assertTrue(self.json_of("doctor")["clean"])

    def test_a_roll_waits_for_its_date(self):
        old = self.import_file(self.ca.server("roll1"))["thumbprint"]
        self.json_of("set", "--type", "Default", "--thumbprint", old)
        new = self.ca.server("roll2")
        self.assertEqual(self.run_program("import", "--path", new, "--roll").returncode, 2)
        day = subprocess.run(["date", "-u", "-d", "+30 days", "+%Y-%m-%dT00:00:00Z"], capture_output=True, text=True, check=True).stdout.strip()
        answer = self.import_file(new, "--roll", "--effective-date", day)
        self.assertEqual(answer["status"], "pending")
        use = self.json_of("get")["certificates"][0]
        self.assertEqual((use["thumbprint"], use["next"]["thumbprint"], use["next"]["effective_date"]), (old, answer["thumbprint"], day))
        self.assertTrue((self.home / "live" / "Default" / "next" / "privkey.pem").exists())

    def test_the_report_is_written_on_failure_too(self):
        report = self.folder / "report.html"
        report.write_text("old")
        self.import_file(self.ca.server("report"), "--require-trust", "--report", report, exit_code=5)
        text = report.read_text()
        self.assertIn("Result: failed", text)
        self.assertNotIn("<script", text)
        self.assertEqual(json.loads((self.folder / "report.json").read_text())["status"], "failed")

    def test_speaks_the_cmdlet_dialect_under_a_cmdlets_name(self):
        links = self.folder / "links"
        links.mkdir(exist_ok=True)
        self.json_of("links", links, home=False)
        environment = dict(os.environ, CERTFERRY_HOME=str(self.home))
        run = lambda *words: subprocess.run(list(map(str, words)), capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)
        pfx = self.ca.server("cmdlet")
        done = run(links / "Import-CsCertificate", "-Path", pfx, "-Password", PASSWORD, "-PrivateKeyExportable", "$False", "-Force")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        thumbprint = self.json_of("get", "--all")["certificates"][0]["thumbprint"]
        done = run(links / "Set-CsCertificate", "-Type", "Default,", "WebServicesInternal", "-Thumb", thumbprint)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = run(links / "Import-CsCertificate", "-Path", pfx, "-PrivateKeyExportable")
        self.assertEqual(done.returncode, 2)
        self.assertIn("'$True'", done.stderr)
        done = run(links / "Import-CsCertificate", "-Path", pfx, "-Type", "Default")
        self.assertEqual(done.returncode, 2)

    def test_many_at_once_lose_and_double_nothing(self):
        files = [self.ca.server(f"many{i}", names=(f"host{i}.litwareinc.com",)) for i in range(10)]
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda path: self.import_file(path), files + files))
        self.assertEqual(sum(answer["changed"] for answer in answers), len(files))
        self.assertEqual(len(self.json_of("get", "--all")["certificates"]), len(files))
        self.assertTrue(self.json_of("audit", "verify")["whole"])
        self.assertTrue(self.json_of("doctor")["clean"])

    def test_a_folder_is_imported_and_one_bad_file_costs_itself(self):
        folder = self.folder / "bulk"
        folder.mkdir()
        for i in range(5):
            self.ca.server(f"bulk{i}", names=(f"bulk{i}.litwareinc.com",)).rename(folder / f"{i}.pfx")
        (folder / "bad.pfx").write_text("not a certificate")
        answer = self.json_of("import", folder, "--password-file", self.password_file, exit_code=4)
        self.assertEqual(answer["summary"], {"imported": 5, "unchanged": 0, "failed": 1})
        (folder / "bad.pfx").unlink()
        self.assertEqual(self.json_of("import", folder, "--password-file", self.password_file)["summary"], {"imported": 0, "unchanged": 5, "failed": 0})
        self.assertTrue(self.json_of("doctor")["clean"])

    def test_of_several_leaves_one_is_selected_and_a_renewal_finds_its_key(self):
        for name in ("first", "second"):
            self.ca.server(name, names=(f"{name}.litwareinc.com",))
        both = self.folder / "both.pem"
        both.write_bytes(b"".join((self.folder / part).read_bytes() for part in ("first.pem", "first.key", "second.pem", "second.key")))
        self.assertEqual(self.json_of("import", "--path", both, exit_code=5)["error"]["id"], "CF1720")
        listed = self.json_of("inspect", both, home=False)["certificates"]
        wanted = next(one["thumbprint"] for one in listed if one["names"] == ["second.litwareinc.com"])
        self.assertEqual(self.json_of("import", "--path", both, "--select", wanted[:8])["thumbprint"], wanted)
        # Issued again for the same key, as a CA sends it: without the key.
        self.ca.server("second", names=("second.litwareinc.com",))
        renewed = self.json_of("import", "--path", self.folder / "second.pem")
        self.assertTrue(renewed["changed"])
        self.assertTrue((self.home / "certificates" / renewed["sha256"] / "privkey.pem").exists())
        self.assertTrue(self.json_of("doctor")["clean"])

    def test_leaves_key_and_password_nowhere_else(self):
        report = self.folder / "secret.html"
        pfx = self.ca.server("secret")
        done = self.run_program("import", "--path", pfx, "--password", PASSWORD, "--report", report)
        self.assertEqual(done.returncode, 0, done.stderr)
        pem = (self.folder / "secret.key").read_text()
        planted = [PASSWORD.encode(), pem.splitlines()[1].encode()]
        places = [done.stdout.encode(), done.stderr.encode(), report.read_bytes(), report.with_suffix(".json").read_bytes()]
        places += [path.read_bytes() for path in self.home.rglob("*") if path.is_file() and path.name != "privkey.pem"]
        for secret in planted:
            self.assertFalse([place for place in places if secret in place])


if __name__ == "__main__":
    made_files.main()
