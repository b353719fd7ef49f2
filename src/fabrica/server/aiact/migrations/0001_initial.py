import django.db.models.deletion
from django.db import migrations, models

import fabrica.server.core.fields
from fabrica.server.core.append_only import AppendOnly


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("people", "0002_session_generation"),
    ]

    operations = [
        migrations.CreateModel(
            name="System",
            fields=[
                (
                    "id",
                    fabrica.server.core.fields.IdField("SystemId", max_length=40, primary_key=True, serialize=False),
                ),
                ("kind", models.CharField(choices=[("system", "system"), ("model", "model")], max_length=10)),
                ("name", models.CharField(max_length=120)),
                ("purpose", models.TextField(blank=True, default="")),
                ("provider_name", models.CharField(max_length=200)),
                ("deployer_name", models.CharField(blank=True, default="", max_length=200)),
                ("registered_by", fabrica.server.core.fields.IdField("UserId", max_length=40)),
                ("registered_at", models.DateTimeField()),
                (
                    "deployer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.organisation",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.project"
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.organisation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Version",
            fields=[
                (
                    "id",
                    fabrica.server.core.fields.IdField("VersionId", max_length=40, primary_key=True, serialize=False),
                ),
                ("label", models.CharField(max_length=40)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("released", "released"),
                            ("replaced", "replaced"),
                            ("withdrawn", "withdrawn"),
                        ],
                        max_length=12,
                    ),
                ),
                ("changes", models.TextField(blank=True, default="")),
                ("modification", models.JSONField(null=True)),
                ("market_on", models.DateField(null=True)),
                ("service_on", models.DateField(null=True)),
                ("withdrawn_on", models.DateField(null=True)),
                ("withdrawn_because", models.TextField(blank=True, default="")),
                ("created_by", fabrica.server.core.fields.IdField("UserId", max_length=40)),
                ("created_at", models.DateTimeField()),
                (
                    "replaces",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="aiact.version",
                    ),
                ),
                (
                    "system",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="aiact.system"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Statement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("facts", "facts"),
                            ("sources", "sources"),
                            ("item", "item"),
                            ("evidence", "evidence"),
                        ],
                        max_length=10,
                    ),
                ),
                ("key", models.CharField(blank=True, default="", max_length=80)),
                ("body", models.JSONField()),
                ("said_by", fabrica.server.core.fields.IdField("UserId", max_length=40)),
                ("function", models.CharField(blank=True, default="", max_length=120)),
                ("said_at", models.DateTimeField()),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="statements", to="aiact.version"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RunLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("run_id", fabrica.server.core.fields.IdField("RunId", db_index=True, max_length=40)),
                ("linked_by", fabrica.server.core.fields.IdField("UserId", max_length=40)),
                ("linked_at", models.DateTimeField()),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="runs", to="aiact.version"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Result",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("law_sha256", models.CharField(db_index=True, max_length=64)),
                ("as_of", models.DateField()),
                ("body", models.JSONField()),
                ("differences", models.JSONField(default=list)),
                ("found_at", models.DateTimeField()),
                (
                    "statement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="aiact.statement"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="results", to="aiact.version"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Lineage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "relation",
                    models.CharField(
                        choices=[
                            ("finetuned_from", "finetuned_from"),
                            ("continued_from", "continued_from"),
                            ("distilled_from", "distilled_from"),
                            ("merged_from", "merged_from"),
                        ],
                        max_length=16,
                    ),
                ),
                ("outside", models.JSONField(null=True)),
                ("stated_by", fabrica.server.core.fields.IdField("UserId", max_length=40)),
                ("stated_at", models.DateTimeField()),
                (
                    "parent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="aiact.version",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lineage", to="aiact.version"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="IssueOrder",
            fields=[
                ("claim_token", models.CharField(default="", editable=False, max_length=40)),
                ("claimed_until", models.DateTimeField(editable=False, null=True)),
                (
                    "id",
                    fabrica.server.core.fields.IdField("DocumentId", max_length=40, primary_key=True, serialize=False),
                ),
                ("template", models.CharField(max_length=40)),
                (
                    "recipient",
                    models.CharField(
                        choices=[
                            ("provider", "provider"),
                            ("ai_office", "ai_office"),
                            ("authority", "authority"),
                            ("downstream", "downstream"),
                            ("deployer", "deployer"),
                            ("public", "public"),
                        ],
                        max_length=12,
                    ),
                ),
                ("number", models.IntegerField()),
                ("formats", models.JSONField()),
                ("document", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[("ordered", "ordered"), ("issued", "issued"), ("failed", "failed")], max_length=10
                    ),
                ),
                ("words", models.TextField(blank=True, default="")),
                ("ordered_by", fabrica.server.core.fields.IdField("UserId", max_length=40)),
                ("ordered_at", models.DateTimeField()),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="orders", to="aiact.version"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="IssuedDocument",
            fields=[
                (
                    "id",
                    fabrica.server.core.fields.IdField("DocumentId", max_length=40, primary_key=True, serialize=False),
                ),
                ("template", models.CharField(max_length=40)),
                (
                    "recipient",
                    models.CharField(
                        choices=[
                            ("provider", "provider"),
                            ("ai_office", "ai_office"),
                            ("authority", "authority"),
                            ("downstream", "downstream"),
                            ("deployer", "deployer"),
                            ("public", "public"),
                        ],
                        max_length=12,
                    ),
                ),
                ("number", models.IntegerField()),
                ("manifest", models.TextField()),
                ("manifest_sha256", models.CharField(max_length=64, unique=True)),
                ("signature", models.CharField(max_length=100)),
                ("earlier_sha256", models.CharField(max_length=64, null=True)),
                ("document", models.JSONField()),
                ("issued_by", fabrica.server.core.fields.IdField("UserId", max_length=40)),
                ("issued_at", models.DateTimeField()),
                ("keep_until", models.DateField(null=True)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="documents", to="aiact.version"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ViewGrant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("user_id", fabrica.server.core.fields.IdField("UserId", db_index=True, max_length=40)),
                (
                    "recipient",
                    models.CharField(
                        choices=[
                            ("provider", "provider"),
                            ("ai_office", "ai_office"),
                            ("authority", "authority"),
                            ("downstream", "downstream"),
                            ("deployer", "deployer"),
                            ("public", "public"),
                        ],
                        max_length=12,
                    ),
                ),
                ("granted_by", fabrica.server.core.fields.IdField("UserId", max_length=40)),
                ("granted_at", models.DateTimeField()),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="view_grants", to="aiact.version"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="system",
            constraint=models.UniqueConstraint(fields=("project", "name"), name="one_system_a_name"),
        ),
        migrations.AddConstraint(
            model_name="version",
            constraint=models.UniqueConstraint(fields=("system", "label"), name="one_version_a_label"),
        ),
        migrations.AddIndex(
            model_name="statement",
            index=models.Index(fields=["version", "kind", "key", "id"], name="statement_newest"),
        ),
        migrations.AddConstraint(
            model_name="runlink",
            constraint=models.UniqueConstraint(fields=("version", "run_id"), name="a_run_is_linked_once"),
        ),
        migrations.AddConstraint(
            model_name="lineage",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("outside__isnull", False), ("parent__isnull", True)),
                    models.Q(("outside__isnull", True), ("parent__isnull", False)),
                    _connector="OR",
                ),
                name="a_parent_is_here_or_outside",
            ),
        ),
        migrations.AddConstraint(
            model_name="lineage",
            constraint=models.UniqueConstraint(fields=("version", "parent"), name="one_line_a_parent"),
        ),
        migrations.AddConstraint(
            model_name="issueorder",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "ordered")),
                fields=("version", "template", "recipient"),
                name="one_issue_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="issueddocument",
            constraint=models.UniqueConstraint(
                fields=("version", "template", "recipient", "number"), name="one_issue_a_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="issueddocument",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("earlier_sha256__isnull", True), ("number", 1)),
                    models.Q(("earlier_sha256__isnull", False), ("number__gt", 1)),
                    _connector="OR",
                ),
                name="an_issue_follows_the_one_before",
            ),
        ),
        migrations.AddConstraint(
            model_name="viewgrant",
            constraint=models.UniqueConstraint(fields=("version", "user_id", "recipient"), name="one_grant_a_view"),
        ),
        AppendOnly("aiact_statement"),
        AppendOnly("aiact_result"),
        AppendOnly("aiact_issueddocument"),
    ]
