"""Files in the inbox: what came in is shown, what is picked goes out, with scripts and without."""

import base64
import os
import re
import struct
import zlib
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect


def picture(width: int = 480, height: int = 320) -> bytes:
    def chunk(name, body):
        length, check = struct.pack(">I", len(body)), struct.pack(">I", zlib.crc32(name + body))
        return length + name + body + check

    rows = b"".join(
        b"\0"
        + b"".join(bytes((15 + x * 90 // width, 92 - y * 40 // height, 80)) for x in range(width))
        for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def sound(seconds: float = 2.0) -> bytes:
    """A quiet tone as WAV."""
    rate = 8_000
    samples = bytes(128 + int(20 * ((n // 9) % 2)) for n in range(int(rate * seconds)))
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate, 1, 8)
    body = b"WAVE" + head + b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(body)) + body


def sends(site, sender: str, content: bytes, mime: str, name: str, **more) -> None:
    told = httpx.post(
        f"http://127.0.0.1:{site.simulator}/_sim/inbound",
        json={
            "platform": "telegram",
            "account_id": "7000000001",
            "sender_id": sender,
            "sender_name": "Mia Keller",
            "text": more.pop("text", ""),
            "file": {
                "content": base64.b64encode(content).decode(),
                "mime": mime,
                "name": name,
                **more,
            },
        },
        timeout=30,
    )
    assert told.is_success, told.text


@pytest.fixture(scope="module")
def talk(site) -> str:
    """Somebody who sent one of everything; their name in the list."""
    sender = "4815162"
    sends(site, sender, picture(), "image/png", "bike.png", text="Does this frame fit me?")
    sends(site, sender, sound(), "audio/wav", "voice.wav")
    sends(site, sender, b"%PDF-1.7\n%%EOF", "application/pdf", "Angebot März.pdf")
    sends(site, sender, b"MZ" + b"\0" * 99, "application/x-msdownload", "invoice.exe")
    sends(site, sender, picture(), "image/png", "gone.png", fault="gone")
    return "Mia Keller"


def opened(page: Page, site, talk: str) -> Page:
    page.goto(f"{site.acme}/inbox/")
    page.get_by_role("link", name=re.compile(talk)).first.click()
    expect(page.locator(".file--missing")).to_be_visible(timeout=30_000)
    return page


def pictured(page: Page, name: str) -> None:
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/files-{name}.png")


@pytest.mark.parametrize(
    ("name", "look"),
    [
        ("light", {}),
        ("dark", {"scheme": "dark"}),
        ("arabic", {"language": "ar"}),
        ("phone", {"width": 390, "height": 844}),
    ],
)
def test_everything_that_came_is_shown(open_page, site, talk, name, look):
    page = opened(open_page(role="agent", forgives="404", **look), site, talk)

    image = page.locator(".file--image img").first
    expect(image).to_be_visible()
    page.wait_for_function("document.querySelector('.file--image img').naturalWidth === 480")
    box = image.bounding_box()
    assert abs(box["width"] / box["height"] - 1.5) < 0.02
    expect(page.locator("audio")).to_be_visible()
    assert page.locator("audio").evaluate(
        "sound => sound.readyState >= 1 || sound.networkState == 2"
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    thread = page.locator("#thread")
    assert thread.evaluate("thread => thread.scrollWidth <= thread.clientWidth")
    pictured(page, name)
    page.locator("#thread").evaluate("thread => thread.scrollTop = 0")
    pictured(page, f"{name}-top")


def test_a_document_is_a_download(open_page, site, talk):
    page = opened(open_page(role="agent", forgives="404"), site, talk)

    card = page.locator(".file--card", has_text="Angebot März.pdf")
    with page.expect_download() as download:
        card.get_by_role("link").click()
    assert download.value.suggested_filename == "Angebot März.pdf"
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
    expect(page.locator(".file__risk")).to_have_count(1)


def test_what_is_missing_says_why_and_can_be_asked_for_again(open_page, site, talk):
    page = opened(open_page(role="agent", forgives="404"), site, talk)

    missing = page.locator(".file--missing")
    expect(missing).to_contain_text("keeps it no longer")
    missing.get_by_role("button").click()
    expect(page.locator(".notice, .toast").first).to_contain_text("once more")


def test_files_are_picked_dropped_from_the_list_and_sent(open_page, site, talk):
    page = opened(open_page(role="agent", forgives="404"), site, talk)

    page.set_input_files(
        "#id_attachments",
        [
            {"name": "one.png", "mimeType": "image/png", "buffer": picture(60, 40)},
            {"name": "two.txt", "mimeType": "text/plain", "buffer": b"Two"},
        ],
    )
    expect(page.locator("#picked button")).to_have_count(2)
    pictured(page, "picked")
    page.locator("#picked button").nth(1).click()
    expect(page.locator("#picked button")).to_have_count(1)
    page.fill("#id_text", "Like this one?")
    page.get_by_role("button", name="Send").click()

    sent = page.locator(".msg--out").last
    expect(sent).to_contain_text("Like this one?")
    expect(sent.locator("img")).to_be_visible()


def test_a_refusal_stands_beside_the_field(open_page, site, talk):
    page = opened(open_page(role="agent", forgives="404|422"), site, talk)

    page.fill("#id_text", "Look")
    page.set_input_files(
        "#id_attachments", [{"name": "nothing.txt", "mimeType": "text/plain", "buffer": b""}]
    )
    page.get_by_role("button", name="Send").click()

    expect(page.locator("#id_attachments_error")).to_contain_text("empty")
    expect(page.locator("#id_text")).to_have_value("Look")
    pictured(page, "refused")


def test_without_scripts(open_page, site, talk):
    page = open_page(role="agent", scripts=False, forgives="404")
    page.goto(f"{site.acme}/inbox/")
    page.get_by_role("link", name=re.compile(talk)).first.click()
    pictured(page, "no-scripts")
    page.set_input_files(
        "#id_attachments",
        [{"name": "plain.png", "mimeType": "image/png", "buffer": picture(60, 40)}],
    )
    page.get_by_role("button", name="Send").click()

    expect(page.locator(".msg--out").last.locator("img")).to_be_visible()
