"""Worker and Valkey (wiped) are killed among 180 comments that we have to look for ourselves."""

from tests.crash.playing import played

BOUND = 280  # seconds; about 45 on two quiet cores


def test_every_comment_is_read_once():
    counted = played("polling", seconds=BOUND)
    assert counted["rows"] == counted["different"] == 180, counted
    assert counted["outcomes"] == {"message": 180}, counted  # nothing else, and none twice
    assert counted["pending"] == 0
    assert counted["struck"] > 0, counted  # else no kill hit a look
