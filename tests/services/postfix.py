import subprocess

import service

MASTER = """127.0.0.1:{port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
tlsmgr unix - - n 1000? 1 tlsmgr
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
"""


class Postfix(service.Service):
    pattern = "postfix"
    type = "Default"
    starttls = "smtp"
    replace_port = "port = 25"
    patience = 5

    def __init__(self, place, home):
        super().__init__(place, home)
        # Its master process leads a group of its own.
        self.group_file = self.place / "spool/pid/master.pid"
        # `postfix check` looks at the owner of all that lies there.
        self.configuration = self.place / "etc"

    def configure(self, more=""):
        for folder in (self.group_file.parent, self.configuration):
            folder.mkdir(parents=True, exist_ok=True)
        data = self.place / "data"
        if not data.exists():
            data.mkdir()
            subprocess.run(["chown", "postfix", data], check=True)
        (self.configuration / "master.cf").write_text(MASTER.format(port=self.port))
        (self.configuration / "main.cf").write_text(
            f"compatibility_level = 3.6\nqueue_directory = {self.place}/spool\ndata_directory = {data}\ncommand_directory = /usr/sbin\n"
            f"daemon_directory = /usr/lib/postfix/sbin\nmaillog_file = {self.place}/mail.log\nmaillog_file_prefixes = {self.place}\n"
            f"myhostname = {service.NAME}\nmydestination =\nalias_maps =\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n"
            f"smtpd_peername_lookup = no\nsmtpd_tls_security_level = may\n{more}"
            f"smtpd_tls_chain_files = {self.folder}/chain.pem\n")

    def put_first(self, certificate, key):
        self.folder.mkdir(parents=True)
        (self.folder / "chain.pem").write_bytes(key.read_bytes() + certificate.read_bytes())

    def command(self):
        return ["/usr/sbin/postfix", "-c", str(self.configuration), "start-fg"]

    def adapt(self, text):
        return super().adapt(text).replace('command = ["/usr/sbin/postfix"', f'command = ["/usr/sbin/postfix", "-c", "{self.configuration}"')

    def break_configuration(self):
        self.configure(more="nonsense\n")
        return True

    def serve_other_certificate(self, certificate, key):
        names = self.configuration / "sni"
        names.write_text(f"{service.OTHER_NAME} {key} {certificate}\n")
        names.chmod(0o600)  # the map gets the same mode, and holds the key
        self.configure(more=f"tls_server_sni_maps = hash:{names}\n")
        subprocess.run(["/usr/sbin/postmap", "-c", self.configuration, "-F", f"hash:{names}"], check=True)
        return True
