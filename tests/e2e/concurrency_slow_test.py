"""Twenty imports and assignments at once, again and again: none lost, none doubled, and what is live is what the store says.
CERTFERRY_SOAK_ROUNDS: how often (2). CERTFERRY_SOAK_TABLE: as in crash_slow_test.py."""

import concurrent.futures
import os
import random
import subprocess

import made_files

ROUNDS = int(os.environ.get("CERTFERRY_SOAK_ROUNDS", "2"))
PROCESSES = 20
TYPES = ["Default", "WebServicesInternal", "WebServicesExternal"]


class Concurrency(made_files.ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pfx = [cls.ca.server(f"at-once{i}", names=(f"host{i}.litwareinc.com",)) for i in range(10)]

    def fingerprint(self, path):
        done = subprocess.run(["openssl", "x509", "-in", path, "-noout", "-fingerprint", "-sha1"], capture_output=True, text=True, check=True)
        return done.stdout.strip().split("=")[1].replace(":", "")

    def one_round(self, seed):
        order = random.Random(seed)
        self.home = self.home.with_name(f"home{seed}")
        stored = [self.import_file(path)["thumbprint"] for path in self.pfx[:5]]
        imports = [("import", path) for path in self.pfx[5:] * 2]
        sets = [("set", order.choice(TYPES), order.choice(stored)) for _ in range(PROCESSES - len(imports))]
        tasks = imports + sets
        order.shuffle(tasks)

        def run(task):
            if task[0] == "import":
                return self.import_file(task[1])
            return self.json_of("set", "--type", task[1], "--thumbprint", task[2])

        with concurrent.futures.ThreadPoolExecutor(PROCESSES) as pool:
            answers = list(pool.map(run, tasks))
        changed = sum(answer["changed"] for task, answer in zip(tasks, answers) if task[0] == "import")
        self.assertEqual(changed, 5, "one of two imports of a file stores it, the other finds it there")
        listed = [one["sha256"] for one in self.json_of("get", "--all")["certificates"]]
        self.assertEqual(len(set(listed)), len(self.pfx))
        asked = {kind: {thumbprint for what, name, thumbprint in sets if name == kind} for kind in TYPES}
        for kind in TYPES:
            uses = [one["thumbprint"] for one in self.json_of("get", "--type", kind)["certificates"]]
            self.assertEqual(len(uses), 1 if asked[kind] else 0)
            if uses:
                self.assertIn(uses[0], asked[kind])
                self.assertEqual(self.fingerprint(self.home / "live" / kind / "current" / "fullchain.pem"), uses[0])
        self.assertTrue(self.json_of("audit", "verify")["whole"])
        report = self.json_of("doctor")
        self.assertTrue(report["clean"], report["findings"])

    def test_twenty_at_once(self):
        for seed in range(1, ROUNDS + 1):
            with self.subTest(seed=seed):
                self.one_round(seed)
        if table := os.environ.get("CERTFERRY_SOAK_TABLE"):
            with open(table, "a", encoding="utf-8") as file:
                file.write(f"| {PROCESSES} imports and assignments at once | {ROUNDS} rounds, seeds 1 to {ROUNDS} |\n")


if __name__ == "__main__":
    made_files.main()
