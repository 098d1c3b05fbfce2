"""What can go wrong while a running service gets a certificate, and what certferry has to answer. Nothing here reaches into
the program: each failure is something that an administrator's binding or the computer could hold."""

import dataclasses
import errno
import pathlib
import sys
import typing

import impostor
import service

HERE = pathlib.Path(__file__).parent
MISSING = "/usr/sbin/no-such-program"
HANG = ["/bin/sleep", "20"]


@dataclasses.dataclass(frozen=True)
class Failure:
    name: str
    told: str  # for people: what happens
    bring: typing.Callable  # brings it about for a Case, and registers what heals it
    ids: tuple = ("CF1742",)  # one of these is the answer
    exit_code: int = 4
    reason: str = ""  # a pattern that the message has to match
    after: str = "old"  # what is served then: the old certificate, or nothing
    names: tuple = (service.NAME,)  # of the new certificate
    rsa: bool = False  # the new certificate's key
    exportable: bool = True  # where the service needs that
    killed: bool = False  # certferry is killed in the reload, and run again


def damaging(kind):
    def bring(case):
        flag = case.service.place / "damage"
        flag.touch()
        case.undo(flag.unlink, missing_ok=True)
        case.undo(case.remove_staged)
        script = [sys.executable, str(HERE / "damage.py"), kind, "${folder}", str(flag), str(case.bench.other_key)]
        case.binding["prepare"] = [{"command": script}] + case.binding.get("prepare", [])

    return bring


def reloading(words, seconds=None):
    def bring(case):
        case.reload_by(words)
        if seconds:
            case.binding["limits"]["reload"] = seconds

    return bring


def testing(words):
    def bring(case):
        case.binding["test"] = {"command": words}
        case.binding["limits"]["test"] = 1

    return bring


def breaking_configuration(case):
    assert case.service.break_configuration(), "it has no configuration that could be broken"
    case.undo(case.service.configure)


def killing(restart):
    def bring(case):
        case.reload_by(case.service.kill_words())
        case.binding.pop("restart", None)
        if restart:
            case.binding["restart"] = {"command": case.service.restart_words()}
        case.undo(case.service.make_run)

    return bring


def serving_other_for_a_name(case):
    assert case.service.serve_other_certificate(*case.bench.other_pair), "it knows one certificate only"
    case.undo(case.service.restart)
    case.undo(case.service.mend_other_name)
    case.service.restart()


def more_probe(case, listener, **more):
    case.undo(listener.close)
    case.binding["probe"].append({"port": listener.port, **more})


def other_address(case):
    more_probe(case, impostor.serving(*case.bench.old_pair))


def other_worker(case):
    listener = impostor.serving(*case.bench.old_pair, port=case.service.port, share=True)
    case.undo(listener.close)


def closed_port(case):
    case.binding["probe"].append({"port": service.free_port()})


def silent_port(case):
    more_probe(case, impostor.silent())


def stopped(case):
    case.undo(case.service.make_run)
    case.service.stop()


def full_disk(case):
    filler = case.bench.services / "filler"
    case.undo(filler.unlink)
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as error:
            assert error.errno == errno.ENOSPC, error


def other_kind_of_key(case):
    case.binding["keys"] = ["ec"]


def no_account(case):
    for file in case.binding["file"]:
        file["group"] = "no-such-group"
    case.undo(case.remove_staged)


def nothing(case):
    del case


