"""The database itself refuses a score that is not the sum of its contributions.

Deferred: the rows may be written in any order and are judged together, at commit. The function
reads the tables of the schema its trigger stands in, whatever the search path is by then.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION leads_score_is_the_sum() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted bigint;
    stored integer;
    total integer;
BEGIN
    IF TG_TABLE_NAME = 'leads_lead' THEN
        wanted := NEW.id;
    ELSIF TG_OP = 'DELETE' THEN
        wanted := OLD.lead_id;
    ELSE
        wanted := NEW.lead_id;
    END IF;
    EXECUTE format(
        'SELECT score, (SELECT coalesce(sum(points), 0) FROM %1$I.leads_contribution'
        ' WHERE lead_id = $1) FROM %1$I.leads_lead WHERE id = $1', TG_TABLE_SCHEMA
    ) INTO stored, total USING wanted;
    IF stored IS DISTINCT FROM total AND stored IS NOT NULL THEN
        RAISE EXCEPTION 'lead % has score %, its contributions add up to %', wanted, stored, total
            USING ERRCODE = 'check_violation', CONSTRAINT = 'lead_score_is_the_sum';
    END IF;
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'leads_contribution' THEN
        IF OLD.lead_id <> NEW.lead_id THEN
            RAISE EXCEPTION 'a contribution stays with its lead'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'lead_score_is_the_sum';
        END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER lead_score_is_the_sum
    AFTER INSERT OR UPDATE OF score ON leads_lead
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION leads_score_is_the_sum();

CREATE CONSTRAINT TRIGGER contributions_add_up
    AFTER INSERT OR DELETE OR UPDATE OF points, lead_id ON leads_contribution
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION leads_score_is_the_sum();
"""

DROP = """
DROP TRIGGER contributions_add_up ON leads_contribution;
DROP TRIGGER lead_score_is_the_sum ON leads_lead;
DROP FUNCTION leads_score_is_the_sum();
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]

    operations = [migrations.RunSQL(CREATE, DROP)]
