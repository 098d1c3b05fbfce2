"""Reports of real commands can be read by everybody: axe-core, in light, dark and on a phone."""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))
import made_files  # noqa: E402


class Accessibility(made_files.ProgramTest):
    def test_every_kind_of_report(self):
        trust = ("--trust", self.ca.root)
        reports = []

        def report(name, *arguments, exit_code=0):
            path = self.folder / f"{name}.html"
            reports.append(path)
            return self.json_of(*arguments, "--report", path, exit_code=exit_code)

        def importing(name):
            pfx = self.folder / f"{name}.pfx"
            return ("import", "--path", pfx if pfx.exists() else self.ca.server(name), "--password-file", self.password_file)

        # Before any anchor is stored, so that it fails for want of trust.
        self.assertEqual(report("failed", *importing("bad"), "--require-trust", exit_code=5)["status"], "failed")
        central = ("--identity", "Global", "--type", "Default")
        self.assertEqual(report("planned", *importing("old"), *trust, *central, "--what-if")["status"], "planned")
        self.assertEqual(report("done", *importing("old"), *trust, *central)["status"], "done")
        self.assertEqual(report("nothing", *importing("old"), *trust, *central)["status"], "nothing to do")
        day = subprocess.run(["date", "-u", "-d", "+30 days", "+%Y-%m-%dT00:00:00Z"], capture_output=True, text=True, check=True).stdout.strip()
        pending = report("pending", *importing("new"), *trust, *central, "--roll", "--effective-date", day)
        self.assertEqual(pending["status"], "pending")
        report("shown", "get", "--all")
        done = subprocess.run(["node", pathlib.Path(__file__).parent / "run.mjs", *reports], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        print(done.stdout, end="")


if __name__ == "__main__":
    made_files.main()
