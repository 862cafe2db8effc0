"""A certificate authority of the tests' own, and contexts for both sides."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def contexts(
    directory: Path,
    name: str,
    *,
    begins: timedelta = timedelta(hours=-1),
    ended: timedelta | None = None,
    self_signed: bool = False,
) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """(for a server called `name`, for a client that trusts nobody but its authority).

    The server's certificate `begins` then, and `ended` so long ago.
    """
    now = datetime.now(UTC)
    valid = (now + begins, now + timedelta(days=1)) if ended is None else (now - 2 * ended, now - ended)
    authority_key, authority = _certificate("Test authority", None, None, is_authority=True)
    signer = (None, None) if self_signed else (authority_key, authority)
    key, certificate = _certificate(name, *signer, is_authority=False, valid=valid)
    chain = directory / "chain.pem"
    chain.write_bytes(_pem(key) + certificate.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain)
    trusted = authority.public_bytes(serialization.Encoding.PEM).decode()
    return server, ssl.create_default_context(cadata=trusted)


def _certificate(
    name: str,
    signer: ec.EllipticCurvePrivateKey | None,
    issuer: x509.Certificate | None,
    *,
    is_authority: bool,
    valid: tuple[datetime, datetime] | None = None,
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    begins, ends = valid or (now - timedelta(hours=1), now + timedelta(days=1))
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key((signer or key).public_key()), critical=False
        )
    )
    if not is_authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return key, builder.sign(signer or key, hashes.SHA256())


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
