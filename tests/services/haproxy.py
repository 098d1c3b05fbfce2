import service


class Haproxy(service.Service):
    pattern = "haproxy"
    binary = "/usr/sbin/haproxy"

    def configure(self, broken="", more=""):
        (self.place / "haproxy.cfg").write_text(
            f"global\n  user haproxy\n  group haproxy\n  stats socket {self.place}/admin.sock level admin\n{broken}"
            f"defaults\n  mode http\n  timeout connect 5s\n  timeout client 5s\n  timeout server 5s\n"
            f"frontend web\n  bind 127.0.0.1:{self.port} ssl crt {self.folder}/site.pem{more}\n  http-request return status 200\n")

    def put_first(self, certificate, key):
        self.folder.mkdir(parents=True)
        (self.folder / "site.pem").write_bytes(certificate.read_bytes() + key.read_bytes())

    def command(self):
        return [self.binary, "-W", "-db", "-p", str(self.place / "pid"), "-f", str(self.place / "haproxy.cfg")]

    def adapt(self, text):
        for there, here in {"/etc/haproxy/haproxy.cfg": "haproxy.cfg", "/run/haproxy/admin.sock": "admin.sock", "/run/haproxy.pid": "pid"}.items():
            text = text.replace(f'"{there}"', f'"{self.place / here}"')
        return super().adapt(text)

    def break_configuration(self):
        self.configure(broken="  nonsense\n")
        return True

    def serve_other_certificate(self, certificate, key):
        other = self.place / "other.pem"
        other.write_bytes(certificate.read_bytes() + key.read_bytes())
        self.configure(more=f" crt {other}")
        return True
