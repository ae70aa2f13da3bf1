"""A closed month stays as it is, and its lines are its subtotal: the database sees to both."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION bill_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a closed bill does not change' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER bill_stays BEFORE UPDATE OR DELETE ON billing_bill
    FOR EACH ROW EXECUTE FUNCTION bill_stays();
CREATE TRIGGER bill_line_stays BEFORE UPDATE OR DELETE ON billing_billline
    FOR EACH ROW EXECUTE FUNCTION bill_stays();

CREATE FUNCTION bill_is_the_sum() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    said numeric;
    summed numeric;
BEGIN
    EXECUTE format(
        'SELECT b.subtotal, (SELECT coalesce(sum(l.amount), 0) FROM %1$I.billing_billline l'
        ' WHERE l.bill_id = b.id) FROM %1$I.billing_bill b WHERE b.id = $1', TG_TABLE_SCHEMA
    ) INTO said, summed USING CASE TG_TABLE_NAME WHEN 'billing_bill' THEN NEW.id
                              ELSE (to_jsonb(NEW) ->> 'bill_id')::bigint END;
    IF said IS DISTINCT FROM summed THEN
        RAISE EXCEPTION 'the lines of a bill add up to %, and not to %', summed, said
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER bill_is_the_sum AFTER INSERT ON billing_bill
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bill_is_the_sum();
CREATE CONSTRAINT TRIGGER bill_line_in_the_sum AFTER INSERT ON billing_billline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bill_is_the_sum();
"""
BACKWARD = """
DROP TRIGGER bill_line_in_the_sum ON billing_billline;
DROP TRIGGER bill_is_the_sum ON billing_bill;
DROP FUNCTION bill_is_the_sum();
DROP TRIGGER bill_line_stays ON billing_billline;
DROP TRIGGER bill_stays ON billing_bill;
DROP FUNCTION bill_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_bills")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
