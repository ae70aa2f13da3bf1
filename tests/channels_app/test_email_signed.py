"""Letters whose bringer signs: Amazon SNS with its certificates, Mailgun with a token used once."""

import base64
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import respx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from channels_app import services
from channels_app.models import InboundEvent
from channels_app.providers import CHANNELS
from channels_app.providers.email import sns
from tenants.plugins.errors import SignatureMismatch
from tests.conftest import SHARED

TOPIC = "arn:aws:sns:eu-west-1:123456789012:letters"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-abc123.pem"
SECRET = "s3cret"
BASIC = {"Authorization": "Basic " + base64.b64encode(f"leadwire:{SECRET}".encode()).decode()}
VECTORS = SHARED / "signatures" / "vectors.json"


class Amazon:
    """Signs as SNS does, and serves its certificate."""

    def __init__(self, *, days: int = 30) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        now = datetime.now(UTC)
        self.pem = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days))
            .sign(self.key, hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM)
        )

    def message(self, version: str = "2", **fields) -> dict:
        message = {
            "Type": "Notification",
            "MessageId": "m-1",
            "TopicArn": TOPIC,
            "Message": json.dumps({"notificationType": "Nothing", "mail": {}}),
            "Timestamp": "2026-11-20T10:00:00.000Z",
            "SignatureVersion": version,
            "SigningCertURL": CERTIFICATE,
            **fields,
        }
        # As Amazon's own documentation writes it out, field by field.
        signed = ["Message", "MessageId"]
        if message["Type"] == "Notification":
            signed += ["Subject"] if "Subject" in message else []
            signed += ["Timestamp", "TopicArn", "Type"]
        else:
            signed += ["SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        text = "".join(f"{name}\n{message[name]}\n" for name in signed)
        digest = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303 (Amazon's)
        signature = self.key.sign(text.encode(), padding.PKCS1v15(), digest)
        return {**message, "Signature": base64.b64encode(signature).decode()}

    def confirmation(self, **fields) -> dict:
        return self.message(
            Type="SubscriptionConfirmation",
            Token="2336412f37f",
            Message="You have chosen to subscribe",
            SubscribeURL="https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription",
            **fields,
        )


@pytest.fixture(scope="module")
def keys():
    return Amazon()


@pytest.fixture
def amazon(keys, settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True  # no name is looked up: the wire is faked
    sns._certificates.clear()
    with respx.mock(assert_all_called=False) as wire:
        wire.get(CERTIFICATE).respond(200, content=keys.pem)
        keys.wire = wire
        yield keys
    sns._certificates.clear()


def mailbox(**config):
    return CHANNELS.get("email")(
        {"inbound": "ses", "webhook_secret": SECRET, "topic_arn": TOPIC, **config}
    )


def raw(message: dict) -> bytes:
    return json.dumps(message).encode()


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", [{}, {"Subject": "Ünïcode ✓"}])
def test_both_versions_of_the_signature_verify(amazon, version, subject):
    mailbox().verify(BASIC, raw(amazon.message(version, **subject)))
    assert len(amazon.wire.calls) == 1


def test_a_certificate_is_fetched_once(amazon):
    for _ in range(3):
        mailbox().verify(BASIC, raw(amazon.message()))
    assert len(amazon.wire.calls) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"Message": "another"},
        {"Timestamp": "2027-01-01T00:00:00.000Z"},
        {"Subject": "added"},
        {"MessageId": "m-2"},
        {"SignatureVersion": "1"},
        {"SignatureVersion": "3"},
        {"Signature": "AAAA"},
        {"Signature": "not base64!"},
        {"Signature": None},
        {"Message": 7},
        {"Type": "SubscriptionConfirmation"},
        {"Type": "Other"},
    ],
)
def test_what_was_changed_on_the_way_is_refused(amazon, change):
    with pytest.raises(SignatureMismatch):
        mailbox().verify(BASIC, raw({**amazon.message(), **change}))


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-abc123.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-abc123.pem",
        "https://evil.example/SimpleNotificationService-abc123.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-abc123.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-abc123.pem",
        "https://bucket.s3.eu-west-1.amazonaws.com/SimpleNotificationService-abc123.pem",
        "https://sns.eu-west-1.amazonaws.com/other.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-a.pem/../x",
        "https://snsXeu-west-1.amazonaws.com/SimpleNotificationService-abc123.pem",
        "https://[::1/SimpleNotificationService-abc123.pem",
        "",
        None,
        7,
    ],
)
def test_certificates_come_from_amazons_host_alone(amazon, url):
    with pytest.raises(SignatureMismatch, match="not an address of Amazon SNS"):
        mailbox().verify(BASIC, raw(amazon.message(SigningCertURL=url)))
    assert not amazon.wire.calls


