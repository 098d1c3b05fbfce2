"""Asking services what they serve, as an administrator does it."""

import contextlib
import json
import socket
import subprocess
import time

import made_files
from ports import free_port


class Probe(made_files.ProgramTest):
    @contextlib.contextmanager
    def server(self, name, *more):
        """s_server with the pair NAME, on a port of 127.0.0.1."""
        port = free_port()
        command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", self.folder / f"{name}.pem", "-key", self.folder / f"{name}.key",
                   "-cert_chain", self.ca.intermediate, *more]
        with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              stdin=subprocess.DEVNULL, text=True) as process:
            try:
                # It says ACCEPT when it listens.
                while process.stdout.readline().strip() != "ACCEPT":
                    self.assertIsNone(process.poll())
                yield port
            finally:
                process.terminate()

    def test_shows_what_is_served(self):
        self.ca.server("served", names=("www.litwareinc.com", "web.litwareinc.com"))
        thumbprint = self.json_of("inspect", self.folder / "served.pem", home=False)["certificates"][0]["thumbprint"]
        with self.server("served", "-www") as port:
            shown = self.json_of("probe", f"127.0.0.1:{port}", "--server-name", "www.litwareinc.com", home=False)
            self.assertEqual(shown["target"], {"host": "127.0.0.1", "port": port, "server_name": "www.litwareinc.com", "starttls": "none"})
            (answer,) = shown["answers"]
            self.assertEqual([answer[name] for name in ("address", "served", "protocol", "cipher", "client_certificate", "error")],
                             ["127.0.0.1", True, "TLSv1.3", "TLS_AES_256_GCM_SHA384", "not asked", None])
            self.assertIn(answer["days_left"], (89, 90))
            self.assertEqual(answer["certificates"][0]["thumbprint"], thumbprint)
            self.assertEqual([one["names"] for one in answer["certificates"]], [["www.litwareinc.com", "web.litwareinc.com"], []])
            text = self.run_program("probe", f"127.0.0.1:{port}", home=False)
            self.assertEqual(text.returncode, 0, text.stderr)
            self.assertEqual(text.stdout.splitlines()[0], f"127.0.0.1:{port} serves www.litwareinc.com")
            for part in (f"127.0.0.1:{port}", thumbprint, "www.litwareinc.com, web.litwareinc.com", "TLSv1.3, TLS_AES_256_GCM_SHA384",
                         "Litware Issuing CA"):
                self.assertIn(part, text.stdout)
            self.assertRegex(text.stdout, "Days left           (89|90)\n")
            # The server has no certificate of this kind.
            refused = self.json_of("probe", f"127.0.0.1:{port}", "--key-kind", "rsa", home=False, exit_code=1)
            self.assertEqual(refused["error"]["id"], "CF2021")
            self.assertIn("handshake_failure", refused["error"]["message"])
            # It listens on one of the two addresses of localhost at most.
            local = self.run_program("probe", f"localhost:{port}", "--json", home=False)
            served = [one["address"] for one in json.loads(local.stdout)["answers"] if one["served"]]
            self.assertEqual(served, ["127.0.0.1"])
            self.assertEqual(local.returncode, 0 if len(json.loads(local.stdout)["answers"]) == 1 else 4)

    def test_starttls_with_a_server_that_does_not(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            with subprocess.Popen([str(self.program), "probe", f"127.0.0.1:{port}", "--starttls", "pop3", "--json"], stdout=subprocess.PIPE, text=True) as probe:
                connection, _ = listener.accept()
                with connection:
                    connection.sendall(b"+OK ready\r\n")
                    self.assertEqual(connection.recv(100), b"STLS\r\n")
                    connection.sendall(b"-ERR \x1b[31mno TLS\r\n")
                    answer = json.loads(probe.stdout.read())
            self.assertEqual(probe.returncode, 1)
            self.assertEqual(answer["error"]["message"], f'127.0.0.1:{port}: the server refuses to start TLS: "-ERR \\u{{1b}}[31mno TLS"')

    def test_says_what_is_wrong(self):
        port = free_port()
        for arguments, error, exit_code in [
            ((f"127.0.0.1:{port}",), "CF2012", 1),
            (("www.example.com",), "CF2001", 2),
            (("https://www.example.com:443",), "CF2001", 2),
            (("a" * 64 + ".example:443",), "CF2010", 1),
        ]:
            with self.subTest(error):
                self.assertEqual(self.json_of("probe", *arguments, home=False, exit_code=exit_code)["error"]["id"], error)
        self.assertEqual(self.run_program("probe", home=False).returncode, 2)
        self.assertEqual(self.run_program("probe", "a:1", "--starttls", "gopher", home=False).returncode, 2)

    def test_ends_with_its_time(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            began = time.monotonic()
            answer = self.json_of("probe", "127.0.0.1:%d" % silent.getsockname()[1], "--timeout", "1", home=False, exit_code=1)
            self.assertEqual(answer["error"]["id"], "CF2016")
            self.assertLess(time.monotonic() - began, 10)


if __name__ == "__main__":
    made_files.main()
