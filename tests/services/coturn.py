import service
import unprivileged


class Coturn(unprivileged.Unprivileged):
    pattern = "coturn"
    type = "DataEdgeExternal"
    replace_port = "port = 5349"
    account = "turnserver"

    def configure(self):
        (self.place / "turnserver.conf").write_text(
            f"listening-ip=127.0.0.1\nrelay-ip=127.0.0.1\nlistening-port={service.free_port()}\ntls-listening-port={self.port}\n"
            f"cert={self.folder}/fullchain.pem\npkey={self.folder}/privkey.pem\nno-udp\nno-dtls\nno-cli\nno-tcp\n"
            "lt-cred-mech\nuser=somebody:something\nrealm=litwareinc.com\nrelay-threads=2\nlog-file=stdout\nsimple-log\n"
            f"userdb={self.run}/turndb\npidfile={self.run}/pid\n")

    def command(self):
        return self.as_account("/usr/bin/turnserver", "-c", str(self.place / "turnserver.conf"))

    def adapt(self, text):
        # It may not be the only one here.
        return super().adapt(text).replace('signal = "SIGUSR2"', f'signal = "SIGUSR2"\npid_file = "{self.run}/pid"')
