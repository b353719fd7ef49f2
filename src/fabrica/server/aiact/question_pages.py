"""Pages of questions: ranked passages with citations, and plain words where the sources hold no answer."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from fabrica.aiact import library
from fabrica.aiact.questions.answering import ask as asked
from fabrica.server.core import clock
from fabrica.server.core.requests import Viewed
from fabrica.wire.questions import LONGEST_QUESTION, QuestionRefused


@require_GET
def ask(request: Viewed) -> HttpResponse:
    """Show a box for a question, and the passages that speak to the one that was asked."""
    question = " ".join(request.GET.get("question", "").split())
    context: dict[str, Any] = {"question": question, "longest": LONGEST_QUESTION, "law": library.about()}
    status = 200
    if question:
        try:
            context["answer"] = asked(question, clock.now().date())
        except QuestionRefused as problem:
            context["problem"], status = problem, problem.status
    return render(request, "aiact/ask.html", context, status=status)
