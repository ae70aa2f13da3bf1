"""What a file is, and what it may be called, whatever anybody says."""

import io
import unicodedata
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.media import sniffing
from tests.media.conftest import EXE, OGG, PDF, PNG, SVG, png


def docx() -> bytes:
    bag = io.BytesIO()
    with zipfile.ZipFile(bag, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w/>")
    return bag.getvalue()


KNOWN = {
    "image/png": PNG,
    "image/jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01" + b"\0" * 100,
    "image/gif": b"GIF89a\x01\0\x01\0" + b"\0" * 20,
    "image/webp": b"RIFF\x24\0\0\0WEBPVP8 " + b"\0" * 30,
    "audio/ogg": OGG,
    "audio/mpeg": b"ID3\x03" + b"\0" * 50,
    "audio/mp4": b"\0\0\0\x18ftypM4A \0\0\0\0M4A isom" + b"\0" * 30,
    "video/mp4": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 30,
    "video/quicktime": b"\0\0\0\x14ftypqt  \0\0\0\0",
    "video/3gpp": b"\0\0\0\x18ftyp3gp4\0\0\0\0",
    "application/pdf": PDF,
    "application/zip": b"PK\x03\x04" + b"\0" * 40,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": docx(),
    "application/x-msdownload": EXE,
    "application/x-sh": b"#!/bin/sh\nrm -rf ~\n",
    "image/svg+xml": SVG,
    "text/html": b"<!DOCTYPE html><html>",
    "text/plain": "Guten Tag, سلام, 你好".encode(),
    "application/octet-stream": b"\x01\x02\x03\x04\xfe\xff\0\0",
}


@pytest.mark.parametrize("mime", list(KNOWN))
def test_the_bytes_decide(mime):
    assert sniffing.look(KNOWN[mime]).mime == mime


def test_an_image_tells_its_size():
    found = sniffing.look(png(640, 480))

    assert (found.kind, found.width, found.height) == ("image", 640, 480)
    assert not sniffing.is_harmless_inside("image/png", 60_000, 60_000)
    assert not sniffing.is_harmless_inside("image/png", 0, 0)


DISGUISES = [
    b"\xef\xbb\xbf<html>",
    b"\n\n  <SCRIPT>alert(1)</SCRIPT>",
    b"<!-- x --><html><body onload=alert(1)>",
    b'<?xml version="1.0"?><svg onload="alert(1)"/>',
    b"<svg\n/onload=alert(1)>",
    b"GIF89a=1;/*<script>*/",
]


@pytest.mark.parametrize("content", DISGUISES)
def test_nothing_that_runs_is_called_text_or_shown(content):
    found = sniffing.look(content)

    assert found.mime != "text/plain"
    assert not sniffing.is_harmless_inside(found.mime, found.width, found.height)


@given(st.binary(max_size=3_000))
def test_any_bytes_are_something_and_markup_is_never_shown(content):
    found = sniffing.look(content)

    assert found.kind in {"image", "audio", "video", "file"}
    assert "/" in found.mime
    with_markup = sniffing.look(b"<html>" + content)
    assert not sniffing.is_harmless_inside(with_markup.mime, 1, 1)


@given(st.sampled_from(sorted(KNOWN)), st.binary(max_size=500), st.integers(0, 200))
def test_damage_never_raises(mime, noise, at):
    content = KNOWN[mime]

    assert sniffing.look(content[:at] + noise + content[at:]).mime
    assert sniffing.look(content[:at]).mime


NASTY = [
    "../../etc/passwd",
    "..\\..\\windows\\system32\\cmd.exe",
    "/etc/shadow",
    "C:\\secret.txt",
    "a\0b.png",
    "photo\u202egpj.exe",
    "\u2066\u200fx\u2069.pdf",
    "x" * 300 + ".pdf",
    ".htaccess",
    "...",
    "",
    "   ",
    "con<>:|?*.txt",
    'a"; filename="b.html',
    "line\r\nSet-Cookie: a=b.png",
    "\ud800broken.png",
    "عقد إيجار.pdf",
    "📷 2026.jpg",
]


def check_name(name: str) -> None:
    found = sniffing.safe_name(name, "image/png")
    assert 0 < len(found) <= sniffing.MAX_NAME
    assert not set(found) & set('/\\\0<>:"|?*\r\n')
    assert not found.startswith(".")
    assert not found.endswith((".", " "))
    assert all(unicodedata.category(c)[0] != "C" for c in found)
    assert found.encode()
    assert sniffing.safe_name(found, "image/png") == found


@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_name_becomes_a_name(name):
    check_name(name)


@given(st.text(max_size=400))
def test_any_name_becomes_a_name(name):
    check_name(name)


def test_what_is_worth_keeping_of_a_name_is_kept():
    assert sniffing.safe_name("عقد إيجار.pdf") == "عقد إيجار.pdf"
    assert sniffing.safe_name("x" * 300 + ".pdf").endswith("x.pdf")
    assert sniffing.safe_name("photo\u202egpj.exe") == "photogpj.exe"
    assert sniffing.safe_name("", "audio/ogg") == "audio.ogg"


def test_what_a_double_click_would_run_is_warned_of():
    assert sniffing.is_risky("text/plain", "invoice.pdf.JS")
    assert sniffing.is_risky("application/x-msdownload", "invoice.pdf")
    assert not sniffing.is_risky("application/pdf", "invoice.pdf")
