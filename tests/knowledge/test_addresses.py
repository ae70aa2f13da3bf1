"""Web addresses, made comparable."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from knowledge.crawling.addresses import joined, may_be_page, plain, same_site


@pytest.mark.parametrize(
    ("written", "known_as"),
    [
        ("https://Shop.Example", "https://shop.example/"),
        ("https://shop.example:443/a#b", "https://shop.example/a"),
        ("http://shop.example:8080/", "http://shop.example:8080/"),
        ("https://shop.example/a?utm_source=x&b=1&fbclid=y", "https://shop.example/a?b=1"),
        ("https://müller.example/über", "https://xn--mller-kva.example/%C3%BCber"),
        ("https://shop.example./a b", "https://shop.example/a%20b"),
        ("https://user:secret@shop.example/", ""),
        ("javascript:alert(1)", ""),
        ("http://[::1", ""),
        ("https://shop.example:99999/", ""),
        ("https://shop.example/" + "a" * 2_000, ""),
    ],
)
def test_plain(written, known_as):
    assert plain(written) == known_as


@given(some.text(max_size=60))
def test_plain_is_calm_and_settled(text):
    once = plain(f"https://shop.example/{text}")
    assert plain(once) == once
    joined("https://shop.example/a/", text)


def test_sites():
    assert same_site("https://www.shop.example/a", "http://shop.example/")
    assert not same_site("https://shop.example/", "https://evil-shop.example/")
    assert not same_site("https://shop.example/", "https://shop.example:8443/")
    assert not same_site("https://shop.example/", "https://blog.shop.example/")


def test_pictures_are_no_pages():
    assert may_be_page("https://a.example/list.pdf")
    assert may_be_page("https://a.example/v1.2/about")
    assert not may_be_page("https://a.example/a/logo.PNG?x=1")
