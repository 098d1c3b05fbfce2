import service


class Nginx(service.Service):
    pattern = "nginx"
    binary = "/usr/sbin/nginx"

    def configure(self, broken="", more=""):
        (self.place / "nginx.conf").write_text(
            f"daemon off;\npid {self.place}/pid;\nerror_log {self.place}/error.log;\nworker_processes 2;\n{broken}events {{}}\n"
            f"http {{\n  access_log off;\n{more}  server {{\n    listen 127.0.0.1:{self.port} ssl reuseport default_server;\n    server_name _;\n"
            f"    ssl_certificate {self.folder}/fullchain.pem;\n    ssl_certificate_key {self.folder}/privkey.pem;\n  }}\n}}\n")

    def command(self):
        return [self.binary, "-c", str(self.place / "nginx.conf")]

    def adapt(self, text):
        return super().adapt(text).replace(f'command = ["{self.binary}"', f'command = ["{self.binary}", "-c", "{self.place}/nginx.conf"')

    def break_configuration(self):
        self.configure(broken="nonsense;\n")
        return True

    def serve_other_certificate(self, certificate, key):
        self.configure(more=f"  server {{ listen 127.0.0.1:{self.port} ssl; server_name {service.OTHER_NAME};\n"
                       f"    ssl_certificate {certificate}; ssl_certificate_key {key}; }}\n")
        return True
