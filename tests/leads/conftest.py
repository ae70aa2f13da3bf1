import pytest

from leads.signals import lead_changed


@pytest.fixture
def rung(django_capture_on_commit_callbacks):
    """The bells that rang, as (score, became_hot), in order."""
    heard = []

    def listen(lead, became_hot, **_):
        heard.append((lead.score, became_hot))

    lead_changed.connect(listen)
    yield heard
    lead_changed.disconnect(listen)


@pytest.fixture
def committing(django_capture_on_commit_callbacks):
    """Run a block as if each of its transactions were committed."""
    return lambda: django_capture_on_commit_callbacks(execute=True)
