"""Servers that are not the one a binding means: one that serves another certificate, one that stays silent."""

import contextlib
import socket
import ssl
import threading


class Listener:
    """Takes connections on a loopback port, in a thread, until it is closed. share: beside another process on that port."""

    def __init__(self, serve, port=0, share=False):
        self.serve = serve
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if share:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            self.socket.bind(("127.0.0.1", port))
        except OSError:
            self.socket.close()
            raise
        self.port = self.socket.getsockname()[1]
        self.socket.listen(256)
        self.taken = []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        with contextlib.suppress(OSError):  # closed
            while True:
                self.taken.append(self.socket.accept()[0])
                threading.Thread(target=self.serve, args=(self.taken[-1],), daemon=True).start()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()
        for connection in self.taken:
            connection.close()


def serving(certificate, key, **options):
    """Serves these PEM files, TLS from the start."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def serve(connection):
        with contextlib.suppress(OSError):
            connection.settimeout(5)
            context.wrap_socket(connection, server_side=True).close()

    return Listener(serve, **options)


def silent(**options):
    """Takes connections and never says a word."""
    return Listener(lambda connection: None, **options)
