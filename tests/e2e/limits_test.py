"""What exceeds a limit is refused with its own message, in less than a second and 256 MiB, and nothing is stored."""

import mmap
import os
import subprocess
import time

import der
import made_files


def is_sanitized(program):
    with open(program, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(b"__asan_init") >= 0


class Limits(made_files.ProgramTest):
    def refuse(self, name, content, error):
        path = self.folder / name
        path.write_bytes(content)
        for command in (["inspect", path], ["import", "--path", path]):
            with self.subTest(name, command=command[0]):
                self.refuse_by([*command, "--password-file", self.password_file], error)
        self.assert_nothing_stored()

    def refuse_by(self, arguments, error):
        out = self.folder / "answer"
        began = time.monotonic()
        with open(out, "wb") as file:
            child = subprocess.Popen([self.program, *map(str, arguments), "--home", self.home, "--json"], stdin=subprocess.DEVNULL, stdout=file)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - began
        self.assertIn(f'"id":"{error}"', out.read_text())
        self.assertEqual(child.returncode, 5)
        self.assertLess(min(seconds, used.ru_utime + used.ru_stime), 1.0)
        if not is_sanitized(self.program):
            self.assertLess(used.ru_maxrss, 256 * 1024, "KiB of memory")

    def test_of_size(self):
        self.refuse("large.pem", b"x" * (1024 * 1024 + 1), "CF1112")

    def test_of_certificates(self):
        signer = der.Signer(self.folder)
        certificates = [der.pem("CERTIFICATE", signer.certificate([("2.5.4.3", b"web")], [(0x82, b"web.example")])) for _ in range(257)]
        self.refuse("many.pem", b"".join(certificates), "CF1212")

    def test_of_depth(self):
        self.refuse("deep.der", b"\x30\x80" * 500_000 + bytes(1000), "CF1209")
        bomb = b""
        for _ in range(100):
            bomb = der.sequence(bomb)
        self.refuse("deeper.p12", bomb, "CF1209")

    def test_of_iterations_summed_over_the_file(self):
        self.refuse("slow.pem", der.encrypted_key(der.pbkdf2(5_000_001)) + der.encrypted_key(der.pbkdf2(5_000_000)), "CF1210")
        self.refuse("slower.pem", der.encrypted_key(der.pbkdf2(2**52)), "CF1210")

    def test_of_memory_for_scrypt(self):
        self.refuse("memory.pem", der.encrypted_key(der.scrypt(2**18 + 2**18, 8, 1)), "CF1210")
        self.refuse("blocks.pem", der.encrypted_key(der.scrypt(2, 2**30, 1)), "CF1210")


class MemoryOfTheReader(made_files.ProgramTest):
    def test_a_reader_without_memory_stores_nothing(self):
        """Less than the file, which is within the limits, asks for: the reader comes to its limit of memory."""
        if is_sanitized(self.program):
            return  # sanitizers need terabytes of address space
        path = self.folder / "costly.pem"
        path.write_bytes(der.encrypted_key(der.scrypt(2**17, 8, 1)))
        limited = subprocess.run(["prlimit", f"--as={96 << 20}", self.program, "import", "--path", path, "--password-file", self.password_file, "--home",
                                  self.home, "--json"], capture_output=True, text=True)
        self.assertEqual(limited.returncode, 5, limited.stdout)
        self.assertIn('"id":"CF1250"', limited.stdout)
        self.assert_nothing_stored()
        # With enough memory it is the password that is wrong.
        answer = self.json_of("import", "--path", path, "--password-file", self.password_file, exit_code=5)
        self.assertEqual(answer["error"]["id"], "CF1204")


if __name__ == "__main__":
    made_files.main()
