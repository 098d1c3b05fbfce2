"""Where a private key's octets lie after it went through a fleet: in the key files of those who shall have it, and nowhere else."""

import base64
import os
import re
import subprocess
import time

import fleet_test
import made_files

WEB = fleet_test.WEB


class Keys(made_files.ProgramTest):
    home_of = fleet_test.Fleet.home_of
    on = fleet_test.Fleet.on
    join = fleet_test.Fleet.join
    carry = fleet_test.Fleet.carry
    assign = fleet_test.Fleet.assign

    def setUp(self):
        super().setUp()
        self.place = self.home.parent
        self.admin = self.home_of("admin01.litwareinc.com")

    def forms(self, pem):
        """The secret part of a PKCS#8 key as it may lie somewhere: octets, hex, and base64 at each of the three alignments."""
        der = base64.b64decode(re.search(r"-----BEGIN PRIVATE KEY-----(.*?)-----END", pem, re.S).group(1))
        middle = 36 if len(der) < 200 else len(der) // 2
        secret = der[middle:middle + 30]
        coded = [base64.b64encode(der[middle + skip:middle + skip + 27]) for skip in range(3)]
        return [secret, secret.hex().encode(), secret.hex().upper().encode(), *coded]

    def holders(self, forms):
        found = set()
        for path in self.place.rglob("*"):
            if path.is_file() and not path.is_symlink():
                text = path.read_bytes()
                text += text.replace(b"\n", b"")
                if any(form in text for form in forms):
                    found.add(path)
        return found

    def memory(self, pid):
        """What a core dump of the process would hold."""
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                span, rights = line.split()[:2]
                if not rights.startswith("rw"):
                    continue
                begin, end = (int(part, 16) for part in span.split("-"))
                try:
                    memory.seek(begin)
                    yield memory.read(end - begin)
                except (OSError, ValueError):
                    continue

    def test_key_octets_lie_in_key_files_alone(self):
        self.on(self.admin, "fleet", "init")
        web = self.join(WEB, "--pool", "web.litwareinc.com")
        sha256 = self.assign("planted")
        self.carry(WEB)
        self.on(web, "fleet", "report", "--output", self.place / "said")
        self.on(self.admin, "fleet", "accept", self.place / "said")
        subprocess.run([str(self.program), "get", "--report", str(self.place / "report.html"), "--home", str(self.admin)], capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        (self.place / "audit.json").write_text(str(self.on(self.admin, "audit")) + str(self.on(web, "audit")))

        planted = self.forms((web / f"certificates/{sha256}/privkey.pem").read_text())
        holders = self.holders(planted)
        self.assertIn(web / f"certificates/{sha256}/privkey.pem", holders, "the search finds what is there")
        self.assertEqual({path.name for path in holders}, {"privkey.pem"}, holders)
        for name in ("administrator", "root", "sealing", "identity"):
            own = self.admin / f"fleet/{name}.key"
            self.assertEqual(self.holders(self.forms(own.read_text())), {own})

        log = self.place / "agent.log"
        with open(log, "wb") as output:
            agent = subprocess.Popen([str(self.program), "agent", "--home", str(web)], stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 30
            while b"is ready" not in log.read_bytes() and time.monotonic() < deadline:
                os.sched_yield()
            self.assertIn(b"is ready", log.read_bytes())
            second = self.assign("second")
            self.carry(WEB)
            forms = planted + self.forms((web / f"certificates/{second}/privkey.pem").read_text()) + self.forms((web / "fleet/sealing.key").read_text())
            # While it looks it may read them; afterwards nothing is left.
            left = forms
            while left and time.monotonic() < deadline:
                areas = list(self.memory(agent.pid))
                self.assertTrue(any(str(web).encode() in area for area in areas), "the search finds what is there")
                left = [form for form in forms if any(form in area for area in areas)]
            self.assertIsNone(agent.poll())
            self.assertEqual(left, [])
        finally:
            agent.terminate()
            agent.wait(30)
        self.assertFalse(any(form in log.read_bytes() for form in forms))


if __name__ == "__main__":
    made_files.main()
