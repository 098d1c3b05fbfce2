import service


class Files(service.Service):
    """Prometheus' node exporter reads its certificate anew at every handshake; nobody tells it anything."""

    pattern = "files"
    exportable = True
    account = "prometheus"

    def configure(self):
        (self.place / "web.yml").write_text(f"tls_server_config:\n  cert_file: {self.folder}/fullchain.pem\n  key_file: {self.folder}/privkey.pem\n")

    def command(self):
        return ["/usr/bin/setpriv", f"--reuid={self.account}", f"--regid={self.account}", "--init-groups", "/usr/bin/prometheus-node-exporter",
                f"--web.listen-address=127.0.0.1:{self.port}", f"--web.config.file={self.place}/web.yml", "--collector.disable-defaults"]

    def adapt(self, text):
        """The pattern is for any service: who reads its files, and where it listens, has to be added."""
        key = '[[file]]\ncontent = "key"'
        before, after = text.split(key)
        after = after.replace('group = "root"\nmode = "0600"', f'group = "{self.account}"\nmode = "0640"')
        account = f'account = "{self.account}"\nkey_reader = "account"\ndetect = []'
        return super().adapt(before.replace("detect = []", account) + key + after + f"\n[[probe]]\nport = {self.port}\n")
