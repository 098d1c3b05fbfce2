import service

MODULES = ["mpm_event", "authz_core", "socache_shmcb", "ssl"]


class Apache2(service.Service):
    pattern = "apache2"
    binary = "/usr/sbin/apache2"
    patience = 3

    def __init__(self, place, home):
        super().__init__(place, home)
        self.group_file = self.place / "pid"  # also of one that apache2ctl started

    def configure(self, broken="", more=""):
        modules = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in MODULES)
        (self.place / "apache2.conf").write_text(
            f"ServerRoot {self.place}\nServerName {service.NAME}\nPidFile {self.place}/pid\nErrorLog {self.place}/error.log\n{modules}"
            f"DefaultRuntimeDir {self.place}\nMutex file:{self.place}\nUser www-data\nGroup www-data\nStartServers 2\n"
            # Listens with SO_REUSEPORT, so that the tests can put another process beside its own.
            f"ListenCoresBucketsRatio 1\n{broken}"
            f"Listen 127.0.0.1:{self.port}\n{self.host(service.NAME, self.folder / 'fullchain.pem', self.folder / 'privkey.pem')}{more}")

    def host(self, name, certificate, key):
        return (f"<VirtualHost 127.0.0.1:{self.port}>\n  ServerName {name}\n  SSLEngine on\n  SSLCertificateFile {certificate}\n"
                f"  SSLCertificateKeyFile {key}\n</VirtualHost>\n")

    def command(self):
        return [self.binary, "-f", str(self.place / "apache2.conf"), "-D", "FOREGROUND"]

    def adapt(self, text):
        return super().adapt(text).replace('"/usr/sbin/apache2ctl"', f'"/usr/sbin/apache2ctl", "-f", "{self.place}/apache2.conf"')

    def break_configuration(self):
        self.configure(broken="Nonsense on\n")
        return True

    def serve_other_certificate(self, certificate, key):
        self.configure(more=self.host(service.OTHER_NAME, certificate, key))
        return True
