"""Where a private key's octets lie after it went through a fleet: in the key files of those who shall have it, and nowhere else."""

import base64
import os
import re
import subprocess
import time

import fleet_test
import made_files
import relay_test
import store_test

WEB = fleet_test.WEB


class Keys(fleet_test.WithBundles):
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
        """What a process holds in memory: every page of it that is there and may be written."""
        page, most = os.sysconf("SC_PAGE_SIZE"), 1 << 24
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory, open(f"/proc/{pid}/pagemap", "rb", 0) as pages:
            for line in maps:
                span, rights = line.split()[:2]
                begin, end = (int(part, 16) for part in span.split("-"))
                # AddressSanitizer's shadow, terabytes of it, says which octets may be touched and holds none of them.
                if not rights.startswith("rw") or end - begin > 1 << 38:
                    continue
                for place in range(begin, end, most):
                    octets = min(most, end - place)
                    try:
                        pages.seek(place // page * 8)
                        if not any(pages.read(octets // page * 8)[7::8]):
                            continue
                        memory.seek(place)
                        yield memory.read(octets)
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
            self.assertEqual(self.left_in(agent.pid, forms, str(web)), [])
            self.assertIsNone(agent.poll())
        finally:
            agent.terminate()
            agent.wait(30)
        self.assertFalse(any(form in log.read_bytes() for form in forms))

    def left_in(self, pid, forms, known):
        """Those of the forms that the process still holds after some time; while it works it may hold them."""
        deadline, left = time.monotonic() + 20, forms
        while left and time.monotonic() < deadline:
            areas = list(self.memory(pid))
            self.assertTrue(any(known.encode() in area for area in areas), "the search finds what is there")
            left = [form for form in forms if any(form in area for area in areas)]
        return left


class KeysOnTheirWay(relay_test.WithRelays):
    """The same over a relay and a store on etcd: neither ever has what opens a key."""
    forms, holders, memory, left_in = Keys.forms, Keys.holders, Keys.memory, Keys.left_in

    def test_key_octets_are_in_no_relay_and_in_no_file_of_etcd(self):
        etcd = store_test.Etcd()
        self.addCleanup(etcd.end)
        self.on(self.admin, "store", "migrate", "--to", etcd.url("fleet"))
        # The relay of an administrator's home has the fleet's keys beside it; one on a computer of its own has not.
        self.serve()
        self.agent(self.admin)
        relay = self.join("relay01.litwareinc.com", "--type", "Default")
        with (relay / "certferry.toml").open("a") as config:
            config.write(f'[store]\nurl = "{etcd.url("fleet")}"\n')
        port = relay_test.ports.free_port()
        (relay / "fleet/root.key").write_bytes((self.admin / "fleet/root.key").read_bytes())
        server = self.start("serve", "--listen", f"127.0.0.1:{port}", "--relay", f"localhost:{port}", home=relay)
        (relay / "fleet/root.key").unlink()
        self.programs[0].end()  # every answer comes from the one that is searched
        web = self.join(relay_test.WEB, "--pool", relay_test.POOL)
        agent = self.agent(web).wait_for("connected to the relay")
        sha256 = self.assign("planted")
        self.serves(web, sha256)
        self.told(relay_test.WEB, sha256, "active")

        planted = self.forms((web / f"certificates/{sha256}/privkey.pem").read_text())
        secret = planted + self.forms((web / "fleet/sealing.key").read_text()) + self.forms((self.admin / "fleet/administrator.key").read_text())
        self.assertEqual({path.name for path in self.holders(planted)}, {"privkey.pem"})
        data = b"".join(path.read_bytes() for path in etcd.folder.rglob("*") if path.is_file())
        self.assertIn(sha256.encode(), data, "the search finds what is there")
        self.assertEqual([form for form in secret if form in data], [])
        self.assertEqual(self.left_in(server.process.pid, secret, relay_test.WEB), [])
        self.assertEqual(self.left_in(etcd.process.pid, secret, sha256), [])
        self.assertEqual(self.left_in(agent.process.pid, secret, relay_test.WEB), [])
        for program in self.programs:
            self.assertFalse(any(form.decode("latin-1") in line for form in secret for line in program.lines))


if __name__ == "__main__":
    made_files.main()
