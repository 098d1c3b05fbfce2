"""Nobody who looks at the processes of an import sees its password or its key."""

import os
import pathlib
import signal
import subprocess
import time

import made_files
from made_files import PASSWORD


class Seen(made_files.ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        made = cls.ca.server("held")
        cls.slow = cls.folder / "slow.pfx"
        # So many iterations that there is time to look.
        made_files.openssl("pkcs12", "-export", "-inkey", cls.folder / "held.key", "-in", cls.folder / "held.pem", "-iter", "600000", "-out", cls.slow,
                           "-passout", f"pass:{PASSWORD}")
        made.unlink()
        der = subprocess.run(["openssl", "pkcs8", "-topk8", "-nocrypt", "-in", cls.folder / "held.key", "-outform", "DER"], capture_output=True, check=True)
        cls.secrets = [PASSWORD.encode(), (cls.folder / "held.key").read_bytes().splitlines()[1], der.stdout[-64:]]

    def start(self, *arguments, **options):
        command = [self.program, "import", "--path", self.slow, *arguments, "--home", self.home, "--json"]
        return subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def wait_for(self, what, process):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if found := what():
                return found
            self.assertIsNone(process.poll(), "it ended before it could be looked at")
        self.fail("waited in vain")

    def confined_child(self, process):
        for task in pathlib.Path(f"/proc/{process.pid}/task").glob("*/children"):
            for child in task.read_text().split():
                if "Seccomp:\t2" in pathlib.Path(f"/proc/{child}/status").read_text():
                    return child
        return None

    def assert_shows_nothing(self, pid):
        for name in ("cmdline", "environ", "comm", "status", "maps"):
            content = pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
            for secret in self.secrets:
                self.assertNotIn(secret, content, f"{name} of {pid}")

    def look_while_it_reads(self, process):
        """Holds the reader and its parent up, looks at both, and lets them go on."""
        child = self.wait_for(lambda: self.confined_child(process), process)
        os.kill(int(child), signal.SIGSTOP)
        process.send_signal(signal.SIGSTOP)
        self.assert_shows_nothing(process.pid)
        self.assert_shows_nothing(child)
        self.assertEqual(len(list(pathlib.Path(f"/proc/{child}/fd").iterdir())), 1, "it holds more than the way to its parent")
        os.kill(int(child), signal.SIGCONT)
        process.send_signal(signal.SIGCONT)
        out, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, out + errors)
        self.assertTrue((self.home / "certificates").exists())

    def test_a_password_of_a_pipe(self):
        pipe = self.folder / "pipe"
        os.mkfifo(pipe, 0o600)
        process = self.start("--password-file", pipe)
        with open(pipe, "wb") as writer:  # opens once the program reads
            self.assert_shows_nothing(process.pid)
            writer.write(PASSWORD.encode())
        self.look_while_it_reads(process)
        pipe.unlink()

    def test_a_password_of_a_file(self):
        self.look_while_it_reads(self.start("--password-file", self.password_file))

    def test_a_password_of_a_descriptor(self):
        reader, writer = os.pipe()
        os.write(writer, PASSWORD.encode())
        os.close(writer)
        process = self.start("--password-fd", reader, pass_fds=[reader])
        os.close(reader)
        self.look_while_it_reads(process)

    def test_a_password_on_the_command_line_is_overwritten(self):
        self.look_while_it_reads(self.start("--password", PASSWORD))

    def test_nobody_else_may_look_into_the_memory(self):
        process = self.start("--password-file", self.password_file)
        child = self.wait_for(lambda: self.confined_child(process), process)
        os.kill(int(child), signal.SIGSTOP)
        looked = subprocess.run(["cat", f"/proc/{child}/environ", f"/proc/{process.pid}/environ", f"/proc/{process.pid}/mem"], user=65534, group=65534,
                                extra_groups=[], capture_output=True)
        self.assertEqual(looked.returncode, 1)
        self.assertEqual(looked.stdout, b"")
        os.kill(int(child), signal.SIGCONT)
        out, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, out + errors)


if __name__ == "__main__":
    made_files.main()
