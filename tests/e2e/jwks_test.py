"""Tokens are validated by a real client library across a whole roll: signed by next, current and previous."""

import calendar
import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

try:
    import jwt
except ImportError:  # Debian's packages are Debian's Python's
    if sys.executable == "/usr/bin/python3":
        raise
    os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])

import made_files

LEAD, LIFETIME, MARGIN = 4, 3, 2  # seconds; a day, eight hours and ten minutes where nothing is configured
TYPE = "OAuthTokenIssuer"
ALGORITHMS = ["ES256", "RS256"]


def rfc3339(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def seconds_of(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


class KeyServer:
    """Serves the JWK Set as a web server would."""

    def __init__(self, path):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = path.read_bytes()
                self.send_response(200)
                self.send_header("Content-Type", "application/jwk-set+json")
                self.send_header("Cache-Control", "max-age=300")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks.json"

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Refetching:
    """PyJWT's own client: it fetches the set again when it meets an unknown kid."""

    def __init__(self, url, cached_for):
        self.client = jwt.PyJWKClient(url, cache_jwk_set=True, lifespan=cached_for)

    def key(self, token):
        return self.client.get_signing_key_from_jwt(token)


class Caching:
    """A client that never asks before its copy is old, whatever it meets."""

    def __init__(self, url, cached_for):
        self.client = jwt.PyJWKClient(url, cache_jwk_set=False, cache_keys=False)
        self.cached_for = cached_for
        self.fetched = -cached_for
        self.known = {}

    def key(self, token):
        if time.monotonic() - self.fetched >= self.cached_for:
            self.known = {key.key_id: key for key in self.client.get_signing_keys()}
            self.fetched = time.monotonic()
        return self.known[jwt.get_unverified_header(token)["kid"]]


def validate(verifier, token):
    key = verifier.key(token)
    # Who calls knows whether the token lives; a busy machine may take a second from there to here.
    return jwt.decode(token, key.key, algorithms=ALGORITHMS, audience="everybody", options={"verify_exp": False})


class Jwks(made_files.ProgramTest):
    def setUp(self):
        super().setUp()
        self.home.mkdir(parents=True, mode=0o755)
        self.set = self.home / f"jwks/{TYPE}.json"
        self.issuer = self.home / f"services/jwks/{TYPE}/current"
        self.configure()
        self.json_of("binding", "new", "jwks", "--type", TYPE)

    def configure(self, lead=LEAD):
        config = self.home / "certferry.toml"
        config.write_text(f'[types.{TYPE}]\nlead = "{lead}s"\ncoexistence = "{LIFETIME}s"\nmargin = "{MARGIN}s"\n')
        config.chmod(0o600)

    def make(self, name, rsa=False):
        if rsa:
            made_files.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.folder / f"{name}.key")
        return self.import_file(self.ca.server(name, ("sts.litwareinc.com",)))

    def assign(self, imported, *more, exit_code=0):
        return self.json_of("set", "--type", TYPE, "--thumbprint", imported["thumbprint"], *more, exit_code=exit_code)

    def kids(self):
        return [key["kid"] for key in json.loads(self.set.read_text())["keys"]]

    def kid_of(self, name):
        """RFC 7638, by Python's means and not ours."""
        from cryptography.hazmat.primitives import serialization
        from hashlib import sha256
        from jwt.utils import base64url_encode

        numbers = serialization.load_pem_private_key((self.folder / f"{name}.key").read_bytes(), None).public_key().public_numbers()

        def text(number, size):
            return base64url_encode(number.to_bytes(size, "big")).decode()

        if hasattr(numbers, "n"):
            required = {"kty": "RSA", "e": text(numbers.e, 3), "n": text(numbers.n, 256)}
        else:  # with the leading zeros (RFC 7518 section 6.2.1.2), which PyJWT's to_jwk leaves out
            required = {"kty": "EC", "crv": "P-256", "x": text(numbers.x, 32), "y": text(numbers.y, 32)}
        return base64url_encode(sha256(json.dumps(required, separators=(",", ":"), sort_keys=True).encode()).digest()).decode()

    def token(self, lifetime=LIFETIME):
        """As an issuer signs: with the key and the kid of one and the same generation."""
        generation = self.issuer.resolve()
        key = (generation / "signing.key").read_text()
        now = time.time()
        claims = {"sub": "somebody", "aud": "everybody", "iat": int(now), "exp": int(now) + lifetime}
        algorithm = "RS256" if len(key) > 1000 else "ES256"
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": (generation / "kid").read_text().strip()})

    def test_no_token_fails_inside_the_window_and_the_previous_key_fails_after_it(self):
        first, second = self.make("first"), self.make("second", rsa=True)
        self.assign(first)
        old, new = self.kid_of("first"), self.kid_of("second")
        self.assertEqual(self.kids(), [old])
        self.assertEqual((self.issuer / "kid").read_text(), old + "\n")
        server = KeyServer(self.set)
        agent = subprocess.Popen([self.program, "agent", "--foreground", "--home", self.home], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            verifiers = [Refetching(server.url, 300), Refetching(server.url, LEAD - 1), Caching(server.url, LEAD - 1)]
            for verifier in verifiers:
                validate(verifier, self.token())
            date = int(time.time()) + LEAD + 2
            self.assign(second, "--roll", "--effective-date", rfc3339(date))
            # Published before it signs.
            self.assertEqual(self.kids(), [old, new])
            self.assertEqual((self.issuer / "kid").read_text().strip(), old)
            (roll,) = self.json_of("roll", "list")["rolls"]
            self.assertEqual((roll["stage"], roll["effective_date"]), ("published", rfc3339(date)))
            due = seconds_of(roll["due"])
            self.assertEqual(due, max(date, seconds_of(roll["published"]) + LEAD))
            self.assertEqual(self.json_of("status")["uses"][0]["next_stage"], "published")
            seen, signers, alive, last_old = [self.kids()], [], [], None
            while len(self.kids()) > 1 or not signers or signers[-1] != new:
                self.assertLess(time.time(), due + LIFETIME + MARGIN + 20, f"{seen} {signers}")
                token = self.token()
                signer = jwt.get_unverified_header(token)["kid"]
                if signer == old:
                    last_old = token
                if not signers or signers[-1] != signer:
                    signers.append(signer)
                    if signer == new:
                        self.assertGreaterEqual(time.time(), due)
                ends = jwt.decode(token, options={"verify_signature": False})["exp"]
                alive = [(end, one) for end, one in alive if end > time.time()] + [(ends, token)]
                for _, one in alive[:: max(1, len(alive) // 20)]:
                    for verifier in verifiers:
                        self.assertEqual(validate(verifier, one)["sub"], "somebody")
                if seen[-1] != self.kids():
                    seen.append(self.kids())
                time.sleep(0.02)
            ended = time.time()
            if seen[-1] != self.kids():
                seen.append(self.kids())
            self.assertEqual(signers, [old, new])
            self.assertEqual(seen, [[old, new], [new, old], [new]])
            self.assertGreaterEqual(ended, due + LIFETIME + MARGIN)
            # After the window the previous key is known to nobody who looks.
            fresh = Refetching(server.url, 300)
            validate(fresh, self.token())
            with self.assertRaises(jwt.exceptions.PyJWKClientError):
                validate(fresh, last_old)
            self.assertEqual(self.json_of("get")["certificates"][0]["sha256"], second["sha256"])
        finally:
            agent.terminate()
            agent.wait()
            server.stop()
        self.json_of("audit", "verify")
        self.assertTrue(self.json_of("doctor")["clean"])

    def test_a_short_lead_is_refused_unless_it_is_accepted(self):
        first, second = self.make("short1"), self.make("short2")
        self.assign(first)
        date = rfc3339(time.time() + 1)
        self.configure(lead=3600)
        self.assertEqual(self.assign(second, "--roll", "--effective-date", date, exit_code=5)["error"]["id"], "CF1912")
        later = rfc3339(time.time() + 7200)
        self.assign(second, "--roll", "--effective-date", later)
        self.assertEqual(self.json_of("roll", "now", "--type", TYPE, exit_code=5)["error"]["id"], "CF1912")
        self.assertEqual(self.kids(), [self.kid_of("short1"), self.kid_of("short2")])
        cmdlet = ["Set-CsCertificate", "-Type", TYPE, "-Thumbprint", second["thumbprint"], "-Roll", "-EffectiveDate", rfc3339(time.time() + 1)]
        self.assertEqual(self.json_of(*cmdlet, exit_code=5)["error"]["id"], "CF1912")
        self.json_of("roll", "now", "--type", TYPE, "--accept-short-overlap")
        self.assertEqual(self.kids(), [self.kid_of("short2"), self.kid_of("short1")])
        self.assertEqual((self.issuer / "kid").read_text().strip(), self.kid_of("short2"))

    def test_what_cannot_be_published_does_not_sign_although_its_date_has_come(self):
        first, second = self.make("late1"), self.make("late2")
        self.assign(first)
        # The set cannot be replaced: somebody made a folder of it.
        text = self.set.read_bytes()
        self.set.unlink()
        self.set.mkdir()
        date = int(time.time()) + LEAD + 1
        self.assign(second, "--roll", "--effective-date", rfc3339(date), exit_code=4)
        (roll,) = self.json_of("roll", "list")["rolls"]
        self.assertEqual((roll["stage"], roll["published"]), ("staged", None))
        while time.time() < date + 1:
            time.sleep(0.05)
        self.run_program("agent", "--once")
        self.assertEqual((self.issuer / "kid").read_text().strip(), self.kid_of("late1"))
        self.set.rmdir()
        self.set.write_bytes(text)
        answer = self.json_of("agent", "--once")
        self.assertEqual(self.kids(), [self.kid_of("late1"), self.kid_of("late2")])
        self.assertEqual((self.issuer / "kid").read_text().strip(), self.kid_of("late1"))
        (roll,) = self.json_of("roll", "list")["rolls"]
        self.assertEqual(answer["next"], roll["due"])
        self.assertEqual(seconds_of(roll["due"]), seconds_of(roll["published"]) + LEAD)
        while time.time() < seconds_of(roll["due"]):
            time.sleep(0.05)
        self.json_of("agent", "--once")
        self.assertEqual((self.issuer / "kid").read_text().strip(), self.kid_of("late2"))

    def test_a_set_of_before_comes_back_when_nothing_is_assigned(self):
        self.set.parent.mkdir()
        self.set.write_text('{"keys":[]}')
        self.set.chmod(0o640)
        self.assign(self.make("own"))
        self.assertEqual(len(self.kids()), 1)
        self.assertEqual(self.set.stat().st_mode & 0o777, 0o644)
        self.json_of("remove", "--type", TYPE, "--force")
        self.assertEqual(self.set.read_text(), '{"keys":[]}')
        self.assertEqual(self.set.stat().st_mode & 0o777, 0o640)

    def test_a_renewal_with_the_same_key_is_one_entry(self):
        first = self.make("same")
        self.assign(first)
        self.set.unlink()
        renewed = self.import_file(self.ca.server("same", ("sts.litwareinc.com",)))
        self.assertNotEqual(first["sha256"], renewed["sha256"])
        self.assign(renewed, "--roll", "--effective-date", rfc3339(time.time() + 3600))
        self.assertEqual(self.kids(), [self.kid_of("same")])


if __name__ == "__main__":
    made_files.main()
