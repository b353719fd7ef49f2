"""A founder's model as a TOML file: shapes, and how it is to be trained; read strictly, with the line of a mistake."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fabrica.planning.training.devices import PRECISION_NAMES
from fabrica.planning.training.model import Experts, LatentAttention, Model, Window
from fabrica.values.toml import line_of, unknown_key, write_value
from fabrica.wire.training import ModelRefused

BYTES_MAX = 2**20
SHAPES = ("layers", "hidden", "ffn", "heads", "vocab", "seq_len")
_KEYS: Mapping[str, tuple[str, ...]] = {
    "": ("name", *SHAPES, "kv_heads", "head_dim", "gated_mlp", "params_b", "active_params_b"),
    "moe": ("experts", "top_k", "expert_ffn", "shared_experts", "dense_layers"),
    "latent_attention": ("query_rank", "key_value_rank", "rope_dim", "plain_dim", "value_dim"),
    "window": ("tokens", "share"),
    "training": ("tokens", "global_batch_tokens", "precision", "software"),
}
SOFTWARE = ("vendor", "framework")
_UNITS = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12, "MILLION": 1e6, "BILLION": 1e9, "TRILLION": 1e12}
_TOKENS = re.compile(
    r"^\s*(\d[\d_]*(?:\.\d+)?(?:e\+?\d+)?)\s*([KMBT]?|million|billion|trillion)\s*(?:tokens)?\s*$", re.IGNORECASE
)
DISAGREEMENT = 0.1  # of stated and counted parameters, beyond which a shape is taken to be mistyped


@dataclass(frozen=True, slots=True)
class Training:
    """A model and how it is to be trained. Null: not told."""

    model: Model
    tokens: float | None
    batch_tokens: float | None
    precision: str
    software: str


def parse_tokens(text: str | float) -> float:
    """Return the tokens of `15T`, `300 billion`, `4.5e12` or a plain number.

    Raises:
        ValueError: not of this form, or none at all.
    """
    if isinstance(text, int | float) and not isinstance(text, bool):
        found, unit = float(text), ""
    else:
        match = _TOKENS.match(str(text))
        if match is None:
            raise ValueError(f"{text!r} is no number of tokens; write one such as 15T, 300B or 4.5e12")
        found, unit = float(match[1].replace("_", "")), match[2].upper()
    tokens = found * _UNITS[unit]
    if not 1 <= tokens < 1e18:
        raise ValueError(f"{text!r} is no number of tokens to train on; write one from 1 to 10^18, such as 15T")
    return tokens


def read_training(path: Path) -> Training:
    """Return what a model's file says.

    Raises:
        ModelRefused: not readable, no TOML, or a key that is unknown, missing or cannot be; names key, line and remedy.
    """
    try:
        if path.stat().st_size > BYTES_MAX:
            raise ModelRefused(f"{path} is larger than {BYTES_MAX:,} bytes.", remedy="Give the shapes alone.")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ModelRefused(f"{path} cannot be read: {error.strerror}.", remedy="Name a file of a model.") from None
    except UnicodeDecodeError as error:
        raise ModelRefused(f"{path} is not UTF-8 text (byte {error.start}).", remedy="Save it as UTF-8.") from None
    return parse_training(text, str(path), path.stem)


def parse_training(text: str, place: str, name: str) -> Training:
    """Return what the text of a model's file says. `place`: how mistakes name it; `name`: of a model without one.

    Raises:
        ModelRefused: no TOML, or a key that is unknown, missing or cannot be; names key, line and remedy.
    """
    return _Reader(text, place, name).training()


def write_document(document: Mapping[str, Any]) -> str:
    """Return keys and one level of tables as the text of a model's file, tables last."""
    plain = [f"{key} = {write_value(value)}" for key, value in document.items() if not isinstance(value, Mapping)]
    tables = {key: value for key, value in document.items() if isinstance(value, Mapping)}
    for name, rows in tables.items():
        plain += ["", f"[{name}]", *(f"{key} = {write_value(value)}" for key, value in rows.items())]
    return "\n".join(plain) + "\n"