ALL = [
    Failure("broken certificate", "the certificate's file is damaged after it was put in place", damaging("broken-certificate")),
    Failure("wrong key", "another key is in the file", damaging("wrong-key")),
    Failure("unreadable key", "the key is missing; where the service's account reads it, it may not", damaging("no-key")),
    Failure("syntax error", "the service's configuration has a syntax error", breaking_configuration),
    Failure("test fails", "the configuration test ends with status 1", testing(["/bin/false"]), reason="CF1663"),
    Failure("test hangs", "the configuration test does not end in its time", testing(HANG), reason="CF1663.*did not end in time"),
    Failure("no reload", "the program that reloads is not installed", reloading([MISSING]), reason="CF1180"),
    Failure("reload fails", "the reload ends with status 1", reloading(["/bin/false"]), reason="CF1664"),
    Failure("idle reload", "the reload ends with status 0 and does nothing", reloading(["/bin/true"]), reason="CF1746"),
    Failure("reload hangs", "the reload does not end in its time", reloading(HANG, 1), reason="CF1664.*did not end in time"),
    Failure("reload kills", "the reload ends the service with status 0; the binding has [restart]", killing(restart=True)),
    Failure("kills for good", "the same without [restart]: nobody can bring the service back, and that is said", killing(restart=False),
            ids=("CF1744",), after="nothing"),
    Failure("wrong on a name", "another certificate is served for one of two names", serving_other_for_a_name, reason=f"CF1746.*{service.OTHER_NAME}",
            names=(service.NAME, service.OTHER_NAME)),
    Failure("wrong on an address", "one of two addresses still serves the old certificate", other_address, reason="CF1746"),
    Failure("wrong on a worker", "a process beside it, on the same port, still serves the old certificate", other_worker, reason="CF1746"),
    Failure("stopped", "the service does not run", stopped, ids=("CF1748",), reason="CF2012", after="nothing"),
    Failure("closed port", "nothing listens on one of two ports", closed_port, reason="CF2012"),
    Failure("slow handshake", "one of two ports takes connections and stays silent", silent_port, reason="CF2016"),
    Failure("disk full", "no space is left for the service's files", full_disk, reason="No space left"),
    Failure("no such group", "the group that shall own the files does not exist", no_account, reason="CF1661"),
    Failure("kind of key", "the service takes no key of that kind", other_kind_of_key, ids=("CF1739",), exit_code=1, rsa=True),
    Failure("key not granted", "the service's account reads the key, and PrivateKeyExportable is False", nothing, ids=("CF1743",), exit_code=1,
            exportable=False),
    Failure("killed, goes on", "certferry is killed in the reload; the next run finishes it", reloading(HANG), killed=True, ids=(""), exit_code=0,
            after="new"),
    Failure("killed, goes back", "certferry is killed in the reload; for the next run the reload fails", reloading(HANG), killed=True, reason="CF1664"),
]

ROOT_READS = "root opens the key, so that its export does not matter"
ONE_CERTIFICATE = "it serves one certificate whatever the name"
CHOOSES = "it chooses among all its certificates by their names, and takes the new one for both"
ONE_LISTENER = "one process takes all its connections"
NOT_READ_AGAIN = "its configuration is not read again when it takes a certificate"
WATCHES = "it reads changed files by itself: nobody has to tell it"
IN_SPITE_OF_IT = "it takes the certificate in spite of a mistake elsewhere in its configuration"


def none_of(name, reason, *patterns):
    return {(pattern, name): reason for pattern in patterns}


# (service, failure): why there is no such case.
NOT_APPLICABLE = {
    **none_of("key not granted", ROOT_READS, "nginx", "haproxy", "apache2", "postfix", "dovecot", "java-keystore"),
    **none_of("wrong on a name", ONE_CERTIFICATE, "redis", "postgresql", "slapd", "mosquitto", "coturn", "files", "java-keystore"),
    **none_of("wrong on a name", CHOOSES, "ejabberd"),
    **none_of("wrong on a worker", ONE_LISTENER, "redis", "caddy", "postfix", "dovecot", "postgresql", "slapd", "mosquitto", "kamailio", "coturn",
              "prosody", "ejabberd", "files", "java-keystore"),
    **none_of("wrong key", "a keystore is whole or broken", "java-keystore"),
    **none_of("idle reload", WATCHES, "files", "java-keystore"),
    **none_of("syntax error", IN_SPITE_OF_IT, "mosquitto"),
    **none_of("syntax error", NOT_READ_AGAIN, "redis", "slapd", "coturn", "files", "java-keystore"),
}
