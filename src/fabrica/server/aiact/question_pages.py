"""Pages of questions: ranked passages with citations, and what is passed on to an adviser, the queue and one of it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fabrica.aiact import library
from fabrica.server.aiact import permissions, question_queries, question_service
from fabrica.server.aiact.question_forms import PublicationForm, QuestionForm, ReasonForm, ReplyForm
from fabrica.server.core.actors import Actor
from fabrica.server.core.requests import Viewed
from fabrica.server.people import queries as people
from fabrica.values.ids import ProjectId, QuestionId
from fabrica.wire.problems import FabricaError, NotAllowed
from fabrica.wire.questions import LONGEST_QUESTION, QuestionRefused, RankedPassage

_LISTED = 50


@require_GET
def ask(request: Viewed) -> HttpResponse:
    """Show a box for a question, and the passages that speak to the one that was asked."""
    question = " ".join(request.GET.get("question", "").split())
    context: dict[str, Any] = {"question": question, "longest": LONGEST_QUESTION, "law": library.about()}
    status = 200
    if question:
        try:
            context["answer"] = question_queries.find(question)
        except QuestionRefused as problem:
            context["problem"], status = problem, problem.status
    return render(request, "aiact/ask.html", context, status=status)


@require_GET
@login_required
def questions(request: Viewed) -> HttpResponse:
    """Show the questions that the reader may see: what waits first, the soonest due before."""
    given = request.GET.get("from", "0")
    after = int(given) if given.isdecimal() and given.isascii() and len(given) < 9 else 0
    found = question_queries.questions(request.actor, after=after, limit=_LISTED)
    context = {"found": found, "advises": permissions.advises(request.actor)}
    return render(request, "aiact/questions/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_question(request: Viewed) -> HttpResponse:
    """Show the form of a question to an adviser; on POST pass it on.

    Raises:
        NotAllowed: the reader is in no project.
    """
    projects = [(str(one.id), f"{one.name} · {one.organisation_name}") for one in people.projects(request.actor)
                if permissions.asks(request.actor, project=one.id)]  # fmt: skip
    if not projects:
        raise NotAllowed("You are in no project.", remedy="Ask a project's lead to add you by e-mail address.")
    text = request.GET.get("question", "")[:LONGEST_QUESTION]
    form = QuestionForm(request.POST if request.method == "POST" else None, projects=projects, text=text)
    if request.method == "POST" and form.is_valid():
        try:
            project = ProjectId.parse(form.cleaned_data["project"])
            question = question_service.ask(request.actor, project=project, told=form.told)
        except FabricaError as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Your question waits for an adviser."))
            return redirect("aiact:question", question)
    return render(request, "aiact/questions/new.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
@login_required
def question(request: Viewed, question: QuestionId) -> HttpResponse:
    """Show one question with its reply, and what the reader may do with it."""
    return _page(request, question, {})


@require_POST
@login_required
def move(request: Viewed, question: QuestionId, verb: str) -> HttpResponse:
    """Do one thing with a question; where it cannot be done, show the page again with why.

    Raises:
        NotFound: there is no such question, or the reader may not see it.
        NotAllowed: the reader may not do this with it.
    """
    by = request.actor
    question_queries.question(by, question)  # unseen is not found, whatever was asked of it
    form = _form(verb, request, question_queries.suggested(by, question) if verb == "answer" else ())
    if form.is_valid():
        try:
            _do(by, question, verb, form)
        except NotAllowed:
            raise
        except FabricaError as problem:
            form.add_error(None, str(problem))
    if form.errors:
        return _page(request, question, {verb: form}, status=422)
    return redirect("aiact:question", question)


_REASONED = ("give-back", "ask-again", "withdraw")
_PLAIN = ("take", "allow", "forbid")


def _form(verb: str, request: Viewed, passages: tuple[RankedPassage, ...]) -> Any:
    """Return the form of a verb, filled with what was sent.

    Raises:
        Http404: there is no such verb.
    """
    if verb == "answer":
        return ReplyForm(request.POST, passages=passages)
    if verb == "publish":
        return PublicationForm(request.POST)
    if verb in _REASONED:
        return ReasonForm(request.POST)
    if verb in _PLAIN:
        return forms.Form(request.POST)
    raise Http404(verb)


def _do(by: Actor, question: QuestionId, verb: str, form: Any) -> None:
    if verb == "take":
        question_service.take(by, question=question)
    elif verb == "give-back":
        question_service.give_back(by, question=question, reason=form.told.reason)
    elif verb == "answer":
        question_service.answer(by, question=question, reply=form.told)
    elif verb == "publish":
        question_service.publish(by, question=question, wording=form.told.question)
    elif verb == "ask-again":
        question_service.ask_again(by, question=question, reason=form.told.reason)
    elif verb in ("allow", "forbid"):
        question_service.allow_publishing(by, question=question, allowed=verb == "allow")
    else:
        question_service.withdraw(by, question=question, reason=form.told.reason)


def _page(request: Viewed, question: QuestionId, sent: dict[str, Any], status: int = 200) -> HttpResponse:
    """Show a question; `sent`: the form that was sent with a mistake, by its verb."""
    by = request.actor
    found, acts = question_queries.question(by, question), question_queries.acts(by, question)
    shown: dict[str, Any] = {}
    if "answer" in acts:
        shown["reply_form"] = sent.get("answer") or ReplyForm(None, passages=question_queries.suggested(by, question))
    if "publish" in acts:
        shown["publication_form"] = sent.get("publish") or PublicationForm(None, initial={"question": found.text})
    reasons = [(verb, words, sent.get(verb) or ReasonForm(None, auto_id=f"id_{verb}_%s"))
               for verb, words in (("give-back", _("Give it back")), ("ask-again", _("Ask again")),
                                   ("withdraw", _("Withdraw"))) if verb in acts]  # fmt: skip
    problems = [one for form in sent.values() for one in form.non_field_errors()]
    context = {"found": found, "acts": acts, "reasons": reasons, "problems": problems, **shown}
    return render(request, "aiact/questions/question.html", context, status=status)
