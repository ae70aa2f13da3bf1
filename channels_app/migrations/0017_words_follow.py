"""The words by which a conversation is found follow what stands in it.

Where a text is changed or goes, a contact is renamed or a conversation becomes another's, its
words are marked to be read anew (``upto`` of -1), whoever did it and by whichever statement. New
messages do not ring these triggers: they are found by their numbers.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION words_of_conversation_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'UPDATE %I.channels_app_conversationwords SET upto = -1 WHERE conversation_id = $1',
        TG_TABLE_SCHEMA
    ) USING OLD.conversation_id;
    RETURN NULL;
END $$;

CREATE FUNCTION words_of_contact_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'UPDATE %I.channels_app_conversationwords AS words SET upto = -1
         FROM %I.channels_app_conversation AS talk
         WHERE talk.id = words.conversation_id AND talk.contact_id = $1',
        TG_TABLE_SCHEMA, TG_TABLE_SCHEMA
    ) USING NEW.id;
    RETURN NULL;
END $$;

CREATE FUNCTION words_belong_to_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'UPDATE %I.channels_app_conversationwords SET upto = -1 WHERE conversation_id = $1',
        TG_TABLE_SCHEMA
    ) USING NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER words_follow AFTER DELETE OR UPDATE OF text
    ON channels_app_message FOR EACH ROW EXECUTE FUNCTION words_of_conversation_changed();
CREATE TRIGGER words_follow AFTER UPDATE OF name
    ON channels_app_contact FOR EACH ROW EXECUTE FUNCTION words_of_contact_changed();
CREATE TRIGGER words_follow AFTER UPDATE OF contact_id
    ON channels_app_conversation FOR EACH ROW EXECUTE FUNCTION words_belong_to_another();
"""

DROP = """
DROP TRIGGER words_follow ON channels_app_conversation;
DROP TRIGGER words_follow ON channels_app_contact;
DROP TRIGGER words_follow ON channels_app_message;
DROP FUNCTION words_belong_to_another();
DROP FUNCTION words_of_contact_changed();
DROP FUNCTION words_of_conversation_changed();
"""


class Migration(migrations.Migration):
    dependencies = [("channels_app", "0016_desk")]

    operations = [migrations.RunSQL(CREATE, DROP)]
