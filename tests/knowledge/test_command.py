"""``manage.py add_knowledge``: one JSON line a file, searchable when it returns."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from knowledge import services
from tenants import context
from tests.knowledge.test_documents import FAQ


def run(*arguments):
    out = StringIO()
    try:
        call_command("add_knowledge", *map(str, arguments), stdout=out)
    finally:
        context.enter("north")
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_files_are_searchable_when_it_returns(north, tmp_path):
    (tmp_path / "faq.md").write_text(FAQ)
    (tmp_path / "note.txt").write_text("We also sell tea.")

    lines = run(tmp_path / "faq.md", tmp_path / "note.txt", "--company", "north")

    assert [(line["file"], line["status"], line["passages"]) for line in lines] == [
        ("faq.md", "ready", 3),
        ("note.txt", "ready", 1),
    ]
    assert services.search(question="do you sell tea?").is_grounded(services.THRESHOLD)


def test_again_changes_nothing(north, tmp_path):
    (tmp_path / "faq.md").write_text(FAQ)

    first = run(tmp_path / "faq.md", "--company", "north")
    (tmp_path / "copy.md").write_text(FAQ)

    again = run(tmp_path / "faq.md", tmp_path / "copy.md", "--company", "north")

    assert [line["known"] for line in first + again] == [False, True, True]
    assert again[0] == first[0] | {"known": True}
    assert again[1]["id"] == first[0]["id"]


def test_what_is_refused_has_its_line_and_the_rest_goes_on(north, tmp_path, capsys):
    (tmp_path / "image.png").write_bytes(b"\x89PNG\x00\x00")
    (tmp_path / "note.txt").write_text("We also sell tea.")
    out = StringIO()

    with pytest.raises(CommandError, match=r"Not searchable: image\.png\.") as failed:
        call_command(
            "add_knowledge",
            str(tmp_path / "image.png"),
            str(tmp_path / "note.txt"),
            "--company",
            "north",
            stdout=out,
        )

    assert failed.value.returncode == 1
    refused, taken = [json.loads(line) for line in out.getvalue().splitlines()]
    assert refused["status"] == "refused"
    assert "cannot read this kind" in refused["error"]
    assert taken["status"] == "ready"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("/nowhere.txt", "--company", "north"), "There is no file '/nowhere.txt'."),
        ((__file__, "--company", "nobody"), "There is no company 'nobody'."),
        ((__file__, __file__, "--title", "T", "--company", "north"), "One title fits one file."),
    ],
)
def test_bad_arguments_are_one_sentence_and_exit_2(north, arguments, sentence):
    with pytest.raises(CommandError) as failed:
        run(*arguments)

    assert str(failed.value) == sentence
    assert failed.value.returncode == 2
