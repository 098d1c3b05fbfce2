"""A service with the shipped binding, running, that waits for its first certificate from certferry."""

import shutil


def start(kind, home, ca, json_of):
    """`kind`: a class below service.Service; `home`: certferry's, in a folder of its own; `json_of`: runs certferry."""
    home.mkdir(parents=True, mode=0o755, exist_ok=True)
    # Accounts of services have to reach it.
    for folder in (ca.folder, home.parent, home):
        folder.chmod(0o755)
    place = home.parent / kind.pattern
    place.mkdir(mode=0o755)
    made = kind(place, home)
    json_of("binding", "new", made.pattern, "--type", made.type)
    path = home / "bindings.d" / f"{made.pattern}.toml"
    path.write_text(made.adapt(path.read_text()))
    # It does not start without its files.
    ca.server("own")
    made.put_first(ca.folder / "own.pem", ca.folder / "own.key")
    made.start()
    shutil.rmtree(made.folder)
    return made
