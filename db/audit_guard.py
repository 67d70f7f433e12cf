"""What keeps audit rows as they are: triggers, on both databases, that refuse to change, replace or remove one.

The one exception is the deletion of a whole workspace. Its row goes first and the foreign keys take the others along,
so that a row whose workspace is gone may go, and no other. Whoever owns the database can drop a trigger, and nothing
here holds an owner off.
"""

from typing import Final

import sqlalchemy as sa

from db.record import made_with

SQLITE: Final = (
    """CREATE TRIGGER audit_entries_unchanged BEFORE UPDATE ON audit_entries
BEGIN
    SELECT RAISE(ABORT, 'audit entries are never changed');
END""",
    """CREATE TRIGGER audit_entries_kept BEFORE DELETE ON audit_entries
WHEN EXISTS (SELECT 1 FROM workspaces WHERE id = OLD.workspace_id)
BEGIN
    SELECT RAISE(ABORT, 'audit entries are never deleted');
END""",
    # INSERT OR REPLACE removes the row that is in its way without a word to the trigger above.
    """CREATE TRIGGER audit_entries_not_replaced BEFORE INSERT ON audit_entries
WHEN EXISTS (SELECT 1 FROM audit_entries WHERE id = NEW.id OR rowid = NEW.rowid)
BEGIN
    SELECT RAISE(ABORT, 'audit entries are never replaced');
END""",
)

# The table of workspaces is named with its schema: a temporary one of that name must not stand in for it.
POSTGRESQL: Final = (
    """CREATE FUNCTION colloquy_audit_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    there boolean;
BEGIN
    IF TG_OP = 'DELETE' THEN
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.workspaces WHERE id = $1)', TG_TABLE_SCHEMA)
        INTO there USING OLD.workspace_id;
        IF NOT there THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'audit entries are never changed, and only deleted with their workspace';
END $$""",
    """CREATE TRIGGER audit_entries_kept BEFORE UPDATE OR DELETE ON audit_entries
FOR EACH ROW EXECUTE FUNCTION colloquy_audit_kept()""",
    """CREATE TRIGGER audit_entries_not_truncated BEFORE TRUNCATE ON audit_entries
FOR EACH STATEMENT EXECUTE FUNCTION colloquy_audit_kept()""",
)


def attach(table: sa.Table) -> None:
    """Let the table be made with its triggers."""
    for dialect, statements in (("sqlite", SQLITE), ("postgresql", POSTGRESQL)):
        made_with(table, statements, dialect)
