"""The certificate that nginx shows: the operator's own, or one made here for a look at the pages with TLS."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.local.words import say
from shared.kernel.clock import utc_now
from shared.kernel.errors import Invalid

VALID = timedelta(days=397)
"""The longest that browsers accept."""
RENEWED_BEFORE = timedelta(days=30)
EARLIER = timedelta(minutes=5)
"""For machines whose clock is behind."""


@dataclass(frozen=True, slots=True)
class Tls:
    """A certificate with those that vouch for it, and its key, both in PEM."""

    certificate: Path
    key: Path

    def ends(self) -> datetime:
        """Until when it counts. Raises Invalid for what is no certificate."""
        try:
            return x509.load_pem_x509_certificate(self.certificate.read_bytes()).not_valid_after_utc
        except (OSError, ValueError) as error:
            raise Invalid(
                say(
                    f"{self.certificate} 不是可读的 PEM 证书",
                    f"{self.certificate} is no PEM certificate that can be read",
                ),
                where="WUJI_TLS_CERT",
            ) from error


def wished(found: Mapping[str, str], folder: Path) -> Tls | None:
    """What the settings ask for: nothing, the operator's own files, or a certificate made in the folder.

    Raises Invalid when only one of the two files is named, or one cannot be read."""
    certificate, key = found.get("WUJI_TLS_CERT"), found.get("WUJI_TLS_KEY")
    if certificate or key:
        if not (certificate and key):
            raise Invalid(
                say("证书与私钥要一起给出", "a certificate and its key come together"),
                where="WUJI_TLS_CERT, WUJI_TLS_KEY",
            )
        own = Tls(Path(certificate).resolve(), Path(key).resolve())
        own.ends()
        if not os.access(own.key, os.R_OK):
            raise Invalid(say(f"{own.key} 读不到", f"{own.key} cannot be read"), where="WUJI_TLS_KEY")
        return own
    if found.get("WUJI_TLS", "off") == "off":
        return None
    return self_signed(folder)


def self_signed(folder: Path) -> Tls:
    """The one in the folder, made anew when it is about to end. Nobody vouches for it: browsers will say so."""
    made = Tls(folder / "tls.crt", folder / "tls.key")
    if made.certificate.exists() and made.key.exists() and made.ends() - utc_now() > RENEWED_BEFORE:
        return made
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    _write_private(made.key, _pem(key))
    made.certificate.write_bytes(_certificate(key).public_bytes(serialization.Encoding.PEM))
    return made


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Wuji, this machine")])
    hosts: list[x509.GeneralName] = [x509.DNSName(one) for one in sorted({"localhost", socket.gethostname()})]
    hosts += [x509.IPAddress(ipaddress.ip_address(one)) for one in ("127.0.0.1", "::1")]
    now = utc_now()
    return (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


def _write_private(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
