"""The founder's question: a model, on how many tokens, where; read by the workshop as it reads a model's file."""

import hashlib
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from fabrica.planning.training.devices import load_devices
from fabrica.planning.training.goodput import OPTIONS
from fabrica.planning.training.model_file import Training, parse_tokens, parse_training, write_document
from fabrica.planning.training.pools import Pool, parse_pool, pool_of_site, pools_of_network
from fabrica.planning.training.presets import load_presets
from fabrica.reference.network import load_network
from fabrica.server.planning.forms import PlanningForm, without_place
from fabrica.wire.problems import FabricaError
from fabrica.wire.training import ModelRefused

OWN, EVERYWHERE, POOL = "own", "everywhere", "pool"
DEVICES_MAX = 1_000_000
LIMITS: Mapping[str, int] = {
    "layers": 1_000,
    "hidden": 200_000,
    "ffn": 1_000_000,
    "heads": 2_048,
    "kv_heads": 2_048,
    "head_dim": 4_096,
    "vocab": 4_000_000,
    "seq_len": 4_000_000,
    "experts": 4_096,
    "top_k": 256,
    "expert_ffn": 1_000_000,
    "shared_experts": 64,
    "dense_layers": 999,
}
"""What a page without an account calculates with, so that one question never takes long; the command has no limits."""
EXPERTS = ("experts", "top_k", "expert_ffn", "shared_experts", "dense_layers")
SHAPES = tuple(name for name in LIMITS if name not in EXPERTS)
_PRECISIONS = (("bf16", "bf16"), ("fp16", "fp16"), ("fp8", "fp8"), ("nvfp4", "fp4 (nvfp4)"))


def _number(label: Any, name: str, help_text: Any = "") -> forms.IntegerField:
    least = 0 if name in ("shared_experts", "dense_layers") else 1
    return forms.IntegerField(label=label, required=False, min_value=least, max_value=LIMITS[name], help_text=help_text)


