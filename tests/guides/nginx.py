"""A real nginx with what a guide prints for it, on the test's own ports and certificate."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

AROUND = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr;
events {{ }}
http {{
    types {{ text/html html; text/css css; text/javascript js mjs; }}
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{sites}
}}
"""


def program() -> str | None:
    """Return where nginx is, or None; root's folders are not on everybody's PATH."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def command(file: Path) -> list[str]:
    return [program() or "nginx", "-p", str(file.parent), "-e", "stderr", "-c", str(file)]


def configure(folder: Path, sites: str, changes: dict[str, str]) -> Path:
    """Write the configuration of `sites`, with each key of `changes` replaced; return the file."""
    folder.mkdir()
    certificate, key = make_certificate(folder)
    changes = {
        "/etc/letsencrypt/live/example.org/fullchain.pem": str(certificate),
        "/etc/letsencrypt/live/example.org/privkey.pem": str(key),
        "/etc/letsencrypt/live/pubnub.example.org/fullchain.pem": str(certificate),
        "/etc/letsencrypt/live/pubnub.example.org/privkey.pem": str(key),
        **changes,
    }
    for old, new in changes.items():
        assert old in sites, old
        sites = sites.replace(old, new)
    file = folder / "nginx.conf"
    file.write_text(AROUND.format(folder=folder, sites=sites))
    return file


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate that nobody has signed, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example.org")])
    names = [x509.DNSName("example.org"), x509.DNSName("*.example.org")]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "fullchain.pem", folder / "privkey.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files
