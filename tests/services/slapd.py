import shutil
import subprocess
import urllib.parse

import service

# As Debian's: configured in its own database, where root may change everything through the socket.
CONFIGURATION = """dn: cn=config
objectClass: olcGlobal
cn: config
olcPidFile: {place}/run/pid
olcArgsFile: {place}/run/args
olcTLSCertificateFile: {folder}/fullchain.pem
olcTLSCertificateKeyFile: {folder}/privkey.pem

dn: olcDatabase={{0}}config,cn=config
objectClass: olcDatabaseConfig
olcDatabase: {{0}}config
olcAccess: to * by dn.exact=gidNumber=0+uidNumber=0,cn=peercred,cn=external,cn=auth manage by * break
"""


class Slapd(service.Service):
    pattern = "slapd"
    type = "Default"
    starttls = "ldap"
    replace_port = "port = 389"
    exportable = True
    account = "openldap"

    @property
    def socket(self):
        return "ldapi://" + urllib.parse.quote(f"{self.place}/run/ldapi", safe="")

    def configure(self):
        if (self.place / "slapd.d").exists():
            return  # it changes that itself
        for name in ("slapd.d", "run"):
            (self.place / name).mkdir()
            shutil.chown(self.place / name, self.account, self.account)
        (self.place / "config.ldif").write_text(CONFIGURATION.format(place=self.place, folder=self.folder))
        subprocess.run(["/usr/bin/setpriv", f"--reuid={self.account}", f"--regid={self.account}", "--init-groups", "/usr/sbin/slapadd", "-n", "0",
                        "-F", self.place / "slapd.d", "-l", self.place / "config.ldif"], check=True, stdin=subprocess.DEVNULL, cwd="/")

    def command(self):
        return ["/usr/sbin/slapd", "-d", "0", "-u", self.account, "-g", self.account, "-F", str(self.place / "slapd.d"), "-h",
                f"ldap://127.0.0.1:{self.port}/ {self.socket}"]

    def adapt(self, text):
        return super().adapt(text).replace("ldapi:///", self.socket)