@pytest.mark.parametrize("status", [404, 500])
def test_a_certificate_that_does_not_come_verifies_nothing(amazon, status):
    amazon.wire.get(CERTIFICATE).respond(status)
    with pytest.raises(SignatureMismatch, match="could not be fetched"):
        mailbox().verify(BASIC, raw(amazon.message()))


def test_a_certificate_that_is_none_or_over_verifies_nothing(amazon):
    amazon.wire.get(CERTIFICATE).respond(200, content=b"-----BEGIN CERTIFICATE-----\nno")
    with pytest.raises(SignatureMismatch):
        mailbox().verify(BASIC, raw(amazon.message()))
    old = Amazon(days=-1)
    amazon.wire.get(CERTIFICATE).respond(200, content=old.pem)
    with pytest.raises(SignatureMismatch, match="not valid at this time"):
        mailbox().verify(BASIC, raw(old.message()))


def test_another_topic_is_not_ours_though_amazon_signed_it(amazon):
    stranger = "arn:aws:sns:eu-west-1:999999999999:letters"
    with pytest.raises(SignatureMismatch, match="another SNS topic"):
        mailbox().verify(BASIC, raw(amazon.message(TopicArn=stranger)))


def test_who_lacks_the_password_makes_us_fetch_nothing(amazon):
    with pytest.raises(SignatureMismatch, match="User and password"):
        mailbox().verify({}, raw(amazon.message()))
    assert not amazon.wire.calls


def test_raw_delivery_has_no_signature_and_is_refused(amazon):
    with pytest.raises(SignatureMismatch, match="raw message delivery"):
        mailbox().verify(BASIC, b'{"notificationType": "Received"}')


@pytest.fixture
def connected(north):
    config = {"inbound": "ses", "webhook_secret": SECRET, "topic_arn": TOPIC}
    return services.connect(platform="email", account_id="shop@north.example", config=config)


def test_our_own_topics_subscription_is_confirmed(
    amazon, connected, knock, work, django_capture_on_commit_callbacks
):
    asked = amazon.wire.get(host="sns.eu-west-1.amazonaws.com", path="/").respond(200)
    with django_capture_on_commit_callbacks(execute=True):
        answer = knock(connected, raw(amazon.confirmation()), headers=BASIC)
    work()

    assert answer.status_code == 200
    (call,) = asked.calls
    query = dict(httpx.QueryParams(call.request.url.query))
    assert query["TopicArn"] == TOPIC
    assert query["Token"] == "2336412f37f"
    assert query["AuthenticateOnUnsubscribe"] == "true"
    assert InboundEvent.objects.get().outcome == "confirmed"


def test_a_subscribe_address_in_the_message_is_never_opened(
    amazon, connected, knock, work, django_capture_on_commit_callbacks
):
    inside = amazon.wire.get("http://169.254.169.254/latest/").respond(200)
    asked = amazon.wire.get(host="sns.eu-west-1.amazonaws.com", path="/").respond(200)
    message = amazon.message(
        Type="SubscriptionConfirmation",
        Token="t",
        SubscribeURL="http://169.254.169.254/latest/",
    )
    with django_capture_on_commit_callbacks(execute=True):
        knock(connected, raw(message), headers=BASIC)
    work()
    assert not inside.calls
    assert len(asked.calls) == 1  # the address is made from the topic


def test_without_a_topic_a_person_confirms(amazon, north, knock, work):
    config = {"inbound": "ses", "webhook_secret": SECRET}
    connection = services.connect(platform="email", account_id="shop@north.example", config=config)
    knock(connection, raw(amazon.confirmation()), headers=BASIC)
    work()
    assert "Open this address once" in InboundEvent.objects.get().reason


def test_a_forged_message_is_refused_at_the_door(amazon, connected, knock):
    forged = {**amazon.message(), "Message": "{}"}
    assert knock(connected, raw(forged), headers=BASIC).status_code == 403
    assert not InboundEvent.objects.exists()


# -- Mailgun: the token, not the body, is signed


@pytest.mark.skipif(not VECTORS.exists(), reason="the signature vectors are not on this machine")
def test_mailguns_vectors_verify_as_marked(db):
    vectors = [v for v in json.loads(VECTORS.read_text()) if v["scheme"] == "mailgun"]
    for vector in vectors:
        config = {"inbound": "mailgun", "webhook_secret": vector["secret"]}
        speaker = CHANNELS.get("email")(config)
        body = base64.b64decode(vector["body_b64"])
        if vector["expect_valid"]:
            speaker.verify(vector["headers"], body)
            speaker.verify(vector["headers"], body)  # Mailgun's own second try
        else:
            with pytest.raises(SignatureMismatch, match="with another body"):
                speaker.verify(vector["headers"], body)
