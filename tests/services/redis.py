import subprocess

import service


class Redis(service.Service):
    pattern = "redis"
    replace_port = "port = 6379"
    exportable = True
    account = "redis"

    def configure(self):
        # It makes its socket there.
        shared = self.place / "run"
        shared.mkdir(exist_ok=True)
        subprocess.run(["chown", self.account, shared], check=True)
        (self.place / "redis.conf").write_text(
            f'bind 127.0.0.1\nport 0\ntls-port {self.port}\nsave ""\ndir {shared}\nunixsocket {shared}/redis.sock\ntls-auth-clients no\n'
            f"tls-cert-file {self.folder}/fullchain.pem\ntls-key-file {self.folder}/privkey.pem\n")

    def command(self):
        return ["/usr/bin/setpriv", f"--reuid={self.account}", f"--regid={self.account}", "--init-groups", "/usr/bin/redis-server",
                str(self.place / "redis.conf")]

    def adapt(self, text):
        return super().adapt(text).replace("/run/redis/redis.sock", f"{self.place}/run/redis.sock")
