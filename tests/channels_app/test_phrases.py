"""Templates: their gaps found, filled as the network wants them, shown as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app import phrases

BODY = {
    "type": "BODY",
    "text": "Hi {{1}}, order {{2}} is ready. Yours, {{1}}",
    "example": {"body_text": [["Ada", "A-12"]]},
}
NAMED = {
    "type": "BODY",
    "text": "Hi {{first_name}}, see you on {{day}}.",
    "example": {
        "body_text_named_params": [
            {"param_name": "first_name", "example": "Ada"},
            {"param_name": "day", "example": "Monday"},
        ]
    },
}
BUTTONS = {
    "type": "BUTTONS",
    "buttons": [
        {"type": "QUICK_REPLY", "text": "Thanks"},
        {"type": "URL", "text": "Track", "url": "https://x.example/{{1}}", "example": ["A-12"]},
        {"type": "COPY_CODE", "text": "Copy"},
    ],
}
TITLE = {"type": "HEADER", "format": "TEXT", "text": "For {{1}}"}
PICTURE = {"type": "HEADER", "format": "IMAGE"}
FOOTER = {"type": "FOOTER", "text": "Shop"}


def test_numbered_gaps_are_filled_in_their_order():
    parts = [TITLE, BODY, FOOTER]
    assert [(gap.key, gap.example) for gap in phrases.gaps(parts)] == [
        ("header-1", ""),
        ("body-1", "Ada"),
        ("body-2", "A-12"),
    ]
    phrase = phrases.fill(parts, {"header-1": "you", "body-1": "Ada", "body-2": "7"})
    assert phrase.text == "For you\n\nHi Ada, order 7 is ready. Yours, Ada\n\nShop"
    assert phrase.components == (
        {"type": "header", "parameters": [{"type": "text", "text": "you"}]},
        {
            "type": "body",
            "parameters": [{"type": "text", "text": "Ada"}, {"type": "text", "text": "7"}],
        },
    )


def test_named_gaps_are_sent_by_their_names():
    phrase = phrases.fill([NAMED], {"body-first_name": "Ada", "body-day": "Friday"})
    assert phrase.components[0]["parameters"] == [
        {"type": "text", "parameter_name": "first_name", "text": "Ada"},
        {"type": "text", "parameter_name": "day", "text": "Friday"},
    ]


def test_files_and_buttons_have_their_own_shapes():
    values = {"header-file": "https://x.example/a.png", "button-1": "A-12", "button-2": "SAVE5"}
    phrase = phrases.fill([PICTURE, {"type": "BODY", "text": "Look!"}, BUTTONS], values)
    assert phrase.components == (
        {
            "type": "header",
            "parameters": [{"type": "image", "image": {"link": "https://x.example/a.png"}}],
        },
        {
            "type": "button",
            "sub_type": "url",
            "index": "1",
            "parameters": [{"type": "text", "text": "A-12"}],
        },
        {
            "type": "button",
            "sub_type": "copy_code",
            "index": "2",
            "parameters": [{"type": "coupon_code", "coupon_code": "SAVE5"}],
        },
    )
    assert phrase.text == "Look!\n\n[Thanks]\n\n[Track]\n\n[Copy]"


@pytest.mark.parametrize(
    ("parts", "key", "value"),
    [
        ([BODY], "body-1", ""),
        ([BODY], "body-1", "two\nlines"),
        ([BODY], "body-1", "a     b"),
        ([BODY], "body-1", "x" * 1_025),
        ([PICTURE], "header-file", "http://x.example/a.png"),
    ],
)
def test_what_the_network_would_refuse_is_told_before(parts, key, value):
    values = {"body-1": "Ada", "body-2": "7", key: value}
    with pytest.raises(phrases.Unfilled) as unfilled:
        phrases.fill(parts, values)
    assert list(unfilled.value.problems) == [key]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "CAROUSEL", "cards": []},
        {"type": "HEADER", "format": "LOCATION"},
        {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]},
        {"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "Book"}]},
    ],
)
def test_what_takes_more_than_words_is_not_offered(part):
    assert not phrases.is_ours_to_fill([BODY, part])
    assert phrases.is_ours_to_fill([BODY, BUTTONS, PICTURE])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "format", "buttons", "example", "url", "body_text"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["type", "text", "format", "buttons", "example", "url"]),
            st.sampled_from(["BODY", "HEADER", "BUTTONS", "URL", "{{1}} {{a}}"]) | JSON,
        ),
        max_size=4,
    )
)
def test_whatever_a_network_calls_a_template_is_read(parts):
    if not phrases.is_ours_to_fill(parts):
        return
    values = {gap.key: "https://x.example/" for gap in phrases.gaps(parts)}
    phrase = phrases.fill(parts, values)
    assert "{{" not in phrase.text or "}}" not in phrase.text or not phrases.GAP.search(phrase.text)
