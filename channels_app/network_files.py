"""Which files each network takes; the sources stand in its row of ``capabilities``."""

from channels_app.enclosures import IMAGES, MB, OFFICE, FileRules, Sort

MESSENGER = FileRules(
    sorts=(
        Sort(
            kind="image",
            mimes=IMAGES | {"image/gif"},
            max_bytes=8 * MB,
            beside_text=False,
        ),
        Sort(kind="audio", max_bytes=25 * MB, beside_text=False),
        Sort(kind="video", max_bytes=25 * MB, beside_text=False),
        Sort(kind="file", max_bytes=25 * MB, beside_text=False),
    ),
)

INSTAGRAM = FileRules(
    sorts=(
        Sort(
            kind="image",
            mimes=IMAGES | {"image/gif"},
            max_bytes=8 * MB,
            beside_text=False,
        ),
        Sort(
            kind="audio",
            mimes=frozenset({"audio/aac", "audio/mp4", "audio/wav"}),
            max_bytes=25 * MB,
            beside_text=False,
        ),
        Sort(
            kind="video",
            mimes=frozenset({"video/mp4", "video/quicktime", "video/webm"}),
            max_bytes=25 * MB,
            beside_text=False,
        ),
        Sort(
            kind="file",
            mimes=frozenset({"application/pdf"}),
            max_bytes=25 * MB,
            beside_text=False,
        ),
    ),
)

WHATSAPP = FileRules(
    sorts=(
        Sort(kind="image", mimes=IMAGES, max_bytes=5 * MB),
        Sort(
            kind="audio",
            mimes=frozenset({"audio/aac", "audio/mp4", "audio/mpeg", "audio/ogg"}),
            max_bytes=16 * MB,
            beside_text=False,
        ),
        Sort(
            kind="video",
            mimes=frozenset({"video/mp4", "video/3gpp"}),
            max_bytes=16 * MB,
        ),
        Sort(kind="file", mimes=OFFICE, max_bytes=100 * MB),
    ),
    max_caption=1_024,
)

TELEGRAM = FileRules(sorts=(Sort(max_bytes=50 * MB),), max_caption=1_024)

X = FileRules(
    sorts=(
        Sort(kind="image", mimes=IMAGES | {"image/webp"}, max_bytes=5 * MB),
        Sort(kind="image", mimes=frozenset({"image/gif"}), max_bytes=15 * MB),
        Sort(kind="video", mimes=frozenset({"video/mp4"}), max_bytes=25 * MB),
    ),
)

TIKTOK = FileRules(sorts=(Sort(kind="image", mimes=IMAGES, max_bytes=3 * MB, beside_text=False),))

TWILIO = FileRules(
    sorts=(
        Sort(kind="image", mimes=IMAGES | {"image/gif"}, max_bytes=5 * MB),
        Sort(kind="audio", max_bytes=600 * 1024),
        Sort(kind="video", max_bytes=600 * 1024),
        Sort(kind="file", max_bytes=600 * 1024),
    ),
    per_message=10,
    max_total=5 * MB,
)

TWILIO_WHATSAPP = FileRules(
    sorts=(
        Sort(kind="image", mimes=IMAGES | {"image/webp"}, max_bytes=5 * MB),
        Sort(kind="audio", max_bytes=16 * MB, beside_text=False),
        Sort(kind="video", mimes=frozenset({"video/mp4"}), max_bytes=16 * MB),
        Sort(kind="file", mimes=OFFICE, max_bytes=16 * MB),
    ),
)

EMAIL = FileRules(sorts=(Sort(max_bytes=18 * MB),), per_message=10, max_total=18 * MB)
