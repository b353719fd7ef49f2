"""Every address of the service."""

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.account.views import password_reset_from_key
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import Http404
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.defaults import page_not_found

from fabrica.server.access import pages as access
from fabrica.server.aiact import (
    account_pages,
    calendar_pages,
    document_pages,
    evaluation_pages,
    evaluator_held_pages,
    evaluator_pages,
    evidence_pages,
    intake_pages,
    outlook_pages,
    question_pages,
    version_pages,
)
from fabrica.server.aiact import pages as aiact
from fabrica.server.config.api import api
from fabrica.server.config.paths import register_ids
from fabrica.server.evidence import pages as evidence
from fabrica.server.ledger import pages as ledger
from fabrica.server.people import pages as people
from fabrica.server.people import token_pages
from fabrica.server.planning import pages as planning
from fabrica.server.planning import training_pages
from fabrica.server.portal import pages as portal
from fabrica.server.runs import pages as runs
from fabrica.server.sites import pages as sites

register_ids()

_portal = [
    path("", portal.home, name="home"),
    path("now", portal.now, name="now"),
    path("theme", portal.theme, name="theme"),
    path("sites/", portal.sites, name="sites"),
    path("sites/<site:site>", portal.site, name="site"),
    path("projects/<project:project>", portal.project, name="project"),
    path("office/", portal.office, name="office"),
    path("office/people", portal.people_list, name="people"),
    path("problems/", portal.problems, name="problems"),
    path("problems/<str:code>", portal.problem, name="problem"),
]
_runs = [
    path("", runs.list_runs, name="list"),
    path("<run:run>", runs.run, name="run"),
    path("<run:run>/summary", runs.summary, name="summary"),
    path("<run:run>/metrics", runs.metrics, name="metrics"),
    path("<run:run>/log", runs.log, name="log"),
    path("<run:run>/cancel", runs.cancel, name="cancel"),
    path("<run:run>/declare-lost", runs.declare_lost, name="declare_lost"),
    path("<run:run>/artifacts/<str:sha256>", runs.artifact, name="artifact"),
]
_sites = [
    path("<site:site>/invitations", sites.invite, name="invite"),
    path("<site:site>/draining", sites.set_draining, name="draining"),
    path("<site:site>/agents/<agent:agent>/withdraw", sites.withdraw_agent, name="withdraw"),
]
_people = [
    path("sign-in/<str:token>", people.sign_in, name="sign_in"),
    path("tokens", token_pages.tokens, name="tokens"),
    path("tokens/<int:token>/withdraw", token_pages.withdraw, name="token_withdraw"),
    path("mail", people.mail, name="mail"),
    path("office/people/<user:user>/deactivate", people.deactivate, name="deactivate"),
    path("office/people/<user:user>/reactivate", people.reactivate, name="reactivate"),
]

_ledger = [
    path("corrections", ledger.list_corrections, name="corrections"),
    path("corrections/<correction:correction>/decide", ledger.decide, name="decide"),
]

