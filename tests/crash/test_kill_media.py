"""Worker and Valkey (wiped) are killed while 120 pictures are being fetched."""

from tests.crash.playing import played

BOUND = 280  # seconds; about 60 on two quiet cores


def test_every_file_is_stored_once_and_nothing_else_lies_around():
    counted = played("media", seconds=BOUND)
    assert counted["rows"] == counted["whole"] == 120, counted
    assert counted["states"] == {"stored": 120}, counted
    assert counted["files"] == 120, counted
    assert counted["tried_again"] > 0, counted  # else no kill hit a download
