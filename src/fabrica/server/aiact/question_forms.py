"""Forms of questions to advisers."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from fabrica.server.aiact.forms import BodyForm, Choices
from fabrica.wire.questions import (
    LONGEST_QUESTION,
    LONGEST_REPLY,
    NewQuestion,
    Publication,
    QuestionMove,
    RankedPassage,
    Reply,
)


class QuestionForm(BodyForm):
    """A question that a person passes on to an adviser."""

    body = NewQuestion
    project = forms.ChoiceField(label=_("Project"))
    text = forms.CharField(
        label=_("Your question"),
        max_length=LONGEST_QUESTION,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One thing at once, in your own words"),
    )
    context = forms.CharField(
        label=_("What only the adviser reads"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("What you build, for whom, and what you found out already"),
    )
    due_on = forms.DateField(
        label=_("Needed by"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: ten working days from now"),
    )
    may_publish = forms.BooleanField(
        label=_("The question in general words, and the reply, may be published. Your name and project never are."),
        required=False,
    )

    def __init__(self, data: Mapping[str, Any] | None, *, projects: Choices, text: str = "") -> None:
        super().__init__(data, initial={"text": text})
        self.fields["project"].choices = list(projects)  # type: ignore[attr-defined]


class ReplyForm(BodyForm):
    """An adviser's reply: its text, and what it cites of the passages that speak to the question, or others."""

    body = Reply
    text = forms.CharField(
        label=_("Reply"), max_length=LONGEST_REPLY, widget=forms.Textarea(attrs={"rows": 8}), strip=True
    )
    passages = forms.MultipleChoiceField(label=_("It rests on"), required=False)
    others = forms.CharField(
        label=_("Other articles or passages, one a line"),
        required=False,
        max_length=3000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Such as Art. 50(1), or a passage's id"),
    )

    def __init__(self, data: Mapping[str, Any] | None, *, passages: Iterable[RankedPassage]) -> None:
        super().__init__(data)
        self.found = [one for one in passages if one.kind != "published"]
        self.fields["passages"].choices = [(one.id, one.citation) for one in self.found]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> list[str]:
        """The passages that were ticked, also in a form that has a mistake."""
        return list(self["passages"].value() or ())

    def values(self, cleaned: Mapping[str, Any]) -> Mapping[str, Any]:
        others = [line.strip() for line in cleaned["others"].splitlines() if line.strip()]
        return {"text": cleaned["text"], "citations": (*cleaned["passages"], *others)}


class PublicationForm(BodyForm):
    """The question in general words."""

    body = Publication
    question = forms.CharField(
        label=_("The question in general words"),
        max_length=LONGEST_QUESTION,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Nothing in it or in the reply may tell who asked."),
    )


class ReasonForm(BodyForm):
    """Why a question goes back or is withdrawn."""

    body = QuestionMove
    reason = forms.CharField(label=_("Why"), max_length=500)
