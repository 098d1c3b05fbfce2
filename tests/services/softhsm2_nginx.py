import os
import pathlib
import shutil
import subprocess

import nginx
import service

HELPER = pathlib.Path(__file__).parent.parent.parent / "docs/examples/bindings/pkcs11-key"


class Softhsm2Nginx(nginx.Nginx):
    pattern = "softhsm2-nginx"
    exportable = True
    account = "www-data"
    pin = "482913"
    no_key = "# none yet\n"

    def __init__(self, place, home):
        super().__init__(place, home)
        self.token_configuration = self.place / "softhsm2.conf"
        self.pin_file = self.place / "token.pin"
        self.key_configuration = self.place / "certferry-key.conf"

    def make_token(self):
        tokens = self.place / "tokens"
        tokens.mkdir(mode=0o700)
        shutil.chown(tokens, self.account)
        self.token_configuration.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.pin_file.write_text(self.pin)
        shutil.chown(self.pin_file, group=self.account)
        self.pin_file.chmod(0o640)
        self.as_account("softhsm2-util", "--init-token", "--free", "--label", "certferry", "--pin", self.pin, "--so-pin", "7391265")

    def as_account(self, *words):
        environment = dict(os.environ, SOFTHSM2_CONF=str(self.token_configuration))
        return subprocess.run(["runuser", "-u", self.account, "--", *map(str, words)], env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)  # fmt: skip

    def labels(self):
        """Of the private keys in the token."""
        listed = self.as_account("p11tool", "--batch", "--login", "--only-urls", "--list-privkeys", f"pkcs11:token=certferry;pin-source={self.pin_file}")
        return sorted(part[len("object="):] for url in listed.stdout.split() for part in url.split(";") if part.startswith("object="))

    def start(self):
        if not self.token_configuration.exists():
            self.make_token()
            self.prepare()
        super().start()

    def prepare(self):
        """By hand, as the example's comments want it the first time."""
        words = ["web", self.folder, self.home / "live" / self.type / "current", "certferry", self.pin_file, self.account, self.key_configuration]
        self.key_configuration.write_text(self.no_key)
        subprocess.run([*self.environment(), HELPER, *words], check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)

    def configure(self, broken="", more=""):
        super().configure(broken, more)
        path = self.place / "nginx.conf"
        text = path.read_text().replace(f"ssl_certificate_key {self.folder}/privkey.pem;", f"include {self.key_configuration};")
        path.write_text(f"user {self.account};\nenv SOFTHSM2_CONF;\nssl_engine pkcs11;\n" + text)

    def environment(self):
        return ["/usr/bin/env", f"SOFTHSM2_CONF={self.token_configuration}"]

    def command(self):
        return [*self.environment(), *super().command()]

    def adapt(self, text):
        words = "".join(f'"{word}", ' for word in self.environment())
        for there, here in {"/etc/nginx/certferry-token.pin": self.pin_file, "/etc/nginx/certferry-key.conf": self.key_configuration}.items():
            text = text.replace(there, str(here))
        text = text.replace('"/usr/local/sbin/pkcs11-key"', f'{words}"{HELPER}"')
        return super().adapt(text).replace(f'command = ["{self.binary}"', f'command = [{words}"{self.binary}"')
