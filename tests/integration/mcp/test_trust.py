"""Whom the client believes: certificates, and authorities of one's own."""

from __future__ import annotations

import datetime as dt
import ipaddress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.integration.mcp.known import BOB, ONE, SUE
from tests.integration.stub_server import Kind, StubServer
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.errors import ConfigError, ServerUnavailable


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_said(tmp_path: Path) -> None:
    """The token would go to whoever listens."""
    with StubServer(certificate=_certificate(tmp_path, "127.0.0.1")) as stub:
        client = McpTaskServer(stub.url, headers={"Authorization": "Bearer x"}, timeout_s=5)

        with pytest.raises(ServerUnavailable, match="cannot be trusted") as caught:
            client.move(ONE, current=BOB, new=SUE, comment="")
        client.close()

        assert stub.requests == []
        assert not caught.value.maybe_applied
        assert "MCP_CA_FILE" in caught.value.hint


@pytest.mark.parametrize("kind", ["public", "sse"])
def test_an_authority_of_ones_own_can_be_named(tmp_path: Path, kind: Kind) -> None:
    certificate = _certificate(tmp_path, "127.0.0.1")
    with StubServer(kind, certificate=certificate) as stub:
        stub.store.add()
        client = McpTaskServer(stub.url, ca_file=certificate, timeout_s=5)

        assert client.get(ONE).task.id == "1"
        client.close()


def test_a_certificate_of_another_host_is_refused(tmp_path: Path) -> None:
    certificate = _certificate(tmp_path, "127.0.0.2")
    with StubServer(certificate=certificate) as stub:
        client = McpTaskServer(stub.url, ca_file=certificate, timeout_s=5)

        with pytest.raises(ServerUnavailable, match="cannot be trusted"):
            client.get(ONE)
        client.close()


def test_a_server_without_tls_is_not_trusted_with_https(stub: StubServer) -> None:
    client = McpTaskServer(stub.url.replace("http:", "https:"), timeout_s=5)

    with pytest.raises(ServerUnavailable, match="does not speak TLS") as caught:
        client.get(ONE)
    client.close()
    assert "http://" in caught.value.hint


def test_a_ca_file_that_cannot_be_used_is_a_fault_of_the_settings() -> None:
    client = McpTaskServer("https://127.0.0.1:1", ca_file="/nowhere/ca.pem")

    with pytest.raises(ConfigError, match=r"/nowhere/ca\.pem"):
        client.get(ONE)


def _certificate(folder: Path, address: str) -> str:
    """A PEM file with a key and a certificate that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stub")])
    now = dt.datetime.now(dt.UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(alternative, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "stub.pem"
    path.write_bytes(pem)
    return str(path)
