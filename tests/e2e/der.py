"""DER as an attacker writes it: what tools would refuse to make."""

import base64
import subprocess
import textwrap


def tlv(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    length = bytes([size]) if size < 128 else (lambda octets: bytes([0x80 | len(octets)]) + octets)(size.to_bytes((size.bit_length() + 7) // 8, "big"))
    return bytes([tag]) + length + content


def sequence(*parts):
    return tlv(0x30, *parts)


def integer(value):
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(text):
    first, second, *rest = map(int, text.split("."))
    octets = bytes([40 * first + second])
    for number in rest:
        groups = [number & 127]
        while number := number >> 7:
            groups.append(number & 127 | 128)
        octets += bytes(reversed(groups))
    return tlv(0x06, octets)


def pem(label, der):
    lines = textwrap.wrap(base64.b64encode(der).decode(), 64)
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()


NULL = tlv(0x05)


def encrypted_key(kdf):
    """An ENCRYPTED PRIVATE KEY in PEM that nothing opens; deriving its key takes what `kdf` says."""
    cipher = sequence(oid("2.16.840.1.101.3.4.1.42"), tlv(0x04, bytes(16)))
    return pem("ENCRYPTED PRIVATE KEY", sequence(sequence(oid("1.2.840.113549.1.5.13"), sequence(kdf, cipher)), tlv(0x04, bytes(64))))


def pbkdf2(iterations):
    prf = sequence(oid("1.2.840.113549.2.9"), NULL)
    return sequence(oid("1.2.840.113549.1.5.12"), sequence(tlv(0x04, b"saltsalt"), integer(iterations), prf))


def scrypt(n, r, p):
    return sequence(oid("1.3.6.1.4.1.11591.4.11"), sequence(tlv(0x04, b"saltsalt"), integer(n), integer(r), integer(p)))


class Signer:
    """Self-signed certificates for one key, with any octets as names."""

    def __init__(self, folder):
        self.key = folder / "signer.key"
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.key], check=True, capture_output=True)
        self.public = subprocess.run(["openssl", "pkey", "-in", self.key, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
        self.serial = 0x4000

    def certificate(self, attributes, general_names):
        """`attributes`: (OID, octets of a UTF8String); `general_names`: (context tag, octets). DER."""
        self.serial += 1
        algorithm = sequence(oid("1.2.840.10045.4.3.2"))
        name = sequence(*(tlv(0x31, sequence(oid(kind), tlv(0x0C, value))) for kind, value in attributes))
        dates = sequence(tlv(0x17, b"250101000000Z"), tlv(0x18, b"20600101000000Z"))
        names = sequence(oid("2.5.29.17"), tlv(0x04, sequence(*(tlv(tag, value) for tag, value in general_names))))
        usage = sequence(oid("2.5.29.37"), tlv(0x04, sequence(oid("1.3.6.1.5.5.7.3.1"))))
        body = sequence(tlv(0xA0, integer(2)), integer(self.serial), algorithm, name, dates, name, self.public, tlv(0xA3, sequence(names, usage)))
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=body, check=True, capture_output=True).stdout
        return sequence(body, algorithm, tlv(0x03, b"\0" + signature))
