import subprocess

import service


class Nss(service.Service):
    pattern = "nss"
    password = "planted-nss-4d2e"

    def configure(self):
        (self.place / "nss.password").write_text(self.password + "\n")
        (self.place / "nss.password").chmod(0o600)

    def put_first(self, certificate, key):
        database = self.folder / "nssdb"
        database.mkdir(parents=True)
        self.configure()
        password = ["-f", str(self.place / "nss.password")]
        subprocess.run(["certutil", "-N", "-d", f"sql:{database}", *password], check=True, stdin=subprocess.DEVNULL, timeout=60)
        keystore = self.place / "own.p12"
        subprocess.run(["openssl", "pkcs12", "-export", "-in", certificate, "-inkey", key, "-name", "myserver", "-out", keystore, "-passout",
                        f"file:{password[1]}"], check=True)  # fmt: skip
        subprocess.run(["pk12util", "-i", keystore, "-d", f"sql:{database}", "-w", password[1], "-k", password[1]], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, timeout=60)  # fmt: skip

    def command(self):
        return ["/usr/bin/selfserv", "-d", f"sql:{self.folder}/nssdb", "-n", "myserver", "-p", str(self.port), "-f", str(self.place / "nss.password"),
                "-V", "tls1.2:"]

    def adapt(self, text):
        text = text.replace("/etc/certferry/secrets/nss.password", f"{self.place}/nss.password")
        return super().adapt(text)
