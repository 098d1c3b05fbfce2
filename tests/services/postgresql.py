import subprocess

import service

PROGRAMS = "/usr/lib/postgresql/15/bin"


class Postgresql(service.Service):
    pattern = "postgresql"
    type = "Default"
    starttls = "postgres"
    replace_port = "port = 5432"
    exportable = True
    account = "postgres"

    @property
    def data(self):
        return self.place / "data"

    def as_account(self, *words):
        return ["/usr/bin/setpriv", f"--reuid={self.account}", f"--regid={self.account}", "--init-groups", *words]

    def configure(self, broken=""):
        if not self.data.exists():
            self.data.mkdir(mode=0o700)
            subprocess.run(["chown", self.account, self.data], check=True)
            subprocess.run(self.as_account(f"{PROGRAMS}/initdb", "--no-sync", "-A", "trust", "-D", self.data), check=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, cwd="/")
        (self.data / "postgresql.conf").write_text(
            f"listen_addresses = '127.0.0.1'\nport = {self.port}\nunix_socket_directories = '{self.data}'\nfsync = off\n{broken}"
            f"ssl = on\nssl_cert_file = '{self.folder}/fullchain.pem'\nssl_key_file = '{self.folder}/privkey.pem'\n")

    def command(self):
        return self.as_account(f"{PROGRAMS}/postgres", "-D", str(self.data))

    def adapt(self, text):
        for folder in ("/var/lib/postgresql/15/main", "/etc/postgresql/15/main"):
            text = text.replace(folder, str(self.data))
        return super().adapt(text)

    def break_configuration(self):
        self.configure(broken="nonsense nonsense\n")
        return True