class _Reader:
    """One file being read: knows where each key stands."""

    def __init__(self, text: str, place: str, name: str) -> None:
        self.text, self.place, self.name = text, place, name
        try:
            self.document = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
            raise ModelRefused(
                f"{place} is no valid TOML: {error}.", remedy="The how-to shows a model's file."
            ) from None

    def training(self) -> Training:
        self._check_keys()
        model = self._model()
        told = self.document.get("training", {})
        return Training(
            model,
            self._tokens("tokens"),
            self._batch_tokens(model),
            self._one_of("precision", told.get("precision", "bf16"), PRECISION_NAMES),
            self._one_of("software", told.get("software", "vendor"), SOFTWARE),
        )

    def _batch_tokens(self, model: Model) -> float | None:
        tokens = self._tokens("global_batch_tokens")
        if tokens is not None and tokens < model.seq_len:
            raise self._mistake(
                "global_batch_tokens",
                f"a batch of {tokens:,.0f} tokens is shorter than one sequence of {model.seq_len:,}.",
                "Give at least one sequence, such as 4M.",
            )
        return tokens

    def _check_keys(self) -> None:
        tables = tuple(name for name in _KEYS if name)
        self._check(self.document, (*_KEYS[""], *tables), "")
        for table in tables:
            rows = self.document.get(table, {})
            if not isinstance(rows, dict):
                raise self._mistake(table, f"[{table}] must be a table.", f"Write [{table}] and its keys below it.")
            self._check(rows, _KEYS[table], table)

    def _check(self, row: Mapping[str, Any], known: tuple[str, ...], table: str) -> None:
        unknown = unknown_key(row, known, f"[{table}]" if table else "")
        if unknown is None:
            return
        homes = [name for name, keys in _KEYS.items() if name != table and unknown.key in keys]
        if not homes:
            raise self._mistake(*unknown, table)
        places = " or ".join(f"below [{home}]" if home else "above the first table" for home in homes)
        raise self._mistake(unknown.key, unknown.detail, f"Write it {places}.", table)

    def _name(self) -> str:
        name = self.document.get("name", self.name)
        if not isinstance(name, str) or not name.strip():
            raise self._mistake("name", f"name is {name!r:.60}.", 'Write a name in quotes, such as "our-8b".')
        return name

    def _check_complete(self) -> None:
        missing = [key for key in SHAPES if key not in self.document]
        if len(missing) > 1:
            names = ", ".join(f"'{key}'" for key in missing)
            raise self._mistake("", f"The keys {names} are missing.", "Add them; the how-to shows a model's file.")

    def _model(self) -> Model:
        self._check_complete()
        number = self._whole
        mixture, latent = self.document.get("moe"), self.document.get("latent_attention")
        heads = number("heads")
        made = Model(
            self._name(),
            number("layers", most=10_000),
            number("hidden"),
            number("ffn"),
            heads,
            number("kv_heads", default=heads),
            number("vocab"),
            number("seq_len"),
            self._truth("gated_mlp", default=True),
            number("head_dim") if "head_dim" in self.document else None,
            self._experts() if mixture is not None else None,
            None if latent is None else LatentAttention(**{k: number(k, "latent_attention") for k in latent}),
            self._window() if "window" in self.document else None,
        )
        self._check_shapes(made)
        return made

    def _check_shapes(self, model: Model) -> None:
        if "head_dim" not in self.document and model.latent is None and model.hidden % model.heads:
            raise self._mistake(
                "heads",
                f"{model.hidden} hidden do not divide into {model.heads} heads.",
                "Correct one, or give head_dim.",
            )
        if model.heads % model.key_value_heads:
            raise self._mistake(
                "kv_heads",
                f"{model.heads} heads do not divide into {model.key_value_heads} of keys and values.",
                "Give a number that divides the heads.",
            )
        embeddings = 2 * model.vocab * model.hidden
        self._check_parameters("params_b", "parameters", model.parameters, model.parameters)
        self._check_parameters(
            "active_params_b", "active parameters", model.active_parameters, model.active_parameters + embeddings
        )

    def _check_parameters(self, key: str, words: str, least: float, most: float) -> None:
        """Refuse a stated count that the shapes do not make, give or take a tenth; sources count embeddings or not."""
        told = self.document.get(key)
        if told is None:
            return
        if isinstance(told, bool) or not isinstance(told, int | float) or not 0 < told < float("inf"):
            raise self._mistake(key, f"{key} is {told!r:.40}.", "Write a number of billions, such as 70.6.")
        low, high = least * (1 - DISAGREEMENT), most / (1 - DISAGREEMENT)
        if low <= told <= high:
            raise self._mistake(key, f"{key} counts billions.", f"Write {told / 1e9:g}.")
        if not low <= told * 1e9 <= high:
            raise self._mistake(
                key,
                f"The shapes make {least / 1e9:.3g} billion {words}, not {told:g}.",
                f"Correct the shape that is mistyped, or leave {key} out.",
            )

    def _experts(self) -> Experts:
        count, layers = self._whole("experts", "moe"), self._whole("layers")
        return Experts(
            count,
            self._whole("top_k", "moe", most=count),
            self._whole("expert_ffn", "moe"),
            self._whole("shared_experts", "moe", default=0, least=0),
            self._whole("dense_layers", "moe", default=0, least=0, most=layers - 1),
        )

    def _window(self) -> Window:
        share = self.document["window"].get("share", 1.0)
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise self._mistake("share", f"share of [window] is {share!r}.", "Write a share of the layers, 0 to 1.")
        return Window(self._whole("tokens", "window"), float(share))

    def _whole(
        self, key: str, table: str = "", *, default: int | None = None, least: int = 1, most: int = 10**8
    ) -> int:
        row = self.document.get(table, {}) if table else self.document
        value = row.get(key, default)
        name = f"{table}.{key}" if table else key
        if value is None:
            raise self._mistake(key, f"The key '{name}' is missing.", "Add it; the how-to shows a model's file.")
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self._mistake(
                key, f"{name} is {value!r}.", f"Write a whole number from {least:,} to {most:,}.", table
            )
        return value

    def _truth(self, key: str, *, default: bool) -> bool:
        value = self.document.get(key, default)
        if not isinstance(value, bool):
            raise self._mistake(key, f"{key} is {value!r}.", "Write true or false.")
        return value

    def _tokens(self, key: str) -> float | None:
        value = self.document.get("training", {}).get(key)
        try:
            return None if value is None else parse_tokens(value)
        except ValueError as error:
            raise self._mistake(key, f"training.{key}: {error}.", "", "training") from None

    def _one_of(self, key: str, value: Any, known: tuple[str, ...]) -> str:
        plain = value.casefold() if isinstance(value, str) else value
        if plain not in known:
            raise self._mistake(key, f"{key} is {value!r:.60}.", f"Write one of {', '.join(known)}.")
        return str(plain)

    def _mistake(self, key: str, detail: str, remedy: str, table: str = "") -> ModelRefused:
        line = self._line(key, table)
        place = f"{self.place}, line {line}" if line else self.place
        return ModelRefused(f"{place}: {detail}", remedy=remedy, key=key, line=line)

    def _line(self, key: str, table: str) -> int | None:
        """Return the line of a key, looked for from its table on; null: it stands nowhere."""
        above = line_of(self.text, table) or 0
        below = line_of("\n".join(self.text.splitlines()[above:]), key)
        return line_of(self.text, key) if below is None else above + below
