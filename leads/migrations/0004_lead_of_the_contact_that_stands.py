"""A lead made for a contact that became part of another is that other one's.

The function is the one of channels_app's migration ``0009_kept_where_it_stands``.
"""

from django.db import migrations

CREATE = """
CREATE TRIGGER contact_that_stands BEFORE INSERT OR UPDATE OF contact_id
    ON leads_lead FOR EACH ROW EXECUTE FUNCTION contact_that_stands();
"""

DROP = "DROP TRIGGER contact_that_stands ON leads_lead;"


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0003_merged_leads"),
        ("channels_app", "0009_kept_where_it_stands"),
    ]

    operations = [migrations.RunSQL(CREATE, DROP)]
