"""Tables of runs that only grow."""

from django.db import migrations

from fabrica.server.core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("runs", "0001_initial")]

    operations = [
        AppendOnly("runs_logchunk"),
        AppendOnly("runs_metricpoint"),
        AppendOnly("runs_artifact"),
    ]
