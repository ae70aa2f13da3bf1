"""The passages in the running for a search that may not look everywhere.

An index of neighbours knows no conditions: it finds the nearest and leaves out what does not fit,
until nothing is left. In this function it goes on until there is enough (pgvector's iterative
scans). https://github.com/pgvector/pgvector#iterative-index-scans
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION knowledge_narrowed(
    documents bigint[], without bigint[], spoken text[],
    v vector, h halfvec, space text, near int, close int,
    queries tsquery[], worth float8[], most int
) RETURNS SETOF bigint LANGUAGE sql STABLE
SET enable_seqscan = off SET hnsw.iterative_scan = 'strict_order' AS $$
    (SELECT p.id FROM knowledge_passage p
     WHERE p.embedder = space AND p.id <> ALL(without)
       AND (documents IS NULL OR p.document_id = ANY(documents))
       AND (spoken IS NULL OR p.language = ANY(spoken))
     ORDER BY p.embedding <=> v LIMIT near)
    UNION
    (SELECT f.passage_id FROM knowledge_fragment f JOIN knowledge_passage p ON p.id = f.passage_id
     WHERE p.embedder = space AND p.id <> ALL(without)
       AND (documents IS NULL OR p.document_id = ANY(documents))
       AND (spoken IS NULL OR p.language = ANY(spoken))
     ORDER BY f.embedding <=> h LIMIT close)
    UNION
    (SELECT p.id FROM unnest(queries, worth) AS q (query, worth)
     JOIN knowledge_passage p ON p.lexemes @@ q.query
     WHERE p.id <> ALL(without)
       AND (documents IS NULL OR p.document_id = ANY(documents))
       AND (spoken IS NULL OR p.language = ANY(spoken))
     GROUP BY p.id ORDER BY sum(q.worth) DESC, p.id LIMIT most)
$$;
"""
BACKWARD = """
DROP FUNCTION knowledge_narrowed(
    bigint[], bigint[], text[], vector, halfvec, text, int, int, tsquery[], float8[], int
)
"""


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0007_document_facets")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
