import service


class Dovecot(service.Service):
    pattern = "dovecot"
    type = "Default"
    starttls = "imap"
    replace_port = "port = 143"
    patience = 3

    def __init__(self, place, home):
        super().__init__(place, home)
        self.tls_port = service.free_port()

    def configure(self, broken="", more=""):
        (self.place / "dovecot.conf").write_text(
            f"base_dir = {self.place}/run\nstate_dir = {self.place}/state\nlog_path = {self.place}/dovecot.log\nprotocols = imap\n{broken}"
            f"listen = 127.0.0.1\nmail_location = maildir:{self.place}/mail\n"
            f"ssl = yes\nssl_cert = <{self.folder}/fullchain.pem\nssl_key = <{self.folder}/privkey.pem\n{more}"
            "passdb {\n  driver = static\n  args = nopassword=y\n}\n"
            f"userdb {{\n  driver = static\n  args = uid=dovecot gid=dovecot home={self.place}\n}}\n"
            f"service imap-login {{\n  inet_listener imap {{\n    port = {self.port}\n  }}\n"
            f"  inet_listener imaps {{\n    port = {self.tls_port}\n  }}\n}}\n")

    def command(self):
        # Killed a moment ago by its parent's other child, it is a zombie, which dovecot takes for a running one.
        return ["/bin/sh", "-c", f"rm -f {self.place}/run/master.pid; exec /usr/sbin/dovecot -F -c {self.place}/dovecot.conf"]

    def adapt(self, text):
        for program in ("doveconf", "doveadm"):
            text = text.replace(f'command = ["/usr/bin/{program}"', f'command = ["/usr/bin/{program}", "-c", "{self.place}/dovecot.conf"')
        return super().adapt(text).replace("port = 993", f"port = {self.tls_port}")

    def break_configuration(self):
        self.configure(broken="nonsense {\n")
        return True

    def serve_other_certificate(self, certificate, key):
        self.configure(more=f"local_name {service.OTHER_NAME} {{\n  ssl_cert = <{certificate}\n  ssl_key = <{key}\n}}\n")
        return True
