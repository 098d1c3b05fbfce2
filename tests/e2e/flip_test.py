"""A real nginx gets its certificates: flipped, asked on the wire, verified or rolled back."""

import hashlib
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import time

import made_files
from ports import free_port

NGINX = "/usr/sbin/nginx"


def served(port, name="web.litwareinc.com"):
    """SHA-256 of the certificate that is served; None where nothing is."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as plain, context.wrap_socket(plain, server_hostname=name) as tls:
            return hashlib.sha256(tls.getpeercert(True)).hexdigest()
    except OSError:
        return None


class Flip(made_files.ProgramTest):
    def setUp(self):
        super().setUp()
        self.home.mkdir(parents=True, mode=0o755)
        self.port = free_port()
        self.place = self.home.parent / "nginx"
        self.place.mkdir()
        folder = self.home / "services/nginx/WebServicesExternal/current"
        self.config = self.place / "nginx.conf"
        self.config.write_text(
            f"pid {self.place}/pid;\nerror_log {self.place}/error.log;\nworker_processes 2;\nuser root;\nevents {{}}\nhttp {{ access_log off;\n"
            f"  server {{ listen 127.0.0.1:{self.port} ssl; server_name _;\n    ssl_certificate {folder}/fullchain.pem;\n"
            f"    ssl_certificate_key {folder}/privkey.pem; }} }}\n"
        )
        self.started = False

    def tearDown(self):
        self.stop()
        super().tearDown()

    def stop(self):
        pid = self.place / "pid"
        if not self.started or not pid.exists():
            return
        number = int(pid.read_text())
        os.kill(number, signal.SIGTERM)
        while pathlib.Path(f"/proc/{number}").exists() and pathlib.Path(f"/proc/{number}/exe").exists():
            time.sleep(0.01)
        self.started = False

    def start(self):
        subprocess.run([NGINX, "-c", self.config], check=True)
        self.started = True

    def bind(self, reload=None, limits="probe = 2", first="", more="", probe=True):
        folder = self.home / "bindings.d"
        folder.mkdir(mode=0o755, exist_ok=True)
        words = json.dumps(reload or [NGINX, "-c", str(self.config), "-s", "reload"])
        (folder / "nginx.toml").write_text(
            f'name = "nginx"\ntypes = ["WebServicesExternal"]\n{first}'
            '[[file]]\ncontent = "fullchain"\npath = "${folder}/fullchain.pem"\n'
            '[[file]]\ncontent = "key"\npath = "${folder}/privkey.pem"\n'
            f'[test]\ncommand = ["{NGINX}", "-c", "{self.config}", "-t", "-q"]\n'
            f"[reload]\ncommand = {words}\n" + (f"[[probe]]\nport = {self.port}\n{more}" if probe else "") + f"[limits]\n{limits}\n"
        )
        (folder / "nginx.toml").chmod(0o644)

    def assign(self, name, *more, exit_code=0, names=("web.litwareinc.com",)):
        answer = self.import_file(self.ca.server(name, names))
        assigned = self.json_of("set", "--type", "WebServicesExternal", "--thumbprint", answer["thumbprint"], *more, exit_code=exit_code)
        return answer["sha256"], assigned

    def deployment(self):
        return json.loads((self.home / "deployments/WebServicesExternal.json").read_text())

    def up_and_running(self):
        """nginx serves the first certificate, verified."""
        self.bind()
        folder = self.home / "services/nginx/WebServicesExternal/current"
        folder.mkdir(parents=True)
        self.ca.server("own")
        (folder / "fullchain.pem").write_bytes((self.folder / "own.pem").read_bytes())
        (folder / "privkey.pem").write_bytes((self.folder / "own.key").read_bytes())
        self.start()
        for path in (*folder.iterdir(), folder):
            path.rmdir() if path.is_dir() else path.unlink()
        first, answer = self.assign("first")
        self.assertTrue(answer["changed"])
        self.assertEqual(served(self.port), first)
        self.assertEqual(self.deployment()["state"], "verified")
        return first

    def test_the_new_one_is_served_before_it_says_done(self):
        first = self.up_and_running()
        second, _ = self.assign("second")
        self.assertEqual(served(self.port), second)
        self.assertEqual(self.deployment()["before"], first)
        self.assertTrue(self.json_of("doctor")["clean"])

    def test_a_service_that_nobody_can_ask_is_in_place_and_not_verified(self):
        self.up_and_running()
        self.bind(probe=False)
        second, answer = self.assign("unasked")
        self.assertEqual([one["id"] for one in answer["findings"] if one["severity"] == "warning" and one["source"] == "certferry"], ["CF1747"])
        self.assertEqual(self.deployment()["state"], "in place")
        self.assertIn("in place, not asked", self.run_program("get").stdout)
        asked_until = time.monotonic() + 20
        while served(self.port) != second:
            self.assertLess(time.monotonic(), asked_until)
        self.assertFalse(self.json_of("agent", "--once")["changed"])

    def test_a_reload_that_does_nothing_is_rolled_back(self):
        first = self.up_and_running()
        self.bind(reload=["/bin/true"], limits="probe = 1")
        second, answer = self.assign("idle", exit_code=4)
        self.assertEqual(answer["error"]["id"], "CF1742")
        self.assertIn("CF1746", answer["error"]["message"])
        self.assertEqual(served(self.port), first)
        self.assertEqual(self.deployment()["state"], "rolled back")
        self.assertEqual((self.home / "live/WebServicesExternal/current/sha256").read_text().strip(), first)
        # Not tried again by itself, but when somebody asks for it.
        agent = self.json_of("agent", "--once", exit_code=4)
        self.assertEqual(agent["error"]["id"], "CF1745")
        self.bind()
        self.json_of("set", "--type", "WebServicesExternal", "--thumbprint", second[:16])
        self.assertEqual(served(self.port), second)

    def test_a_broken_configuration_is_seen_before_anything_changes(self):
        first = self.up_and_running()
        good = self.config.read_text()
        self.config.write_text(good.replace("events {}", "events { nonsense; }"))
        _, answer = self.assign("syntax", exit_code=4)
        self.assertEqual(answer["error"]["id"], "CF1742")
        self.assertRegex(answer["error"]["message"], "keeps what it has: CF1663")
        self.assertEqual(served(self.port), first)
        self.config.write_text(good)

    def test_a_reload_that_fails_is_rolled_back(self):
        first = self.up_and_running()
        self.bind(reload=["/bin/false"])
        _, answer = self.assign("failing", exit_code=4)
        self.assertEqual(answer["error"]["id"], "CF1742")
        self.assertRegex(answer["error"]["message"], "CF1664")
        self.assertEqual(served(self.port), first)
        self.assertEqual((self.home / "live/WebServicesExternal/current/sha256").read_text().strip(), first)

    def test_a_wrong_certificate_on_one_name_is_seen(self):
        first = self.up_and_running()
        own = f"ssl_certificate {self.folder}/own.pem; ssl_certificate_key {self.folder}/own.key;"
        self.config.write_text(self.config.read_text()[:-2] +
                               f"  server {{ listen 127.0.0.1:{self.port} ssl; server_name other.litwareinc.com; {own} }} }}\n")  # fmt: skip
        _, answer = self.assign("names", exit_code=4, names=("web.litwareinc.com", "other.litwareinc.com"))
        self.assertIn("for other.litwareinc.com serves", answer["error"]["message"])
        self.assertEqual(served(self.port), first)

    def test_one_type_that_fails_keeps_no_other_from_its_certificate(self):
        self.up_and_running()
        self.bind(reload=["/bin/false"])
        answer = self.import_file(self.ca.server("two"))
        assigned = self.json_of("set", "--type", "WebServicesExternal,Default", "--thumbprint", answer["thumbprint"], exit_code=4)
        self.assertEqual(assigned["error"]["id"], "CF1742")
        self.assertEqual((self.home / "live/Default/current/sha256").read_text().strip(), answer["sha256"])
        # Another command is not about it: it neither tries again nor fails for it.
        other = self.json_of("set", "--type", "Internal", "--thumbprint", answer["thumbprint"])
        self.assertIn("CF1745", [finding["id"] for finding in other["findings"]])
        self.json_of("remove", "--type", "Internal", "--force")
        states = {use["use"]: use["deployment"] and use["deployment"]["state"] for use in self.json_of("get")["certificates"]}
        self.assertEqual(states, {"WebServicesExternal": "rolled back", "Default": None})

    def test_a_binding_that_fails_for_what_is_live_already_leaves_it_live(self):
        live = self.import_file(self.ca.server("live"))
        self.json_of("set", "--type", "WebServicesExternal", "--thumbprint", live["thumbprint"])
        self.bind(limits="probe = 1")  # nginx does not run
        answer = self.json_of("agent", "--once", exit_code=4)
        self.assertEqual(answer["error"]["id"], "CF1748")
        self.assertEqual((self.home / "live/WebServicesExternal/current/sha256").read_text().strip(), live["sha256"])
        self.assertFalse((self.home / "services/nginx/WebServicesExternal/current").exists())

    def test_a_removed_certificate_is_taken_from_the_service(self):
        self.up_and_running()
        self.json_of("remove", "--type", "WebServicesExternal", "--force")
        self.assertFalse((self.home / "services/nginx/WebServicesExternal/current").exists())
        self.assertFalse((self.home / "live/WebServicesExternal/current").exists())
        self.assertFalse((self.home / "deployments/WebServicesExternal.json").exists())

    def test_a_binding_can_be_made_from_a_pattern_listed_and_tried(self):
        patterns = {one["name"]: one for one in self.json_of("binding")["bindings"]}
        self.assertGreaterEqual(len(patterns), 14)
        self.assertFalse(any(one["in_use"] for one in patterns.values()))
        self.assertIn("nginx", [one["name"] for one in self.json_of("binding", "detect")["bindings"]])
        self.json_of("binding", "new", "nginx", "--type", "Default,WebServicesExternal")
        text = self.json_of("binding", "show", "nginx")["text"]
        self.assertIn('types = ["Default", "WebServicesExternal"]', text)
        self.assertEqual(self.json_of("binding", "new", "nginx", exit_code=1)["error"]["id"], "CF1787")
        self.assertEqual(self.json_of("binding", "show", "nginks", exit_code=2)["error"]["id"], "CF1786")
        first = self.up_and_running()
        listed = {one["name"]: one for one in self.json_of("binding", "list")["bindings"]}
        self.assertTrue(listed["nginx"]["in_use"])
        tried = self.json_of("binding", "test", "nginx")
        self.assertEqual([one["sha256"] for one in tried["served"]], [first])

    def test_a_stopped_service_is_not_called_done(self):
        first = self.up_and_running()
        (use,) = self.json_of("status")["uses"]
        self.assertEqual((use["sha256"], use["deployment"], use["next"]), (first, "verified", None))
        self.assertGreater(use["life_left"], 0.9)
        self.assertEqual({(one["service"], one["sha256"], one["right"]) for one in use["served"]}, {("nginx", first, True)})
        self.stop()
        status = self.json_of("status", exit_code=4)
        self.assertEqual(status["error"]["id"], "CF1788")
        self.assertEqual({one["error"] for one in status["uses"][0]["served"]}, {"CF2012"})
        self.assertIn("connection refused", self.run_program("status").stdout)
        _, answer = self.assign("stopped", exit_code=4)
        self.assertEqual(answer["error"]["id"], "CF1748")
        self.assertEqual((self.home / "live/WebServicesExternal/current/sha256").read_text().strip(), first)
        self.assertEqual(self.deployment()["state"], "verified", "of what is still in place")

    def test_every_connection_is_asked_at_once(self):
        self.assertEqual(self.json_of("probe", "--all", exit_code=1)["error"]["id"], "CF1789")
        first = self.up_and_running()
        (one,) = self.json_of("probe", "--all")["connections"]
        self.assertEqual([one[field] for field in ("service", "use", "address", "key_kind", "assigned", "right", "served", "error")],
                         ["nginx", "WebServicesExternal", f"127.0.0.1:{self.port}", "any", first, True, True, None])
        self.assertEqual(one["certificate"]["sha256"], first)
        self.assertIn(one["days_left"], (89, 90))
        # Without an assignment it is shown all the same; it is right then, whatever it is.
        self.json_of("remove", "--type", "WebServicesExternal", "--yes")
        (one,) = self.json_of("probe", "--all")["connections"]
        self.assertEqual([one[field] for field in ("assigned", "right", "served")], [None, None, True])
        self.stop()
        refused = self.json_of("probe", "--all", exit_code=4)
        self.assertEqual((refused["error"]["id"], refused["connections"][0]["error"]["id"]), ("CF1788", "CF2012"))
        text = self.run_program("probe", "--all")
        self.assertIn("CF2012", text.stdout)
        self.assertEqual(self.run_program("probe", "--all", "127.0.0.1:1").returncode, 2)

    def test_a_service_starts_with_files_that_were_put_in_place(self):
        first, _ = self.assign("placed")
        self.assertEqual(self.json_of("binding", "place", "nginx", exit_code=2)["error"]["id"], "CF1786")
        self.bind()
        placed = self.json_of("binding", "place", "nginx")["placed"]
        self.assertEqual([(one["type"], one["sha256"]) for one in placed], [("WebServicesExternal", first)])
        self.start()
        self.assertEqual(served(self.port), first)
        self.json_of("agent", "--once")
        self.assertEqual(self.deployment()["state"], "verified")
        self.assertEqual(self.json_of("binding", "place", "nginx")["placed"], [])

    def test_a_service_that_was_off_gets_its_certificate_when_it_runs(self):
        first = self.up_and_running()
        self.stop()
        agent = subprocess.Popen([self.program, "agent", "--foreground", "--home", self.home], stderr=subprocess.PIPE, text=True)
        try:
            self.assertTrue(any("is ready" in line for line in iter(agent.stderr.readline, "")))
            second, _ = self.assign("late", exit_code=4)
            self.assertTrue(any("CF1748" in line for line in iter(agent.stderr.readline, "")))
            self.start()
            self.assertEqual(served(self.port), first)
            began = time.time()
            while served(self.port) != second:
                self.assertLess(time.time(), began + 40)
                time.sleep(0.1)
        finally:
            agent.terminate()
            agent.wait()
            agent.stderr.close()

    def test_a_binding_may_keep_what_could_not_be_verified(self):
        self.up_and_running()
        self.bind(reload=["/bin/true"], limits="probe = 1", first='on_failure = "keep"\n')
        second, answer = self.assign("kept", exit_code=4)
        self.assertEqual(answer["error"]["id"], "CF1741")
        self.assertEqual(self.deployment()["state"], "not verified")
        self.assertEqual((self.home / "services/nginx/WebServicesExternal/current/sha256").read_text().strip(), second)
        self.assertEqual(self.json_of("agent", "--once", exit_code=4)["error"]["id"], "CF1745")
        self.bind()
        self.json_of("set", "--type", "WebServicesExternal", "--thumbprint", second[:16])
        self.assertEqual((served(self.port), self.deployment()["state"]), (second, "verified"))

    def test_a_kind_of_key_that_the_service_does_not_take_is_refused(self):
        first = self.up_and_running()
        self.bind(first='keys = ["rsa"]\n')
        _, answer = self.assign("ec", exit_code=1)
        self.assertEqual(answer["error"]["id"], "CF1739")
        self.assertEqual(served(self.port), first)

    def test_hooks_for_certbot_reload_the_service(self):
        self.up_and_running()
        hooks = self.place / "deploy-hooks"
        hooks.mkdir(mode=0o755)
        for name, text in {"10-tell": f'echo "$RENEWED_DOMAINS" "$(sha256sum < "$RENEWED_LINEAGE/fullchain.pem")" > {self.place}/told',
                           "20-nginx": f"exec {NGINX} -c {self.config} -s reload", "30-old~": "exit 1"}.items():  # fmt: skip
            (hooks / name).write_text(f"#!/bin/sh\n{text}\n")
            (hooks / name).chmod(0o755)
        (hooks / "README").write_text("not executable\n")
        self.bind()
        binding = self.home / "bindings.d/nginx.toml"
        binding.write_text(re.sub(r"(?m)^\[reload\]\ncommand = .*$", f'[reload]\ncertbot_hooks = "{hooks}"', binding.read_text()))
        second, _ = self.assign("hooked", names=("web.litwareinc.com", "www.litwareinc.com"))
        self.assertEqual(served(self.port), second)
        chain = (self.home / "live/WebServicesExternal/current/fullchain.pem").read_bytes()
        self.assertEqual((self.place / "told").read_text().split()[:3], ["web.litwareinc.com", "www.litwareinc.com", hashlib.sha256(chain).hexdigest()])
        (hooks / "20-nginx").chmod(0o777)
        _, answer = self.assign("open", exit_code=4)
        self.assertIn("CF1645", answer["error"]["message"])
        self.assertEqual(served(self.port), second)

    def test_private_keys_of_old_generations_go(self):
        self.up_and_running()
        for name in ("b", "c", "d"):
            self.assign(name)
        folder = self.home / "services/nginx/WebServicesExternal"
        self.assertEqual(len(list(folder.glob("[1-9]*/privkey.pem"))), 2)
        self.json_of("remove", "--type", "WebServicesExternal", "--force")
        self.assertEqual(list(folder.iterdir()), [])

    def restarting(self):
        """A program that starts nginx anew."""
        script = self.place / "restart"
        script.write_text(f"#!/bin/sh\nkill -QUIT $(cat {self.place}/pid)\nwhile [ -e {self.place}/pid ]; do sleep 0.05; done\nexec {NGINX} -c {self.config}\n")
        script.chmod(0o755)
        return script

    def test_a_service_that_a_reload_ended_is_restarted_with_the_old_one(self):
        first = self.up_and_running()
        script = self.restarting()
        script.write_text(script.read_text().replace("kill -QUIT", "kill -QUIT 2>/dev/null"))
        ends = self.place / "end"
        ends.write_text(f"#!/bin/sh\n[ -e {self.place}/pid ] || exit 1\nkill -QUIT $(cat {self.place}/pid)\nwhile [ -e {self.place}/pid ]; do sleep 0.05; done\n")
        ends.chmod(0o755)
        self.bind(reload=[str(ends)], limits="probe = 1", more=f'[restart]\ncommand = ["{script}"]\n')
        _, answer = self.assign("ended", exit_code=4)
        self.assertEqual(answer["error"]["id"], "CF1742")
        self.assertEqual(served(self.port), first)

    def test_a_service_is_restarted_for_another_kind_of_key(self):
        self.up_and_running()
        self.bind(reload=["/bin/true"], first="restart_for_other_key = true\n", more=f'[restart]\ncommand = ["{self.restarting()}"]\n')
        made_files.openssl("genrsa", "-out", self.folder / "rsa.key", "2048")
        second, _ = self.assign("rsa")
        self.assertEqual(served(self.port), second)

    def test_the_agent_flips_nginx_at_the_date(self):
        first = self.up_and_running()
        agent = subprocess.Popen([self.program, "agent", "--foreground", "--home", self.home], stderr=subprocess.PIPE, text=True)
        try:
            self.assertTrue(any("is ready" in line for line in iter(agent.stderr.readline, "")))
            date = int(time.time()) + 3
            second, _ = self.assign("dated", "--roll", "--effective-date", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(date)))
            self.assertEqual(served(self.port), first)
            while served(self.port) != second:
                self.assertLess(time.time(), date + 10)
            self.assertGreaterEqual(time.time(), date)
        finally:
            agent.terminate()
            agent.wait()
            agent.stderr.close()

    def test_a_kill_in_the_middle_is_finished_by_the_next_run(self):
        first = self.up_and_running()
        # The reload never ends: the flip is killed there, names and files have moved, the wire has not.
        self.bind(reload=["/bin/sleep", "60"])
        answer = self.import_file(self.ca.server("killed"))
        flip = subprocess.Popen([self.program, "set", "--type", "WebServicesExternal", "--thumbprint", answer["thumbprint"], "--home", self.home],
                                stdout=subprocess.DEVNULL)  # fmt: skip
        record = self.home / "deployments/WebServicesExternal.json"
        current = self.home / "services/nginx/WebServicesExternal/current/sha256"
        while not (re.search('"flipping"', record.read_text()) and current.read_text().strip() == answer["sha256"]):
            self.assertIsNone(flip.poll())
            time.sleep(0.01)
        flip.kill()
        flip.wait()
        self.assertEqual(served(self.port), first)
        self.bind()
        self.json_of("agent", "--once")
        self.assertEqual(served(self.port), answer["sha256"])
        self.assertEqual(self.deployment()["state"], "verified")


if __name__ == "__main__":
    made_files.main()
