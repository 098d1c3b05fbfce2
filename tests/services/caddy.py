import shutil

import service


class Caddy(service.Service):
    pattern = "caddy"
    exportable = True
    account = "caddy"
    binary = "/usr/bin/caddy"

    def __init__(self, place, home):
        super().__init__(place, home)
        self.admin = service.free_port()

    def configure(self, broken="", more=""):
        data = self.place / "data"
        data.mkdir(exist_ok=True)
        shutil.chown(data, self.account)
        (self.place / "Caddyfile").write_text(
            f"{{\n\tadmin 127.0.0.1:{self.admin}\n\tauto_https off\n\tstorage file_system {data}\n{broken}}}\n"
            f"https://:{self.port} {{\n\tbind 127.0.0.1\n\ttls {self.folder}/fullchain.pem {self.folder}/privkey.pem\n\trespond 200\n}}\n{more}")

    def command(self):
        return ["/usr/bin/setpriv", f"--reuid={self.account}", f"--regid={self.account}", "--init-groups", "/usr/bin/env", f"HOME={self.place}/data",
                self.binary, "run", "--config", str(self.place / "Caddyfile"), "--adapter", "caddyfile"]

    def adapt(self, text):
        return super().adapt(text).replace("/etc/caddy/Caddyfile", f"{self.place}/Caddyfile")

    def break_configuration(self):
        self.configure(broken="\tnonsense\n")
        return True

    def serve_other_certificate(self, certificate, key):
        self.configure(more=f"https://{service.OTHER_NAME}:{self.port} {{\n\tbind 127.0.0.1\n\ttls {certificate} {key}\n\trespond 200\n}}\n")
        return True
