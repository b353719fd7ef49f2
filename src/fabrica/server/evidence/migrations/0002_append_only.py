"""Tables of evidence that only grow."""

from django.db import migrations

from fabrica.server.core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("evidence", "0001_initial")]

    operations = [
        AppendOnly("evidence_evidencerecord"),
    ]
