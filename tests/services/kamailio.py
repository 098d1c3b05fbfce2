import service
import unprivileged

CONFIGURATION = """#!KAMAILIO
debug=2
log_stderror=yes
children=2
tcp_children=2
enable_tls=yes
auto_aliases=no
listen=tls:127.0.0.1:{port}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "kex.so"
loadmodule "ctl.so"
loadmodule "tls.so"
modparam("ctl", "binrpc", "unix:{run}/ctl")
modparam("tls", "config", "{place}/tls.cfg")
{broken}request_route {{
  sl_send_reply("404", "Not found");
}}
"""
PROFILE = "[{profile}]\nmethod = TLSv1.2+\nverify_certificate = no\nrequire_certificate = no\ncertificate = {certificate}\nprivate_key = {key}\n"


class Kamailio(unprivileged.Unprivileged):
    pattern = "kamailio"
    type = "AccessEdgeExternal"
    replace_port = "port = 5061"
    account = "kamailio"
    patience = 3  # a reload is asked for three times, 0.3 s apart
    tries = 10  # a reload that meets handshakes fails or ends it: often, where the certificate is chosen by name

    def configure(self, broken="", more=""):
        (self.place / "kamailio.cfg").write_text(CONFIGURATION.format(place=self.place, run=self.run, port=self.port, broken=broken))
        (self.place / "tls.cfg").write_text(
            PROFILE.format(profile="server:default", certificate=f"{self.folder}/fullchain.pem", key=f"{self.folder}/privkey.pem") + more)

    def command(self):
        return self.as_account("/usr/sbin/kamailio", "-DD", "-E", "-Y", str(self.run), "-f", str(self.place / "kamailio.cfg"), "-m", "32", "-M", "4")

    def adapt(self, text):
        text = text.replace("/etc/kamailio/kamailio.cfg", f"{self.place}/kamailio.cfg")
        return super().adapt(text).replace('"/usr/sbin/kamcmd"', f'"/usr/sbin/kamcmd", "-s", "unix:{self.run}/ctl"')

    def break_configuration(self):
        self.configure(broken="nonsense {\n")
        return True

    def serve_other_certificate(self, certificate, key):
        profile = f"server:127.0.0.1:{self.port}"
        self.configure(more=PROFILE.format(profile=profile, certificate=certificate, key=key) + f"server_name = {service.OTHER_NAME}\n")
        return True
