"""Each service that certferry ships a binding for gets its certificates, with the real program and the shipped pattern."""

import importlib
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))
import made_files  # noqa: E402
import service  # noqa: E402

# (module beside this file, class in it)
SERVICES = [
    ("nginx", "Nginx"),
    ("haproxy", "Haproxy"),
    ("apache2", "Apache2"),
    ("postfix", "Postfix"),
    ("dovecot", "Dovecot"),
    ("postgresql", "Postgresql"),
    ("slapd", "Slapd"),
    ("mosquitto", "Mosquitto"),
    ("kamailio", "Kamailio"),
    ("coturn", "Coturn"),
    ("prosody", "Prosody"),
    ("ejabberd", "Ejabberd"),
    ("java_keystore", "JavaKeystore"),
]


class Flips(made_files.ProgramTest):
    def setUp(self):
        super().setUp()
        self.home.mkdir(parents=True, mode=0o755)
        for folder in (self.folder, self.home.parent):
            folder.chmod(0o755)

    def instance(self, module, kind):
        place = pathlib.Path(tempfile.mkdtemp(prefix=module + "-", dir=self.folder))
        place.chmod(0o755)
        made = getattr(importlib.import_module(module), kind)(place, self.home)
        self.addCleanup(made.stop)
        return made

    def bind(self, made):
        """The shipped pattern, with the ports and paths of this instance."""
        self.json_of("binding", "new", made.pattern, "--type", made.type)
        path = self.home / "bindings.d" / f"{made.pattern}.toml"
        path.write_text(made.adapt(path.read_text()))

    def import_new(self, made, name):
        exportable = ["--private-key-exportable", "true"] if made.exportable else []
        return self.import_file(self.ca.server(f"{made.pattern}-{name}"), *exportable)

    def assign(self, made, name, *more):
        answer = self.import_new(made, name)
        self.json_of("set", "--type", made.type, "--thumbprint", answer["thumbprint"], *more)
        return answer["sha256"]

    def flips(self, module, kind):
        """As often as such a service may need that ends by its own fault now and then."""
        tries = getattr(importlib.import_module(module), kind).tries
        for left in reversed(range(tries)):
            try:
                return self.flips_once(module, kind)
            except AssertionError:
                if not left:
                    raise
            self.home = self.home.with_name(f"home-{left}")
            self.home.mkdir(mode=0o755)

    def flips_once(self, module, kind):
        made = self.instance(module, kind)
        first = self.assign(made, "first")
        self.bind(made)
        # A service does not start without its files.
        self.json_of("binding", "place", made.pattern)
        made.start()
        self.json_of("agent", "--once")
        self.assertEqual(made.served(), first)
        self.assertEqual(self.json_of("status")["uses"][0]["deployment"], "verified")
        second = self.assign(made, "second")
        self.assertEqual(made.served(), second)
        made_files.openssl("genrsa", "-out", self.folder / f"{made.pattern}-rsa.key", "2048")
        later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        rsa = self.assign(made, "rsa", "--roll", "--effective-date", later)
        self.assertEqual(made.served(), second)
        self.json_of("roll", "now", "--type", made.type)
        self.assertEqual(made.served(), rsa)
        self.json_of("rollback", "--type", made.type)
        self.assertEqual(made.served(), second)
        self.assertTrue(self.json_of("doctor")["clean"])
        self.json_of("remove", "--type", made.type, "--force")
        self.assertFalse(made.folder.exists())


for _module, _kind in SERVICES:
    setattr(Flips, f"test_{_module}", lambda self, module=_module, kind=_kind: self.flips(module, kind))


if __name__ == "__main__":
    made_files.main()
