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
            self.json_of(*arguments, "--report", path, exit_code=exit_code)
            reports.append(path)

        def importing(name):
            return ("import", "--path", self.ca.server(name), "--password-file", self.password_file)

        report("planned", *importing("old"), *trust, "--identity", "Global", "--type", "Default", "--what-if")
        report("done", *importing("old"), *trust, "--identity", "Global", "--type", "Default")
        report("again", *importing("new"), *trust)
        thumbprint = self.json_of("get", "--all")["certificates"][-1]["thumbprint"]
        report("pending", "set", "--type", "Default", "--identity", "Global", "--thumbprint", thumbprint, "--roll", "--effective-date", "2099-01-01", exit_code=5)
        report("failed", *importing("bad"), "--require-trust", exit_code=0)
        report("shown", "get", "--all")
        done = subprocess.run(["node", pathlib.Path(__file__).parent / "run.mjs", *reports], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        print(done.stdout, end="")


if __name__ == "__main__":
    made_files.main()
