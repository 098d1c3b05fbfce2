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
{more}"""


class Prosody(unprivileged.Unprivileged):
    pattern = "prosody"
    type = "XMPPServer"
    starttls = "xmpp"
    replace_port = "port = 5222"
    account = "prosody"

    @property
    def configuration(self):
        return self.place / "prosody.cfg.lua"

    def configure(self, broken="", more=""):
        self.configuration.write_text(CONFIGURATION.format(run=self.run, port=self.port, folder=self.folder, name=service.NAME, broken=broken, more=more))

    def command(self):
        return self.as_account("/usr/bin/prosody", "-F", "--config", str(self.configuration))

    def adapt(self, text):
        text = text.replace("/run/prosody/prosody.pid", f"{self.run}/pid")
        return super().adapt(text).replace('"/usr/bin/prosodyctl", ', f'"/usr/bin/prosodyctl", "--config", "{self.configuration}", ')

    def break_configuration(self):
        self.configure(broken="nonsense nonsense nonsense\n")
        return True

    def serve_other_certificate(self, certificate, key):
        self.configure(more=f'VirtualHost "{service.OTHER_NAME}"\n  ssl = {{ certificate = "{certificate}", key = "{key}" }}\n')
        return True

    def mend_other_name(self):
        self.serve_other_certificate(self.folder / "fullchain.pem", self.folder / "privkey.pem")
