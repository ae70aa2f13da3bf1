"""The passages that share the most of a question's rare words, always by index.

A function, because a function may have settings of its own. The planner counts the pages of a
table and not those of its long values, which lie elsewhere: up to some thousands of passages it
would read them all, once per word, ten times slower than the index.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION knowledge_lexical(queries tsquery[], worth float8[], most int)
RETURNS SETOF bigint LANGUAGE sql STABLE SET enable_seqscan = off AS $$
    SELECT p.id
    FROM unnest(queries, worth) AS q (query, worth)
    JOIN knowledge_passage p ON p.lexemes @@ q.query
    GROUP BY p.id ORDER BY sum(q.worth) DESC, p.id LIMIT most
$$;
"""
BACKWARD = "DROP FUNCTION knowledge_lexical(tsquery[], float8[], int)"


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
