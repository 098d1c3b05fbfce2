"""Names as attackers would have them, in certificates really made, through every way out of the program."""

import csv
import html.parser
import io
import itertools
import json
import unicodedata

import der
import made_files

PARTS = [
    b"<script>alert(1)</script>", b"<img src=x onerror=alert(1)>", b'"><svg onload=alert(1)>', b"'--><b>", b"&lt;script&gt;", b"\x1b[2J\x1b[31m",
    b"\x1b]0;title\x07", b"\xc2\x9b31m", b"\xe2\x80\xaegpj.exe", b"\xe2\x81\xa6isolate", b"\xe2\x80\x8bzero", b"=cmd|' /C calc'!A0", b"+1+1", b"-2+3",
    b"@SUM(1)", b"a\0b", b"line\nbreak", b"carriage\rreturn", b"\ttab", b"\xff\xfe", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf", b"\x7f",
    b"\xe2\x80\xa8sep", b"javascript:alert(1)", b"</title>", b"]]>", b"%s%n", b"${x}",
]
AROUND = [b"", b"a", b"web.", b"x y ", b"9", "ä".encode(), b"*.", b"=", b"<", b'"']
NAMES = [around + part + around for part in PARTS for around in AROUND]
COMMON_NAME, ORGANIZATION, UNIT = "2.5.4.3", "2.5.4.10", "2.5.4.11"
EMAIL, DNS, URI = 0x81, 0x82, 0x86


class Tags(html.parser.HTMLParser):
    """The elements of a page and their attributes' names."""

    def __init__(self, page):
        super().__init__()
        self.found = set()
        self.values = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found |= {(tag, name) for name, _ in attrs} | {(tag, "")}
        self.values += [value or "" for name, value in attrs if name in ("href", "src", "style", "action")]


def acting(text):
    """Characters that act or hide."""
    return [character for character in text if character != "\n" and unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs", "Co")]


class HostileNames(made_files.ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.signer = der.Signer(cls.folder)
        cls.files = []
        for batch in itertools.batched(NAMES, 10) if hasattr(itertools, "batched") else (NAMES[i:i + 10] for i in range(0, len(NAMES), 10)):
            cls.files.append(cls.file(f"hostile{len(cls.files)}.pem", batch))
        # No control characters: what these have in them is imported.
        cls.files.append(cls.file("markup.pem", [name for name in NAMES if name.isascii() and name.decode().isprintable()][:60], dns=[b"web.litwareinc.com"]))

    @classmethod
    def file(cls, name, names, dns=None):
        attributes = [(COMMON_NAME, names[0]), (ORGANIZATION, names[-1]), *((UNIT, one) for one in names)]
        general = [(DNS, one) for one in dns or names] + ([] if dns else [(EMAIL, b"a@" + names[0]), (URI, b"https://" + names[-1])])
        path = cls.folder / name
        path.write_bytes(der.pem("CERTIFICATE", cls.signer.certificate(attributes, general)) + cls.signer.key.read_bytes())
        return path

    def assert_text_harmless(self, done):
        for text in (done.stdout, done.stderr):
            self.assertEqual(acting(text), [])

    def assert_json_harmless(self, text):
        self.assertTrue(text.isascii())
        self.assertEqual(acting(text), [])
        return json.loads(text)

    def assert_page_harmless(self, page):
        found = Tags(page)
        self.assertLessEqual(found.found, self.harmless.found)
        self.assertEqual([value for value in found.values if "javascript:" in value], [])
        self.assertEqual(acting(page), [])

    def setUp(self):
        super().setUp()
        # What a report may have in it: that of an ordinary certificate, of one that was refused, and of a change.
        self.harmless = Tags("")
        for number, options in enumerate((["--require-trust"], [], ["--identity", "Global", "--type", "Default"])):
            plain, report = self.file("plain.pem", [b"web.litwareinc.com"]), self.folder / f"plain{number}.html"
            self.run_program("import", "--path", plain, "--report", report, *options)
            self.harmless.found |= Tags(report.read_text()).found

    def test_through_every_way_out(self):
        self.assertGreaterEqual(len(NAMES), 300)
        report = self.folder / "report.html"
        imported = 0
        for path in self.files:
            with self.subTest(path.name):
                done = self.run_program("inspect", path)
                self.assert_text_harmless(done)
                done = self.run_program("inspect", path, "--json")
                self.assertEqual(len(self.assert_json_harmless(done.stdout)["certificates"]), 1)
                done = self.run_program("import", "--path", path, "--report", report)
                self.assertIn(done.returncode, (0, 5), done.stderr)
                imported += done.returncode == 0
                self.assert_text_harmless(done)
                self.assert_page_harmless(report.read_text())
                self.assert_json_harmless(report.with_suffix(".json").read_text())
                report.unlink()
        self.assertGreater(imported, 0)
        listed = self.run_program("get", "--all")
        self.assertEqual(listed.returncode, 0)
        self.assert_text_harmless(listed)
        self.assertEqual(len(self.assert_json_harmless(self.run_program("get", "--all", "--json").stdout)["certificates"]), imported + 2)
        self.assert_text_harmless(self.run_program("audit"))
        self.assert_json_harmless(self.run_program("audit", "--json").stdout)
        table = self.run_program("get", "--all", "--csv")
        self.assertEqual(table.returncode, 0, table.stderr)
        self.assertEqual(acting(table.stdout.replace("\r\n", "\n")), [])
        rows = list(csv.reader(io.StringIO(table.stdout, newline=""), strict=True))
        self.assertEqual({len(row) for row in rows}, {len(rows[0])})
        self.assertEqual([cell for row in rows for cell in row if cell[:1] in tuple("=+-@\t\r")], [])

    def test_of_files(self):
        for name in ("\x1b[2J.pem", "\u202egpj.pem", "line\nbreak.pem", "<script>alert(1)<.pem", "=cmd|x.pem", b"\xff\xfe.pem".decode(errors="surrogateescape")):
            path = self.folder / name
            path.write_bytes(self.files[-1].read_bytes())
            report = self.folder / "report.html"
            with self.subTest(ascii(name)):
                self.assert_text_harmless(self.run_program("inspect", path))
                self.assert_json_harmless(self.run_program("inspect", path, "--json").stdout)
                self.assert_text_harmless(self.run_program("import", "--path", path, "--report", report))
                self.assert_page_harmless(report.read_text())
                self.assert_text_harmless(self.run_program("inspect", str(path) + "none"))


if __name__ == "__main__":
    made_files.main()
