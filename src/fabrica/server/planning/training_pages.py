"""The founder's planner as pages that need no account: what a training would take, and where."""

from collections.abc import Callable
from functools import wraps
from importlib.util import find_spec
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from fabrica.server.core.limits import count_try
from fabrica.server.planning.tables import attached, download
from fabrica.wire.problems import FabricaError
from fabrica.wire.training import NumbersMissing

TRIES_MAX, TRIES_SECONDS = 30, 60
QUERY_CHARACTERS_MAX = 4_000

Page = Callable[[HttpRequest], HttpResponse]


def _planner(page: Page) -> Page:
    """Let anybody in, but not too often, not with too much, and only where the planner can calculate."""

    @wraps(page)
    def opened(request: HttpRequest) -> HttpResponse:
        if find_spec("numpy") is None:
            raise NumbersMissing(
                "The planner of this server lacks NumPy.",
                remedy="Whoever operates it runs: pip install 'fabrica[planning]'.",
            )
        if request.GET:
            if len(request.META["QUERY_STRING"]) > QUERY_CHARACTERS_MAX:
                return HttpResponse(status=414)
            count_try(f"planner:{request.META.get('REMOTE_ADDR')}", tries_max=TRIES_MAX, seconds=TRIES_SECONDS)
        return page(request)

    return opened


def _short(page: Page) -> Page:
    """Lead to an address without the empty fields that a browser sends, for people keep and share it."""

    @wraps(page)
    def led(request: HttpRequest) -> HttpResponse:
        asked = request.GET.copy()
        for name in [name for name, value in asked.items() if not value and name != "tokens"]:
            del asked[name]
        return page(request) if asked == request.GET else redirect(f"{request.path}?{asked.urlencode()}")

    return led


@require_GET
@_short
@_planner
def training(request: HttpRequest) -> HttpResponse:
    """Show the form; with a question, show its answer too: one place in full, or all sites beside one another."""
    from fabrica.planning.training.presets import PRESETS
    from fabrica.server.planning.training_answers import answer_of, places_of, reason_of_all, shown_answer, shown_places
    from fabrica.server.planning.training_forms import TrainingForm

    begin = request.GET.get("begin", "")
    form = TrainingForm(None if begin else request.GET or None, begin)
    context: dict[str, Any] = {"form": form, "query": request.GET.urlencode(), "presets": PRESETS}
    if form.is_bound and form.is_valid():
        try:
            if form.cleaned_data["pool"] is None:
                places = places_of(form)
                same = reason_of_all(places)
                if same:
                    form.add_error(None, same)
                else:
                    context |= shown_places(places)
            else:
                context |= shown_answer(form, answer_of(form))
        except FabricaError as problem:
            form.add_error(None, str(problem))
    return render(request, "planning/training.html", context, status=422 if form.errors else 200)


@require_GET
@_planner
def training_table(request: HttpRequest) -> HttpResponse:
    """Send the numbers of an answer as CSV: every site, or the best layouts of one place.

    Raises:
        ModelRefused: the question has a mistake; the page of the same question shows it.
        LayoutImpossible: no layout fits.
    """
    from fabrica.server.planning.training_answers import answer_of, places_of, table_of_layouts, table_of_places

    form = _asked(request)
    everywhere = form.cleaned_data["pool"] is None
    table = table_of_places(places_of(form)) if everywhere else table_of_layouts(answer_of(form))
    return download(table.head, table.rows, f"training-{'sites' if everywhere else 'layouts'}-{form.key}.csv")


@require_GET
@_planner
def training_model(request: HttpRequest) -> HttpResponse:
    """Send the question's model as the file that `fabrica plan train` reads.

    Raises:
        ModelRefused: the question has a mistake.
    """
    from fabrica.planning.training.model_file import write_document

    form = _asked(request)
    return attached(write_document(form.document()), f"model-{form.key}.toml", "application/toml; charset=utf-8")


def _asked(request: HttpRequest) -> Any:
    from fabrica.server.planning.training_forms import TrainingForm
    from fabrica.wire.training import ModelRefused

    form = TrainingForm(request.GET)
    if not form.is_valid():
        field, problems = next(iter(form.errors.items()))
        raise ModelRefused(f"{field}: {problems[0]}", remedy="Open the planner with this question and correct it.")
    return form
