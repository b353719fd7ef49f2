"""A transformer to train: its shapes, its parameters and FLOP, and how its operators see it."""

from dataclasses import dataclass, field

from fabrica.planning.training.columns import ModelColumns, single


@dataclass(frozen=True, slots=True)
class Experts:
    """Routed experts of a mixture: each token goes to `top_k` of `count`, and to all `shared`. The first `dense_layers`
    layers have none."""

    count: int
    top_k: int
    ffn: int
    shared: int = 0
    dense_layers: int = 0


@dataclass(frozen=True, slots=True)
class LatentAttention:
    """Ranks and widths per head of multi-head latent attention. Source: DeepSeek-AI 2024 (arXiv:2405.04434)."""

    query_rank: int = 1536
    key_value_rank: int = 512
    rope_dim: int = 64
    plain_dim: int = 128
    value_dim: int = 128


@dataclass(frozen=True, slots=True)
class Window:
    """Layers whose attention sees only the last `tokens`; `share` of all layers are such."""

    tokens: int
    share: float


@dataclass(frozen=True, slots=True)
class Model:
    """Shapes of a decoder. `ffn` is the inner width of a dense layer; `head_dim` is hidden / heads unless given."""

    name: str
    layers: int
    hidden: int
    ffn: int
    heads: int
    key_value_heads: int
    vocab: int
    seq_len: int
    gated_mlp: bool = True
    head_width: int | None = None
    experts: Experts | None = None
    latent: LatentAttention | None = None
    window: Window | None = None
    guessed: tuple[str, ...] = field(default=())

    @property
    def head_dim(self) -> int:
        return self.head_width or self.hidden // self.heads

    @property
    def expert_layers(self) -> int:
        return self.layers - self.experts.dense_layers if self.experts else 0

    @property
    def _attention_parameters(self) -> int:
        """Parameters of one layer's attention."""
        columns, heads = self._attention_widths(), self.heads
        query, key_value, query_in, key_value_in, down, _, output = columns
        assert heads > 0
        return query * query_in + key_value * key_value_in + down * self.hidden + output * self.hidden

    def _attention_widths(self) -> tuple[int, int, int, int, int, float, int]:
        """Return query, key-value, their inputs, the projection down, the mean width of all heads, and the output."""
        if self.latent is None:
            width = self.heads * self.head_dim
            return width, 2 * self.key_value_heads * self.head_dim, self.hidden, self.hidden, 0, width, width
        one, heads = self.latent, self.heads
        query = heads * (one.plain_dim + one.rope_dim)
        output = heads * one.value_dim
        down = one.query_rank + one.key_value_rank + one.rope_dim
        key_value = heads * (one.plain_dim + one.value_dim)
        return query, key_value, one.query_rank, one.key_value_rank, down, (query + output) / 2, output

    def _mlp_parameters(self, width: int) -> int:
        return (3 if self.gated_mlp else 2) * self.hidden * width

    @property
    def expert_parameters(self) -> int:
        """Parameters of all routed experts."""
        if self.experts is None:
            return 0
        return self.expert_layers * self.experts.count * self._mlp_parameters(self.experts.ffn)

    @property
    def parameters(self) -> int:
        """All parameters, with input and output embeddings, without norms."""
        shared = self._mlp_parameters(self.experts.ffn) * self.experts.shared if self.experts else 0
        dense = (self.layers - self.expert_layers) * self._mlp_parameters(self.ffn)
        whole = self.layers * self._attention_parameters + dense + self.expert_layers * shared
        return whole + self.expert_parameters + 2 * self.vocab * self.hidden

    @property
    def active_parameters(self) -> int:
        """Parameters that one token multiplies with: the output embedding counts, the input embedding is a look-up."""
        active = self.parameters - self.vocab * self.hidden
        if self.experts is None:
            return active
        return active - self.expert_parameters + self.expert_parameters * self.experts.top_k // self.experts.count

    def flop_per_token(self, *, whole_attention: bool = False) -> float:
        """Return the FLOP of training on one token: forward and backward, nothing computed again.

        Attention is causal, half of the whole; `whole_attention` counts the other half too, as many sources do.

        Source: Narayanan et al. 2021 (arXiv:2104.04473), appendix, with half the attention for the causal mask.
        """
        return 6.0 * self.active_parameters + 3 * self.attention_flop_per_token(whole=whole_attention)

    def attention_flop_per_token(self, *, whole: bool = False) -> float:
        """Return the forward FLOP of the scores and of what they weigh, for one token; causal, or the whole."""
        seen = float(self.seq_len)
        if self.window:
            near = 2.0 * min(self.window.tokens, self.seq_len)
            seen = seen * (1 - self.window.share) + near * self.window.share
        return self.layers * (4 if whole else 2) * seen * self._attention_widths()[5]

    def columns(self) -> ModelColumns:
        """Return the model as numbers of shape ()."""
        query, key_value, query_in, key_value_in, down, attention, output = self._attention_widths()
        experts = self.experts or Experts(1, 1, 1)
        return single(
            ModelColumns,
            layers=self.layers,
            hidden=self.hidden,
            ffn=self.ffn,
            gated=self.gated_mlp,
            heads=self.heads,
            vocab=self.vocab,
            seq_len=self.seq_len,
            query_width=query,
            key_value_width=key_value,
            query_input=query_in,
            key_value_input=key_value_in,
            down_width=down,
            attention_width=attention,
            output_width=output,
            expert_layers=self.expert_layers,
            experts=experts.count,
            top_k=experts.top_k,
            shared_experts=experts.shared,
            expert_ffn=experts.ffn,
            window=self.window.tokens if self.window else self.seq_len,
            window_share=self.window.share if self.window else 0.0,
            parameters=self.parameters,
            expert_parameters=self.expert_parameters,
        )
