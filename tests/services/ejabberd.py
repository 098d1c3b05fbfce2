import service
import unprivileged

# Its node is on this computer only, and needs no port mapper.
CONTROL = """ERLANG_NODE=certferry{port}@localhost
INET_DIST_INTERFACE=127.0.0.1
ERL_DIST_PORT={node_port}
ERL_OPTIONS="-setcookie certferry{port} -env ERL_CRASH_DUMP_BYTES 0"
ERL_PROCESSES=20000
EJABBERD_PID_PATH={run}/pid
"""
CONFIGURATION = """hosts: [{name}]
loglevel: warning
certfiles: [{folder}/fullchain.pem, {folder}/privkey.pem]
ca_file: /etc/ssl/certs/ca-certificates.crt
{broken}listen:
  -
    port: {port}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    starttls_required: true
auth_method: [anonymous]
modules: {{}}
"""


class Ejabberd(unprivileged.Unprivileged):
    pattern = "ejabberd"
    type = "XMPPServer"
    starttls = "xmpp"
    replace_port = "port = 5222"
    account = "ejabberd"
    patience = 10  # it is slow to start

    def __init__(self, place, home):
        super().__init__(place, home)
        self.node_port = service.free_port()

    def configure(self, broken=""):
        (self.place / "ejabberdctl.cfg").write_text(CONTROL.format(run=self.run, port=self.port, node_port=self.node_port))
        (self.place / "ejabberd.yml").write_text(CONFIGURATION.format(port=self.port, name=service.NAME, folder=self.folder, broken=broken))

    @property
    def control(self):
        """The words that name this instance."""
        return ["--config", f"{self.place}/ejabberd.yml", "--ctl-config", f"{self.place}/ejabberdctl.cfg", "--logs", str(self.run), "--spool", str(self.run)]

    def command(self):
        return self.as_account("/usr/sbin/ejabberdctl", *self.control, "foreground")

    def adapt(self, text):
        words = ", ".join(f'"{word}"' for word in self.control)
        return super().adapt(text).replace('command = ["/usr/sbin/ejabberdctl"', f'command = ["/usr/sbin/ejabberdctl", {words}')

    def break_configuration(self):
        self.configure(broken="  nonsense: [\n")
        return True
