#!/usr/bin/env python3
"""Each lint is shown a bad sample, which it must name, and a good one, which it must pass."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import built
import forbidden
import layers
import messages
import sizes
import style
from source import read_allowed, read_tree


class Tree:
    """A small project in a temporary folder."""

    def __init__(self, files):
        self._folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self._folder.name)
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.sources = read_tree(self.root)
        self.allowed = read_allowed(self.root)

    def close(self):
        self._folder.cleanup()


class LintTest(unittest.TestCase):
    def tree(self, files):
        tree = Tree(files)
        self.addCleanup(tree.close)
        return tree

    def judge(self, cases, check):
        """Each case: a path, the file's text, and a part of the problem it must give, or None."""
        for path, text, expected in cases:
            with self.subTest(path=path, text=text[:60]):
                problems = check(self.tree({path: text + "\n"}).sources, {})
                if expected is None:
                    self.assertEqual([], problems)
                else:
                    self.assertIn(expected, "".join(problems))

    def test_layers(self):
        cases = [
            ("src/chain/a.cc", '#include "x509/certificate.h"', None),
            ("src/chain/a.cc", '#include "chain/pool.h"', None),
            ("src/chain/a.cc", '#include "checks/checks.h"', "lie side by side"),
            ("src/chain/a_test.cc", '#include "store/store.h"', "lie side by side"),
            ("src/x509/a.cc", '#include "fleet/type.h"', "lie side by side"),
            ("src/base/a.h", '  #  include "x509/name.h"', "base lies below x509"),
            ("src/commands/a.cc", '#include "cli/words.h"', "commands lies below cli"),
            ("src/commands/a.cc", '#include "report/report.h"', None),
            ("apps/main.cc", '#include "cli/run.h"', None),
            ("src/chain/a.cc", '#include "pool.h"', "no path from src/"),
            ("src/chain/a.cc", '// #include "checks/checks.h"', None),
            ("src/chain/a.cc", "#include <openssl/x509.h>", None),
            ("src/chain/a.h", "#include <openssl/x509.h>", "OpenSSL stays"),
            ("src/x509/a.h", "#include <openssl/x509.h>", None),
            ("src/store/a.cc", "#include <openssl/sha.h>", "OpenSSL stays"),
            ("src/store/a.h", "#include <nlohmann/json.hpp>", "is heavy"),
            ("src/store/a.h", "#include <nlohmann/json_fwd.hpp>", None),
            ("src/store/a.h", "#include <fmt/format.h>", "is heavy"),
            ("src/store/a.cc", "#include <fmt/format.h>", None),
        ]
        self.judge(cases, layers.check)

    def test_forbidden(self):
        cases = [
            ("src/chain/a.cc", "auto n = std::chrono::system_clock::now();", "take `now`"),
            ("src/chain/a.cc", "auto n = std::time(nullptr);", "take `now`"),
            ("src/chain/a.cc", "gettimeofday(&tv, nullptr);", "take `now`"),
            ("src/base/clock.cc", "auto n = std::chrono::system_clock::now();", None),
            ("src/chain/a.cc", "// like system_clock::now()", None),
            ("src/chain/a.cc", "auto n = clock.now(); x.time(0);", None),
            ("src/deploy/a.cc", "std::system(line.c_str());", "no shell"),
            ("src/deploy/a.cc", "FILE* f = popen(x, y);", "no shell"),
            ("src/deploy/a.cc", 'run({"/bin/sh", "-c", line});', "no shell"),
            ("src/deploy/a.cc", "operating_system(x); page.system(1); const Trust system(pem);", None),
            ("src/chain/a.cc", "auto* p = new Thing();", "no naked new"),
            ("src/chain/a.cc", "delete p;", "no naked new"),
            ("src/chain/a.cc", "Thing(const Thing&) = delete;", None),
            ("src/chain/a.cc", "std::unique_ptr<Thing> t(new Thing(1));", None),
            ("src/chain/a.cc", 'say("get a new certificate");', None),
            ("src/chain/a_test.cc", "std::this_thread::sleep_for(1s);", "do not sleep"),
            ("src/deploy/a.cc", "std::this_thread::sleep_for(1s);", None),
        ]
        self.judge(cases, forbidden.check)

    def check_messages(self, files):
        tree = self.tree(files)
        return messages.check(tree.sources, tree.allowed, tree.root)

    def test_message_ids(self):
        explained = {"docs/messages/CF13.md": "# CF13\n\n## CF1301: it is broken\nMend it.\n"}
        give = 'return fail(ErrorKind::kFailed, "CF1301", "broken", "mend it");\n'
        self.assertEqual([], self.check_messages(explained | {"src/chain/a.cc": give}))
        compare = 'if (error.id == "CF1301") return;\nif ("CF1301" == id) return;\n'
        self.assertEqual([], self.check_messages(explained | {"src/chain/a.cc": give, "src/commands/b.cc": compare}))
        cases = [
            ({"src/chain/a.cc": give}, "CF1301 is not explained"),
            (explained | {"src/chain/a.cc": "int x;\n"}, "explained and never given"),
            (explained | {"src/chain/a.cc": compare}, "explained and never given"),
            (explained | {"src/chain/a.cc": give, "src/chain/b.cc": give.replace("kFailed", "kRejected")}, "kFailed and as kRejected"),
            (explained | {"src/store/a.cc": give}, "CF1301 belongs to chain"),
            ({"src/chain/a.cc": give, "docs/messages/CF12.md": "## CF1301: x\n"}, "belongs into CF13.md"),
            ({"src/chain/a.cc": give, "docs/messages/CF13.md": "## CF1301: x\n\n## CF1301: y\n"}, "explained twice"),
        ]
        for files, expected in cases:
            with self.subTest(expected=expected):
                self.assertIn(expected, "".join(self.check_messages(files)))
        self.assertEqual([], self.check_messages(explained | {"src/chain/a.cc": give, "src/chain/b.cc": give}))
        allowed = {"tools/lint/allowed.txt": "id CF1301: both stages say it of the same thing\n"}
        self.assertEqual([], self.check_messages(explained | allowed | {"src/chain/a.cc": give, "src/store/b.cc": give}))

    def test_an_exception_without_a_reason_is_refused(self):
        with self.assertRaises(SystemExit):
            self.tree({"tools/lint/allowed.txt": "id CF1301\n"})

    def test_sizes(self):
        body = "  step();\n"
        long_function = "namespace x {\nclass A {\n  int f(int a) const {\n" + body * 61 + "  }\n};\n}\n"
        with_lambda = "static void g() {\n  auto h = [](int a) {\n" + body * 61 + "  };\n}\n"
        short = "".join(f"void f{i}(int a) {{\n{body * 40}}}\n" for i in range(5))
        cases = [
            (long_function, "f has 63 lines"),
            (with_lambda, "g has 65 lines"),
            ("A::A(int a) : a_(a), b_{a} {\n" + body * 61 + "}\n", "A::A has 63 lines"),
            (short, None),
            ("// x\n" * 500, "501 lines"),
            ("constexpr Row kTable[] = {\n" + '    {"a(", 1},\n' * 80 + "};\n", None),
        ]
        self.judge([("src/chain/a.cc", text, expected) for text, expected in cases], sizes.check)
        allowed = self.tree({"src/chain/a.cc": long_function, "tools/lint/allowed.txt": "function src/chain/a.cc:f: a table\n"})
        self.assertEqual([], sizes.check(allowed.sources, allowed.allowed))

    def test_built(self):
        tree = self.tree({"src/chain/a_test.cc": "", "src/chain/b_test.cc": "", "fuzz/c_fuzz.cc": "", "src/chain/d.cc": ""})
        commands = tree.root / "compile_commands.json"
        self.assertIn("missing", "".join(built.check(tree.sources, {}, tree.root, commands)))
        entries = [{"directory": str(tree.root), "file": "src/chain/a_test.cc", "command": "c++"}]
        commands.write_text(json.dumps(entries), encoding="utf-8")
        problems = built.check(tree.sources, {}, tree.root, commands)
        self.assertEqual(["fuzz/c_fuzz.cc", "src/chain/b_test.cc"], sorted(problem.split(":")[0] for problem in problems))

    def test_format_and_its_cache(self):
        tree = self.tree({".clang-format": "BasedOnStyle: Google\n", "src/a/good.cc": "int f() { return 1; }\n",
                          "src/a/bad.cc": "int  f( ){return 1;}\n"})
        cache = style.Cache(tree.root / "cache")
        for _ in range(2):
            problems = style.check_format(tree.sources, tree.root, cache)
            self.assertEqual(1, len(problems))
            self.assertIn("src/a/bad.cc", problems[0])
        self.assertEqual(1, len(list((tree.root / "cache").iterdir())))

    def test_tidy_sees_a_change_in_a_header(self):
        tree = self.tree({
            ".clang-tidy": "Checks: '-*,modernize-use-nullptr'\nWarningsAsErrors: '*'\n",
            "src/a/h.h": "#pragma once\ninline int* f() { return nullptr; }\n",
            "src/a/x.cc": '#include "a/h.h"\nint* g() { return f(); }\n',
        })
        commands = tree.root / "compile_commands.json"
        command = f"clang++-19 -std=c++23 -I{tree.root}/src -c {tree.root}/src/a/x.cc"
        commands.write_text(json.dumps([{"directory": str(tree.root), "file": "src/a/x.cc", "command": command}]), encoding="utf-8")
        cache = style.Cache(tree.root / "cache")
        self.assertEqual([], style.check_tidy(tree.sources, tree.root, cache, commands))
        (tree.root / ".clang-tidy").write_text("Checks: '-*,modernize-use-nullptr'\nWarningsAsErrors: '*'\nHeaderFilterRegex: '.*'\n")
        (tree.root / "src/a/h.h").write_text("#pragma once\ninline int* f() { return 0; }\n")
        problems = style.check_tidy(read_tree(tree.root), tree.root, cache, commands)
        self.assertIn("modernize-use-nullptr", "".join(problems))

    def test_the_program_names_what_failed_and_exits_1(self):
        tree = self.tree({".clang-format": "BasedOnStyle: Google\n", "src/base/a.cc": '#include "x509/name.h"\n'})
        program = pathlib.Path(__file__).with_name("lint.py")
        done = subprocess.run([sys.executable, program, "--root", tree.root, "--fast"], capture_output=True, text=True)
        self.assertEqual(1, done.returncode)
        self.assertIn("FAIL layers: 1\n     src/base/a.cc:1: base lies below x509", done.stdout)


if __name__ == "__main__":
    unittest.main()
