import pathlib
import subprocess
import tomllib

import java_keystore
import service

EXAMPLE = pathlib.Path(__file__).parent.parent.parent / "docs/examples/bindings/java-jks.toml"


class JavaJks(java_keystore.JavaKeystore):
    pattern = "java-jks"
    watches = False
    keystore = "keystore.jks"

    def start(self):
        if not (self.folder / self.keystore).exists():
            self.prepare()
        super().start()

    def prepare(self):
        """By hand, as the example's comments want it the first time."""
        for words in tomllib.loads(self.adapt(EXAMPLE.read_text()))["prepare"]:
            words = [word.replace("${folder}", str(self.folder)) for word in words["command"]]
            subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)

    def adapt(self, text):
        self.write_password()
        return service.Service.adapt(self, text).replace("/etc/certferry/keystore.password", f"{self.place}/keystore.password")
