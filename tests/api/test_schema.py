"""The API's description: complete, committed and readable as a page."""

from pathlib import Path

import yaml
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer

SNAPSHOT = Path(__file__).resolve().parent.parent.parent / "docs" / "openapi.yaml"


def test_the_committed_description_is_current():
    """If this fails, run ``manage.py spectacular --file docs/openapi.yaml`` and read the diff."""
    with GENERATOR_STATS.silence():
        schema = SchemaGenerator().get_schema(request=None, public=True)

    assert OpenApiYamlRenderer().render(schema, renderer_context={}).decode() == (
        SNAPSHOT.read_text()
    )


def test_the_description_raises_no_warning():
    GENERATOR_STATS.reset()
    with GENERATOR_STATS.silence():
        SchemaGenerator().get_schema(request=None, public=True)

    assert not GENERATOR_STATS


def test_every_operation_may_answer_with_a_problem():
    described = yaml.safe_load(SNAPSHOT.read_text())

    assert described["openapi"].startswith("3.1")
    for path in described["paths"].values():
        for operation in path.values():
            assert "default" in operation["responses"]


def test_the_description_is_served(client, north):
    answer = client.get("/api/v1/schema/")

    assert answer.status_code == 200
    assert b"openapi: 3.1" in answer.content


def test_the_page_needs_no_script_from_elsewhere_nor_within(client, north):
    page = client.get("/api/v1/docs/")

    assert page.status_code == 200
    html = page.content.decode()
    assert "<script>" not in html
    assert "http://" not in html.replace("http://www.w3.org", "")
    assert "script-src 'self'" in page["Content-Security-Policy"]
    script = client.get("/api/v1/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
