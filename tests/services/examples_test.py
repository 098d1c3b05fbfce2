"""The bindings in docs/examples/bindings do with the real programs what they say, as flips_test.py has it for those built in."""

import pathlib
import re
import subprocess

import flips_test
import made_files
import service

EXAMPLES = pathlib.Path(__file__).parent.parent.parent / "docs/examples/bindings"

# (module beside this file, class in it)
SERVICES = [
    ("redis", "Redis"),
    ("caddy", "Caddy"),
    ("nss", "Nss"),
    ("softhsm2_nginx", "Softhsm2Nginx"),
    ("java_jks", "JavaJks"),
]


class Examples(flips_test.Flips):
    def bind(self, made):
        self.rebind(made, lambda text: text)

    def rebind(self, made, change):
        """The example, with the ports and paths of this instance, then changed."""
        path = self.home / "bindings.d" / f"{made.pattern}.toml"
        path.parent.mkdir(mode=0o755, exist_ok=True)
        path.write_text(change(made.adapt((EXAMPLES / path.name).read_text())))
        path.chmod(0o644)

    def running(self, module, kind):
        """It serves its first certificate from certferry. The service, SHA-256."""
        made = self.instance(module, kind)
        first = self.assign(made, "first")
        self.bind(made)
        self.json_of("binding", "place", made.pattern)
        made.start()
        self.json_of("agent", "--once")
        return made, first

    def assert_rolled_back(self, made, name, because):
        answer = self.import_new(made, name)
        assigned = self.json_of("set", "--type", made.type, "--thumbprint", answer["thumbprint"], exit_code=4)
        self.assertEqual(assigned["error"]["id"], "CF1742", assigned)
        self.assertRegex(assigned["error"]["message"], because)
        return answer["sha256"]

    def old_elsewhere(self, made):
        """Another address, which goes on serving the first certificate whatever happens."""
        port = service.free_port()
        name = self.folder / f"{made.pattern}-first"
        server = subprocess.Popen(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", f"{name}.pem", "-key", f"{name}.key", "-quiet"],
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip

        def stop():
            server.kill()
            server.wait()
            server.stdin.close()

        self.addCleanup(stop)
        service.wait_until(lambda: service.served(port), "openssl s_server does not answer")
        return port

    def goes_back(self, module, kind):
        made, first = self.running(module, kind)
        # The reload fails: nothing new is taken.
        self.rebind(made, lambda text: re.sub(r"(\[reload\]\ncommand = )\[[^]]*\]\n(as = .*\n)?(expect = .*\n)?", r'\1["/bin/false"]\n', text))
        self.assert_rolled_back(made, "second", "CF1664: /bin/false ended with status 1")
        self.assertEqual(made.served(), first)
        # It takes the new one, and another address does not: it has to take the old one again.
        port = self.old_elsewhere(made)
        self.rebind(made, lambda text: f"{text}\n[[probe]]\nport = {port}\n[limits]\nprobe = 2\n")
        seen = self.assert_rolled_back(made, "third", f"CF1746: .*:{port} .*serves")
        self.assertEqual(made.served(), first)
        self.bind(made)
        self.json_of("set", "--type", made.type, "--thumbprint", seen[:16])
        self.assertEqual(made.served(), seen)

    def test_a_service_that_watches_its_files_gets_them_by_the_shipped_pattern(self):
        self.bind = lambda made: flips_test.Flips.bind(self, made)
        self.flips("files", "Files")
        path = self.home / "bindings.d/files.toml"
        path.unlink()
        made, first = self.running("files", "Files")
        port = self.old_elsewhere(made)
        path.write_text(f"{path.read_text()}\n[[probe]]\nport = {port}\n[limits]\nprobe = 2\n")
        self.assert_rolled_back(made, "second", f"CF1746: .*:{port} .*serves")
        self.assertEqual(made.served(), first)

    def test_the_token_keeps_the_keys_that_are_needed_and_no_others(self):
        made, first = self.running("softhsm2_nginx", "Softhsm2Nginx")
        self.assertEqual(made.labels(), sorted([f"web-{first}"]))
        second = self.assign(made, "second")
        # Workers use the old one until they have read the name of the new one.
        self.assertEqual(made.labels(), sorted([f"web-{first}", f"web-{second}"]))
        third = self.assign(made, "third")
        self.assertEqual(made.labels(), sorted([f"web-{second}", f"web-{third}"]))
        self.assertEqual(made.served(), third)
        # One that is deleted comes back when its certificate does.
        self.json_of("set", "--type", made.type, "--thumbprint", first[:16])
        self.assertEqual(made.labels(), sorted([f"web-{third}", f"web-{first}"]))
        self.assertEqual(made.served(), first)
        self.json_of("remove", "--type", made.type, "--force")
        self.assertEqual(made.labels(), [])
        self.assertEqual(made.key_configuration.read_text(), made.no_key)

    def test_a_token_that_cannot_be_opened_leaves_the_old_key_in_use(self):
        made, first = self.running("softhsm2_nginx", "Softhsm2Nginx")
        made.pin_file.write_text("000000")
        self.assert_rolled_back(made, "second", "CF1664: .*Error in provided PIN")
        self.assertEqual(made.served(), first)
        made.pin_file.write_text(made.pin)
        self.assertEqual(made.labels(), sorted([f"web-{first}"]))
        third = self.assign(made, "third")
        self.assertEqual(made.served(), third)

    def test_a_key_of_a_kind_that_breaks_the_service_is_refused(self):
        for module, kind in (("nss", "Nss"), ("softhsm2_nginx", "Softhsm2Nginx")):
            with self.subTest(module):
                self.home = self.home.parent / module
                self.home.mkdir(mode=0o755)
                made, first = self.running(module, kind)
                made_files.openssl("genpkey", "-algorithm", "ed25519", "-out", self.folder / f"{made.pattern}-other.key")
                answer = self.import_new(made, "other")
                assigned = self.json_of("set", "--type", made.type, "--thumbprint", answer["thumbprint"], exit_code=1)
                self.assertEqual(assigned["error"]["id"], "CF1739")
                self.assertIn(f"{made.pattern} takes no ed25519 keys", assigned["error"]["message"])
                self.assertEqual(made.served(), first)

    def test_caddy_finds_a_broken_configuration_before_anything_changes(self):
        made, first = self.running("caddy", "Caddy")
        made.break_configuration()
        self.assert_rolled_back(made, "second", "keeps what it has: CF1663")
        self.assertEqual(made.served(), first)


# What the class has from there runs there.
for _name in [name for name in dir(flips_test.Flips) if name.startswith("test_")]:
    setattr(Examples, _name, None)
for _module, _kind in SERVICES:
    setattr(Examples, f"test_{_module}", lambda self, module=_module, kind=_kind: self.flips(module, kind))
    setattr(Examples, f"test_{_module}_goes_back", lambda self, module=_module, kind=_kind: self.goes_back(module, kind))


if __name__ == "__main__":
    made_files.main()
