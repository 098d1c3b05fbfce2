import service
import unprivileged

CONFIGURATION = """pidfile = "{run}/pid"
data_path = "{run}"
daemonize = false
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
modules_enabled = {{ "roster", "saslauth", "tls", "disco" }}
modules_disabled = {{ "s2s", "posix_log" }}
log = {{ info = "*console" }}
authentication = "internal_hashed"
{broken}
VirtualHost "{name}"
  ssl = {{ certificate = "{folder}/fullchain.pem", key = "{folder}/privkey.pem" }}
VirtualHost "{other_name}"
  ssl = {{ certificate = "{other_certificate}", key = "{other_key}" }}
"""


class Prosody(unprivileged.Unprivileged):
    pattern = "prosody"
    type = "XMPPServer"
    starttls = "xmpp"
    replace_port = "port = 5222"
    account = "prosody"
    names = service.NAME, service.OTHER_NAME  # check certs looks at each

    @property
    def configuration(self):
        return self.place / "prosody.cfg.lua"

    def configure(self, broken="", other=None):
        certificate, key = other or (f"{self.folder}/fullchain.pem", f"{self.folder}/privkey.pem")
        self.configuration.write_text(CONFIGURATION.format(run=self.run, port=self.port, folder=self.folder, name=service.NAME, broken=broken,
                                                           other_name=service.OTHER_NAME, other_certificate=certificate, other_key=key))

    def command(self):
        return self.as_account("/usr/bin/prosody", "-F", "--config", str(self.configuration))

    def adapt(self, text):
        text = text.replace("/run/prosody/prosody.pid", f"{self.run}/pid")
        return super().adapt(text).replace('"/usr/bin/prosodyctl", ', f'"/usr/bin/prosodyctl", "--config", "{self.configuration}", ')

    def break_configuration(self):
        self.configure(broken="nonsense nonsense nonsense\n")
        return True

    def serve_other_certificate(self, certificate, key):
        self.configure(other=(certificate, key))
        return True
