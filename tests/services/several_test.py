"""One postfix with several certificates: RSA and ECDSA for the same name, and another one by SNI. Each is a type of its own with
a binding of its own name, made from the shipped pattern."""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))
import made_files  # noqa: E402
import postfix  # noqa: E402
import service  # noqa: E402

# What the client asks for; TLS 1.3 has no PKCS#1.
ECDSA = ("-sigalgs", "ecdsa_secp256r1_sha256:rsa_pkcs1_sha256")
RSA = ("-sigalgs", "rsa_pss_rsae_sha256:rsa_pkcs1_sha256")
# Binding and type.
FOR_EC, FOR_RSA, FOR_NAME = ("postfix", "Default"), ("postfix-rsa", "WebServicesExternal"), ("postfix-sni", "WebServicesInternal")


class Postfix(postfix.Postfix):
    def chain(self, binding):
        name, kind = binding
        return self.home / "services" / name / kind / "current/chain.pem"

    @property
    def names(self):
        return self.configuration / "sni"

    def configure(self, more=""):
        super().configure(more + f"tls_server_sni_maps = hash:{self.names}\n")
        main = self.configuration / "main.cf"
        main.write_text(main.read_text().replace(str(self.chain(FOR_EC)), f"{self.chain(FOR_EC)}, {self.chain(FOR_RSA)}"))
        self.names.write_text(f"{service.OTHER_NAME} {self.chain(FOR_NAME)}\n")
        self.names.chmod(0o600)
        subprocess.run(["/usr/sbin/postmap", "-c", self.configuration, "-F", f"hash:{self.names}"], check=True)

    def adapt(self, text):
        """With the commented [[prepare]] of the pattern in effect."""
        before = '# [[prepare]]\n# command = ["/usr/sbin/postmap", "-F", "hash:/etc/postfix/sni"]'
        assert before in text
        return super().adapt(text.replace(
            before, f'[[prepare]]\ncommand = ["/usr/sbin/postmap", "-c", "{self.configuration}", "-F", "hash:{self.names}"]'))


class Several(made_files.ProgramTest):
    def setUp(self):
        super().setUp()
        self.home.mkdir(parents=True, mode=0o755)
        place = self.home.parent / "postfix"
        place.mkdir()
        for folder in (self.folder, self.home.parent, place):
            folder.chmod(0o755)
        self.postfix = Postfix(place, self.home)
        self.addCleanup(self.postfix.stop)

    def bind_as(self, binding, probe=""):
        name, kind = binding
        self.json_of("binding", "new", "postfix", "--type", kind)
        path = self.home / "bindings.d/postfix.toml"
        text = self.postfix.adapt(path.read_text()).replace('name = "postfix"', f'name = "{name}"')
        path.rename(path.with_name(f"{name}.toml")).write_text(text.replace('starttls = "smtp"', f'starttls = "smtp"\n{probe}'))

    def assign_as(self, binding, name, names=(service.NAME,), rsa=False):
        if rsa:
            made_files.openssl("genrsa", "-out", self.folder / f"{name}.key", "2048")
        answer = self.import_file(self.ca.server(name, names))
        self.json_of("set", "--type", binding[1], "--thumbprint", answer["thumbprint"])
        return answer["sha256"]

    def served(self):
        return [service.served(self.postfix.port, name, self.postfix.starttls, more=more)
                for name, more in ((service.NAME, ECDSA), (service.NAME, RSA), (service.OTHER_NAME, ()))]

    def test_each_flips_by_itself(self):
        first = [self.assign_as(FOR_EC, "ec1"), self.assign_as(FOR_RSA, "rsa1", rsa=True), self.assign_as(FOR_NAME, "other1", (service.OTHER_NAME,))]
        # `binding new` writes postfix.toml, which the other two do not keep.
        self.bind_as(FOR_NAME)
        self.bind_as(FOR_RSA, 'keys = ["rsa"]')
        self.bind_as(FOR_EC, 'keys = ["ecdsa"]')
        for name, _ in (FOR_EC, FOR_RSA, FOR_NAME):
            self.json_of("binding", "place", name)
        self.postfix.start()
        self.json_of("agent", "--once")
        self.assertEqual(self.served(), first)
        second = self.assign_as(FOR_RSA, "rsa2", rsa=True)
        self.assertEqual(self.served(), [first[0], second, first[2]])
        other = self.assign_as(FOR_NAME, "other2", (service.OTHER_NAME,))
        self.assertEqual(self.served(), [first[0], second, other])
        ec = self.assign_as(FOR_EC, "ec2")
        self.assertEqual(self.served(), [ec, second, other])
        self.assertEqual(self.postfix.names.with_suffix(".db").stat().st_mode & 0o777, 0o600)


if __name__ == "__main__":
    made_files.main()
