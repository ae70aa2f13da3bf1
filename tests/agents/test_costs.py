"""What an answered message asks of the database: each statement is paid for with every message."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.models import Run
from channels_app.models import Message

THINK_AND_SEND = 23
OF_THE_TEST = ("SAVEPOINT", "SET search_path")  # a worker's own connection has its path


def test_an_answer_asks_few_statements(company, says, work):
    says("How much does the standing desk Nova cost?")
    work()  # what processes remember is read

    asked = says("Do you deliver in Spain?")
    with CaptureQueriesContext(connection) as queries:
        work()

    assert Run.objects.latest("pk").outcome == Run.Outcome.SENT
    assert asked.conversation.messages.get(direction=Message.Direction.OUT).state == "accepted"
    statements = [
        query["sql"] for query in queries if not any(own in query["sql"] for own in OF_THE_TEST)
    ]
    assert len(statements) <= THINK_AND_SEND, "\n".join(sql[:150] for sql in statements)
