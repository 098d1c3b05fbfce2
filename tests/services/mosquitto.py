import shutil

import service


class Mosquitto(service.Service):
    pattern = "mosquitto"
    type = "MPNService"
    replace_port = "port = 8883"
    exportable = True
    account = "mosquitto"

    def configure(self):
        run = self.place / "run"
        if not run.exists():
            run.mkdir()
            shutil.chown(run, self.account, self.account)
        (self.place / "mosquitto.conf").write_text(
            f"pid_file {run}/mosquitto.pid\npersistence false\nlog_dest stderr\nallow_anonymous true\n"
            f"listener {self.port} 127.0.0.1\ncertfile {self.folder}/fullchain.pem\nkeyfile {self.folder}/privkey.pem\n")

    def command(self):
        return ["/usr/sbin/mosquitto", "-c", str(self.place / "mosquitto.conf")]

    def adapt(self, text):
        return super().adapt(text).replace("/run/mosquitto/mosquitto.pid", f"{self.place}/run/mosquitto.pid")
