"""What is written for a contact that became part of another is kept with that other one.

A message may begin a conversation, or a network report an opt-out, in the moment in which two
contacts are merged: whoever wrote it has read the contact as it was. The row lock lets it wait
for the merge, and the trigger sends it on. The function reads the table of the schema in which
its trigger stands, whatever the search path is by then.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION contact_that_stands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    following bigint;
BEGIN
    LOOP
        EXECUTE format(
            'SELECT absorbed_into_id FROM %I.channels_app_contact WHERE id = $1 FOR KEY SHARE',
            TG_TABLE_SCHEMA
        ) INTO following USING NEW.contact_id;
        EXIT WHEN following IS NULL;
        NEW.contact_id := following;
    END LOOP;
    RETURN NEW;
END $$;

CREATE TRIGGER contact_that_stands BEFORE INSERT OR UPDATE OF contact_id
    ON channels_app_conversation FOR EACH ROW EXECUTE FUNCTION contact_that_stands();
CREATE TRIGGER contact_that_stands BEFORE INSERT OR UPDATE OF contact_id
    ON channels_app_contactidentity FOR EACH ROW EXECUTE FUNCTION contact_that_stands();
CREATE TRIGGER contact_that_stands BEFORE INSERT OR UPDATE OF contact_id
    ON channels_app_optout FOR EACH ROW EXECUTE FUNCTION contact_that_stands();
"""

DROP = """
DROP TRIGGER contact_that_stands ON channels_app_optout;
DROP TRIGGER contact_that_stands ON channels_app_contactidentity;
DROP TRIGGER contact_that_stands ON channels_app_conversation;
DROP FUNCTION contact_that_stands();
"""


class Migration(migrations.Migration):
    dependencies = [("channels_app", "0008_contacts_merged")]

    operations = [migrations.RunSQL(CREATE, DROP)]
