"""Tables of core that only grow."""

from django.db import migrations

from fabrica.server.core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        AppendOnly("core_fact"),
        AppendOnly("core_auditline"),
    ]
