"""Tables of placement that only grow."""

from django.db import migrations

from fabrica.server.core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("placement", "0001_initial")]

    operations = [
        AppendOnly("placement_placementdecision"),
    ]
