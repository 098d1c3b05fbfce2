"""A third of the matrix of services × failures; and that it is a fair third."""

import subprocess
import sys
import unittest

import failures
import matrix


class Sample(unittest.TestCase):
    program = None

    def cases(self, everything):
        return [(module, failure.name) for number, (module, kind) in enumerate(matrix.SERVICES)
                for failure in matrix.cases_of(number, matrix.service_class(module, kind).pattern, everything)]

    def test_every_service_and_every_failure_is_in_it(self):
        some, every = self.cases(False), self.cases(True)
        self.assertEqual({module for module, _ in some}, {module for module, _ in every})
        self.assertEqual({name for _, name in some}, {failure.name for failure in failures.ALL})
        self.assertGreaterEqual(3.3 * len(some), len(every))
        self.assertGreaterEqual(len(every), 150)

    def test_every_exception_is_about_a_failure_that_there_is(self):
        self.assertLessEqual({name for _, name in failures.NOT_APPLICABLE}, {failure.name for failure in failures.ALL})

    def test_no_failure_is_called_done(self):
        done = subprocess.run([sys.executable, matrix.__file__, self.program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    Sample.program = sys.argv.pop(1)
    unittest.main(verbosity=2)