_aiact = [
    path("", aiact.home, name="home"),
    path("ask", question_pages.ask, name="ask"),
    path("questions/", question_pages.questions, name="questions"),
    path("questions/new", question_pages.new_question, name="question_new"),
    path("questions/<question:question>", question_pages.question, name="question"),
    path("questions/<question:question>/<slug:verb>", question_pages.move, name="question_move"),
    path("ahead", outlook_pages.ahead, name="ahead"),
    path("calendar", calendar_pages.calendar, name="calendar"),
    path("calendar/<project:project>/open", calendar_pages.open_feed, name="feed_open"),
    path("calendar/<project:project>/close", calendar_pages.close_feed, name="feed_close"),
    path("feeds/<str:token>.ics", calendar_pages.feed, name="feed"),
    path("intake/", intake_pages.begin, name="intakes"),
    path("intake/start", intake_pages.start, name="intake_start"),
    path("intake/compare", intake_pages.compare, name="compare"),
    path("intake/<int:number>", intake_pages.intake, name="intake"),
    path("intake/<int:number>/answer", intake_pages.answer, name="intake_answer"),
    path("intake/<int:number>/undo", intake_pages.undo, name="intake_undo"),
    path("intake/<int:number>/confirm", intake_pages.confirm, name="intake_confirm"),
    path("intake/<int:number>/copy", intake_pages.copy, name="intake_copy"),
    path("intake/<int:number>/forget", intake_pages.forget, name="intake_forget"),
    path("intake/<int:number>/answers.json", intake_pages.answers, name="intake_answers"),
    path("intake/<int:number>/result", intake_pages.result, name="intake_result"),
    path("intake/<int:number>/save", version_pages.save, name="intake_save"),
    path("systems/new", aiact.register, name="register"),
    path("systems/<system:system>", aiact.system, name="system"),
    path("systems/<system:system>/versions/new", aiact.add_version, name="version_new"),
    path("versions/<version:version>", version_pages.version, name="version"),
    path("versions/<version:version>/class", version_pages.classification, name="version_class"),
    path("versions/<version:version>/answer", version_pages.answer, name="version_answer"),
    path("versions/<version:version>/made-from", version_pages.state_lineage, name="version_lineage"),
    path(
        "versions/<version:version>/made-from/<int:line>/remove",
        version_pages.remove_lineage,
        name="version_lineage_remove",
    ),
    path("versions/<version:version>/runs", version_pages.link_run, name="version_runs"),
    path("versions/<version:version>/runs/<run:run>/remove", version_pages.unlink_run, name="version_unlink"),
    path("versions/<version:version>/views", version_pages.show_view, name="version_show"),
    path(
        "versions/<version:version>/views/<user:user>/<slug:recipient>/remove",
        version_pages.hide_view,
        name="version_hide",
    ),
    path("versions/<version:version>/release", version_pages.release, name="version_release"),
    path("versions/<version:version>/withdraw", version_pages.withdraw, name="version_withdraw"),
    path("versions/<version:version>/account", account_pages.account, name="account"),
    path("versions/<version:version>/evaluations", evaluation_pages.evaluations, name="evaluations"),
    path(
        "versions/<version:version>/evaluations/<evaluation:evaluation>/take-back",
        evaluation_pages.take_back,
        name="evaluation_take_back",
    ),
    path("versions/<version:version>/evaluators", evaluator_pages.evaluators, name="evaluators"),
    path(
        "versions/<version:version>/evaluators/<evaluator:evaluator>/withdraw",
        evaluator_pages.withdraw,
        name="evaluator_withdraw",
    ),
    path("reports/<report:report>", evaluator_pages.report, name="report"),
    path("reports/<report:report>/file", evaluator_pages.report_file, name="report_file"),
    path("evaluator", evaluator_held_pages.evaluator, name="evaluator"),
    path("evaluator/enter", evaluator_held_pages.enter, name="evaluator_enter"),
    path("evaluator/leave", evaluator_held_pages.leave, name="evaluator_leave"),
    path("evaluator/report", evaluator_held_pages.send_report, name="evaluator_report"),
    path(
        "evaluator/documents/<document:document>/<str:name>",
        evaluator_held_pages.document_file,
        name="evaluator_file",
    ),
    path("versions/<version:version>/evidence/<str:kind>", evidence_pages.evidence, name="evidence"),
    path("versions/<version:version>/filled", document_pages.filled, name="filled"),
    path("versions/<version:version>/documents/<slug:template>", document_pages.document, name="document"),
    path("versions/<version:version>/documents/<slug:template>/say", document_pages.say, name="say"),
    path("versions/<version:version>/documents/<slug:template>/issue", document_pages.issue, name="issue"),
    path(
        "versions/<version:version>/documents/<slug:template>/draft.<slug:written_as>",
        document_pages.draft,
        name="draft",
    ),
    path("documents/<document:document>", document_pages.issued_changes, name="issued"),
    path("documents/<document:document>/<str:name>", document_pages.issued_file, name="issued_file"),
]
_planning = [
    path("", planning.home, name="home"),
    path("new/siting", planning.new_siting, name="new_siting"),
    path("new/network", planning.new_network, name="new_network"),
    path("new/network/file", planning.new_network_file, name="new_network_file"),
    path("compare", planning.compare, name="compare"),
    path("compare.csv", planning.compare_table, name="compare_table"),
    path("shared/<str:token>", planning.shared, name="shared"),
    path("shared/<str:token>/<slug:name>.csv", planning.shared_table, name="shared_table"),
    path("scenarios/<scenario:scenario>", planning.scenario, name="scenario"),
    path("scenarios/<scenario:scenario>/progress", planning.progress, name="progress"),
    path("scenarios/<scenario:scenario>/cancel", planning.cancel, name="cancel"),
    path("scenarios/<scenario:scenario>/rename", planning.rename, name="rename"),
    path("scenarios/<scenario:scenario>/share", planning.share, name="share"),
    path("scenarios/<scenario:scenario>/links", planning.draw_link, name="draw_link"),
    path("scenarios/<scenario:scenario>/links/withdraw", planning.withdraw_links, name="withdraw_links"),
    path("scenarios/<scenario:scenario>/delete", planning.delete, name="delete"),
    path("scenarios/<scenario:scenario>/scenario.toml", planning.text, name="text"),
    path("scenarios/<scenario:scenario>/<slug:name>.csv", planning.table, name="table"),
    path("training", training_pages.training, name="training"),
    path("training.csv", training_pages.training_table, name="training_table"),
    path("training.toml", training_pages.training_model, name="training_model"),
]

# one way in: the portal's own sign-in
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
for _unused in (Group, EmailAddress, SocialAccount, SocialApp, SocialToken):  # changed by no verb, or secret
    admin.site.unregister(_unused)

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls),
    path("admin/", admin.site.urls),
    # an address is given by the office or the identity provider: sites map it to an account of theirs
    path("accounts/email/", page_not_found, {"exception": Http404("Addresses are not changed here.")}),
    # as allauth has it, but for the underscore of our ids
    re_path(
        r"^accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z_]+)-(?P<key>.+)/$",
        password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("accounts/", include("allauth.urls")),
    path("", include((_portal, "portal"))),
    path("runs/", include((_runs, "runs"))),
    path("runs/", include(([path("<run:run>/evidence", evidence.of_run, name="run")], "evidence"))),
    path("sites/", include((_sites, "sites"))),
    path("office/", include((_ledger, "ledger"))),
    path("ai-act/", include((_aiact, "aiact"))),
    path("plan/", include((_planning, "planning"))),
    path("office/", include(([path("allocations", access.grant, name="grant")], "access"))),
    path("", include((_people, "people"))),
]