class TrainingForm(PlanningForm):
    """A model, its tokens and a place; sent by GET, so the address of an answer can be kept and shared."""

    model = forms.ChoiceField(label=_("Model"))
    name = forms.CharField(label=_("Name"), required=False, max_length=60)
    layers = _number(_("Layers"), "layers")
    hidden = _number(_("Hidden width"), "hidden")
    ffn = _number(_("Width of the feed-forward layer"), "ffn")
    heads = _number(_("Attention heads"), "heads")
    kv_heads = _number(_("Heads of keys and values"), "kv_heads", _("Empty: as many as heads"))
    head_dim = _number(_("Width of a head"), "head_dim", _("Empty: hidden width / heads"))
    vocab = _number(_("Vocabulary"), "vocab")
    seq_len = _number(_("Tokens of a sequence"), "seq_len")
    plain_mlp = forms.BooleanField(label=_("Feed-forward layers have no gate"), required=False)
    latent = forms.BooleanField(label=_("Latent attention (MLA)"), required=False)
    experts = _number(_("Experts"), "experts", _("Empty: no mixture of experts"))
    top_k = _number(_("Experts a token goes to"), "top_k")
    expert_ffn = _number(_("Width of an expert"), "expert_ffn")
    shared_experts = _number(_("Experts all tokens go to"), "shared_experts")
    dense_layers = _number(_("First layers without experts"), "dense_layers")
    tokens = forms.CharField(label=_("Train on so many tokens"), max_length=20, help_text=_("Such as 15T or 300B"))
    precision = forms.ChoiceField(label=_("Precision"), choices=_PRECISIONS)
    batch = forms.CharField(
        label=_("Tokens of a batch"), required=False, max_length=20, help_text=_("Empty: as published trainings use")
    )
    where = forms.ChoiceField(label=_("Where"))
    accelerator = forms.ChoiceField(label=_("Accelerator"), required=False)
    devices = forms.IntegerField(
        label=_("Devices"),
        required=False,
        min_value=1,
        max_value=DEVICES_MAX,
        help_text=_("At a site empty: all of its largest machine"),
    )
    resilience = forms.ChoiceField(
        label=_("How it is kept going"), choices=[(key, one.name) for key, one in OPTIONS.items()]
    )

    def __init__(self, data: Mapping[str, Any] | None, begin: str = "") -> None:
        """Make the form; an empty one begins with the shapes of the preset `begin`, where there is one."""
        super().__init__(data, initial=_FIRST | _shapes(begin))
        presets = [(name, name) for name in load_presets()]
        devices = [(key, key) for key, one in load_devices().items() if one.bf16_teraflops is not None]
        self.fields["model"].choices = [*presets, (OWN, _("Shapes of my own"))]  # type: ignore[attr-defined]
        self.fields["where"].choices = [  # type: ignore[attr-defined]
            (EVERYWHERE, _("Every site whose machines are published")),
            (POOL, _("Accelerators of my choice")),
            *_sites(),
        ]
        self.fields["accelerator"].choices = devices  # type: ignore[attr-defined]

    def clean_tokens(self) -> float:
        return _tokens(self.cleaned_data["tokens"])

    def clean_batch(self) -> float | None:
        text = self.cleaned_data["batch"]
        return _tokens(text) if text else None

    def clean(self) -> dict[str, Any]:
        """Read model and place, if the fields are right on their own: `training`, and `pool` or null for everywhere."""
        filled = super().clean() or self.cleaned_data
        if not self.errors:
            filled["training"] = self._training(filled)
            filled["pool"] = self._pool(filled)
        return filled

    def _training(self, filled: Mapping[str, Any]) -> Training | None:
        try:
            return parse_training(write_document(self.document()), str(_("The model")), filled["name"] or "my-model")
        except ModelRefused as problem:
            key = str(problem.facts.get("key"))
            field = _FIELDS.get(key, key)
            self.add_error(field if field in self.fields else None, without_place(problem))
        return None

    def document(self) -> dict[str, Any]:
        """Return the question's model as the keys and tables of a model's file."""
        filled = self.cleaned_data
        document = self._own() if filled["model"] == OWN else dict(load_presets()[filled["model"]])
        training = {"tokens": filled["tokens"], "precision": filled["precision"]}
        if filled["batch"] is not None:
            training["global_batch_tokens"] = filled["batch"]
        return document | {"training": training}

    def _own(self) -> dict[str, Any]:
        filled = self.cleaned_data
        document: dict[str, Any] = {"name": filled["name"] or "my-model", "gated_mlp": not filled["plain_mlp"]}
        document |= {name: filled[name] for name in SHAPES if filled[name] is not None}
        if filled["experts"] is not None:
            document["moe"] = {name: filled[name] for name in EXPERTS if filled[name] is not None}
        if filled["latent"]:
            document["latent_attention"] = {}
        return document

    def _pool(self, filled: Mapping[str, Any]) -> Pool | None:
        where, devices = filled["where"], filled["devices"]
        if where == EVERYWHERE:
            return None
        if where == POOL and devices is None:
            self.add_error("devices", forms.ValidationError(_("Say how many, such as 1024.")))
            return None
        try:
            return parse_pool(f"{filled['accelerator']}:{devices}") if where == POOL else pool_of_site(where, devices)
        except FabricaError as problem:
            self.add_error("devices" if devices else "where", str(problem))
            return None

    @property
    def shows_shapes(self) -> bool:
        """Whether the shapes of a model of one's own are used, or one of them has a mistake."""
        shapes = {*SHAPES, *EXPERTS, "name", "plain_mlp", "latent"}
        return self["model"].value() == OWN or not shapes.isdisjoint(self.errors)

    @property
    def asked(self) -> str:
        """What was asked, for the title of its answer; empty while nothing was."""
        if not self.is_bound or self.errors:
            return ""
        filled = self.cleaned_data
        return f"{filled['training'].model.name}, {filled['pool'].words if filled['pool'] else _('every site')}"

    @property
    def command(self) -> str:
        """The command that answers the same, with the model's file at hand."""
        filled = self.cleaned_data
        where, devices, kept = filled["where"], filled["devices"], filled["resilience"]
        if where == POOL:
            place = f"--accelerators {filled['accelerator']}:{devices}"
        else:
            place = "--everywhere" if where == EVERYWHERE else f"--site {where}"
            place += f" --devices {devices}" if devices else ""
        resilience = "" if kept == _FIRST["resilience"] else f" --resilience {kept}"
        return f"fabrica plan train model.toml {place}{resilience}"

    @property
    def key(self) -> str:
        """What stands for the question in the names of files."""
        asked = repr(sorted((name, str(value)) for name, value in self.data.items()))
        return hashlib.sha256(asked.encode()).hexdigest()[:8]


_FIELDS: Mapping[str, str] = {"global_batch_tokens": "batch"}
"""Fields whose name is not that of the key in a model's file."""

_FIRST = {
    "model": "llama3-8b",
    "tokens": "2T",
    "where": EVERYWHERE,
    "accelerator": "H100-80G-SXM",
    "resilience": "storage",
}


def _shapes(preset: str) -> dict[str, Any]:
    """Return the shapes of a preset as the form's own fields."""
    found = load_presets().get(preset)
    if found is None:
        return {}
    filled: dict[str, Any] = {name: found[name] for name in SHAPES if name in found}
    filled |= {"model": OWN, "name": f"like-{preset}", "plain_mlp": not found["gated_mlp"]}
    return filled | {"latent": "latent_attention" in found} | dict(found.get("moe", {}))


def _sites() -> list[tuple[str, str]]:
    with_machines = dict.fromkeys(pool.site for pool in pools_of_network())
    names = {str(one.id): one.short_name for one in load_network().factories}
    return sorted(((site, names[site]) for site in with_machines if site), key=lambda one: one[1].casefold())


def _tokens(text: str) -> float:
    try:
        return parse_tokens(text)
    except ValueError as error:
        raise forms.ValidationError(f"{str(error)[0].upper()}{str(error)[1:]}.") from None
