import pathlib
import subprocess
import tomllib

import service

EXAMPLE = pathlib.Path(__file__).parent.parent.parent / "docs/examples/bindings/nss.toml"


class Nss(service.Service):
    pattern = "nss"
    password = "planted-nss-4d2e"

    def __init__(self, place, home):
        super().__init__(place, home)
        # certferry needs it too, before there is anything to start.
        (self.place / "nss.password").write_text(self.password + "\n")
        (self.place / "nss.password").chmod(0o600)

    def configure(self):
        """All it has to know is among its words."""

    def start(self):
        if not (self.folder / "nssdb").exists():
            self.prepare()
        super().start()

    def prepare(self):
        """By hand, as the example's comments want it the first time."""
        for words in tomllib.loads(self.adapt(EXAMPLE.read_text()))["prepare"]:
            words = [word.replace("${folder}", str(self.folder)) for word in words["command"]]
            subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60)

    def command(self):
        return ["/usr/bin/selfserv", "-d", f"sql:{self.folder}/nssdb", "-n", "myserver", "-p", str(self.port), "-f", str(self.place / "nss.password"),
                "-V", "tls1.2:"]

    def adapt(self, text):
        text = text.replace("/etc/certferry/secrets/nss.password", f"{self.place}/nss.password")
        return super().adapt(text)
