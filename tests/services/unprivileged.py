"""A service that is started by its account, not by root, as Debian's unit starts it."""

import shutil

import service


class Unprivileged(service.Service):
    exportable = True

    @property
    def run(self):
        """A folder in which it may write."""
        folder = self.place / "run"
        if not folder.exists():
            folder.mkdir()
            shutil.chown(folder, self.account, self.account)
        return folder

    def as_account(self, *words):
        return ["/usr/bin/setpriv", f"--reuid={self.account}", f"--regid={self.account}", "--init-groups", "/usr/bin/env", f"HOME={self.run}", *words]
