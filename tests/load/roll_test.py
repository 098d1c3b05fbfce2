"""A roll goes by unnoticed: 500 handshakes a second on a real nginx and a real haproxy while their certificate changes
again and again. Not one fails, not one shows a certificate other than the one it must, a download in flight ends."""

import hashlib
import http.server
import os
import pathlib
import socket
import sys
import threading
import time

TESTS = pathlib.Path(__file__).parent.parent
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "services")]
import bound  # noqa: E402
import handshakes  # noqa: E402
import haproxy  # noqa: E402
import made_files  # noqa: E402
import nginx  # noqa: E402
import service  # noqa: E402

RATE = 500
# The load generator is a program beside certferry and the service on the same two cores: a late handshake is no failure.
AT_LEAST = 0.9 * RATE
FLIPS = 8
CONTENT = os.urandom(1024 * 1024)  # of the download
CHUNK = 16 * 1024  # every tenth of a second


class SlowNginx(nginx.Nginx):
    """Besides: /slow, sent in small pieces."""

    def configure(self, broken="", more=""):
        super().configure(broken, more)
        (self.place / "slow").write_bytes(CONTENT)
        config = self.place / "nginx.conf"
        text = config.read_text()
        end = text.rindex("  }\n}")
        config.write_text(text[:end] + f"    location / {{ return 200 'here'; }}\n"
                          f"    location = /slow {{ root {self.place}; sendfile_max_chunk {CHUNK}; limit_rate {10 * CHUNK}; }}\n" + text[end:])


class SlowHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        for at in range(0, len(CONTENT), CHUNK):
            self.wfile.write(CONTENT[at : at + CHUNK])
            time.sleep(0.1)

    def log_message(self, *_):
        pass


class SlowHaproxy(haproxy.Haproxy):
    """Besides: /slow, from a server behind it."""

    def configure(self, broken="", more=""):
        super().configure(broken, more)
        self.behind = http.server.ThreadingHTTPServer(("127.0.0.1", 0), SlowHandler)
        threading.Thread(target=self.behind.serve_forever, daemon=True).start()
        config = self.place / "haproxy.cfg"
        config.write_text(config.read_text().replace("http-request return status 200", "http-request return status 200 unless { path /slow }") +
                          f"  default_backend slow\nbackend slow\n  server one 127.0.0.1:{self.behind.server_port}\n")

    def stop(self):
        super().stop()
        self.behind.shutdown()
        self.behind.server_close()


class Download(threading.Thread):
    """Begun before the first flip; `content` is what arrived."""

    def __init__(self, port):
        super().__init__()
        self.content = b""
        self.error = None
        plain = socket.create_connection(("127.0.0.1", port), 30)
        self.connection = handshakes.context().wrap_socket(plain, server_hostname=service.NAME)
        self.connection.sendall(b"GET /slow HTTP/1.0\r\nHost: " + service.NAME.encode() + b"\r\n\r\n")
        self.start()

    def run(self):
        answer = b""
        try:
            with self.connection as connection:
                while piece := connection.recv(65536):
                    answer += piece
        except OSError as failure:
            self.error = failure
        self.content = answer.partition(b"\r\n\r\n")[2]


class Roll(made_files.ProgramTest):
    def started(self, kind):
        made = bound.start(kind, self.home, self.ca, self.json_of)
        self.addCleanup(made.stop)
        return made

    def import_new(self, made, name, rsa=False):
        name = f"{made.pattern}-{name}"
        if rsa:
            made_files.openssl("genrsa", "-out", self.folder / f"{name}.key", "2048")
        return self.import_file(self.ca.server(name))

    def rolled(self, kind):
        made = self.started(kind)
        certificates = [self.import_new(made, str(i), rsa=i == 2) for i in range(4)]
        self.json_of("set", "--type", made.type, "--thumbprint", certificates[0]["thumbprint"])
        flips = []  # (begin, end, SHA-256 of the old, of the new)
        with handshakes.Load(made.port, service.NAME, RATE) as load:
            download = Download(made.port)
            time.sleep(0.5)
            for i in range(1, FLIPS + 1):
                old, new = certificates[(i - 1) % 4], certificates[i % 4]
                words = ["set", "--type", made.type, "--thumbprint", new["thumbprint"]]
                if i % 2 == 0:
                    self.json_of(*words, "--roll", "--effective-date", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600)))
                    words = ["roll", "now", "--type", made.type]
                begin = time.monotonic()
                self.json_of(*words)
                flips.append((begin, time.monotonic(), old["sha256"], new["sha256"]))
            time.sleep(0.5)
        download.join()
        self.assertIsNone(download.error)
        self.assertEqual(hashlib.sha256(download.content).hexdigest(), hashlib.sha256(CONTENT).hexdigest())
        self.judge(load, flips)
        self.assertTrue(self.json_of("doctor")["clean"])

    def judge(self, load, flips):
        failed = [error for *_, error in load.handshakes if error]
        self.assertEqual(failed, [])
        rate = len(load.handshakes) / load.took
        self.assertGreater(rate, AT_LEAST)
        wrong = []
        for begin, end, leaf, _ in load.handshakes:
            allowed = {flips[0][2]}
            for flip_begin, flip_end, old, new in flips:
                if end < flip_begin:
                    break
                # Once certferry said that it is verified, nobody sees the old one again.
                allowed = {new} if begin > flip_end else allowed | {old, new}
            if leaf not in allowed:
                wrong.append((begin, leaf))
        self.assertEqual(wrong, [])
        self.assertEqual({leaf for _, _, leaf, _ in load.handshakes}, {flip[2] for flip in flips} | {flips[-1][3]})
        longest = max(end - begin for begin, end, _, _ in load.handshakes)
        print(f"{len(load.handshakes)} handshakes, {rate:.0f} a second, {len(flips)} flips, longest {longest * 1000:.0f} ms", file=sys.stderr)

    def test_nginx(self):
        self.rolled(SlowNginx)

    def test_haproxy(self):
        self.rolled(SlowHaproxy)


if __name__ == "__main__":
    made_files.main()
