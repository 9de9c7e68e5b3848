"""One POST to an address that somebody gave: signed as the standard says, never behind our own walls, and over in time."""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from api import sending
from tests.api.receiving import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as each:
        yield each


def test_a_signature_is_that_of_the_published_example() -> None:
    made = sending.signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')

    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


CLOSED = """0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 169.254.169.254 172.16.0.1 192.0.2.1 192.168.1.1 198.18.0.1 224.0.0.1 240.0.0.1
255.255.255.255 :: ::1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 64:ff9b::a00:1 2001::1 2002:a00:1::1 fc00::1 fe80::1%1 ff02::1""".split()


@pytest.mark.parametrize("number", CLOSED)
def test_a_closed_address_is_told_from_an_open_one(number: str) -> None:
    assert not sending.is_open(number)
    assert sending.is_open("8.8.8.8")
    assert sending.is_open("2606:4700:4700::1111")


def test_a_name_that_leads_inside_a_moment_later_is_not_followed(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(receiver.url.rpartition(":")[2])
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_of, **_more: [(2, 1, 6, "", ("127.0.0.1", port))])

    with pytest.raises(sending.NotSent, match="open internet"):
        sending.post(f"https://coop.example:{port}/", b"{}", {}, local=False)
    assert sending.post(f"http://coop.example:{port}/", b"{}", {}, local=True) == 200
    assert len(receiver.got) == 1


def test_a_receiver_that_drips_its_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "SECONDS", 0.5)
    ended = threading.Event()

    def drip(listener: socket.socket) -> None:
        line, _ = listener.accept()
        with line:
            try:
                while not ended.wait(0.02):
                    line.sendall(b"H")
            except OSError:
                ended.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        with pytest.raises(sending.NotSent):
            sending.post(f"http://127.0.0.1:{listener.getsockname()[1]}/", b"{}", {}, local=True)
        thread.join(20)

    assert ended.is_set()


def self_signed(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server on localhost shows, and what trusts it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.2"))])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number()).add_extension(names, critical=False)
    made = made.not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
    path = folder / "localhost.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*form) + made.sign(key, hashes.SHA256()).public_bytes(form[0]))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=str(path))


def test_a_certificate_is_checked_by_the_name_in_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server, trusting = self_signed(tmp_path)
    with receiving(Receiver(), server) as receiver:
        with pytest.raises(sending.NotSent, match="SSLCertVerificationError"):
            sending.post(receiver.url, b"{}", {}, local=True)
        monkeypatch.setattr(sending, "_trusted", lambda: trusting)
        assert sending.post(receiver.url, b"{}", {"Webhook-Id": "x"}, local=True) == 200
        with pytest.raises(sending.NotSent, match="SSLCertVerificationError"):
            sending.post(receiver.url.replace("localhost", "127.0.0.1"), b"{}", {}, local=True)

    assert [(each.path, each.headers["Webhook-Id"]) for each in receiver.got] == [("/", "x")]
    assert receiver.got[0].headers["Host"] == receiver.url.removeprefix("https://")
