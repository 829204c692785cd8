"""Training in bfloat16 without losing small steps: float32 masters of the weights.

bfloat16 has 8 bits of precision: a step smaller than 1/256 of a weight would be rounded away.
So the network computes with a bfloat16 copy, and the optimiser moves the float32 original
(Micikevicius et al. 2018, "Mixed Precision Training", arXiv 1710.03740, section 3.1; with
bfloat16 its loss scaling is not needed). This is faster than autocast, which converts the
weights again in every step.
"""

from typing import Any

import torch
from torch import Tensor, nn


class MasterWeights:
    """The float32 originals of a network's weights, and the way to and from the working copy.

    Args:
        model: The network that is trained.
        low: The part of it that is to compute in bfloat16, usually the backbone; it is converted
            in place. None trains in float32, and the masters are the weights themselves.

    Attributes:
        parameters: Name to float32 master: what an optimiser is given.
    """

    def __init__(self, model: nn.Module, low: nn.Module | None = None) -> None:
        exact = {name: p.detach().clone() for name, p in model.named_parameters()}
        if low is not None:
            low.to(torch.bfloat16)
        self._working = dict(model.named_parameters())
        self.parameters = {
            name: p if p.dtype == torch.float32 else nn.Parameter(exact[name])
            for name, p in self._working.items()
        }

    def decay_groups(self, weight_decay: float) -> list[dict[str, Any]]:
        """Group the masters for an optimiser: weight decay on matrices only.

        Biases and the scales of LayerNorm are left alone (Devlin et al. 2019, BERT's release).
        """
        masters = list(self.parameters.values())
        return [
            {"params": [p for p in masters if p.ndim > 1], "weight_decay": weight_decay},
            {"params": [p for p in masters if p.ndim <= 1], "weight_decay": 0.0},
        ]

    def collect_gradients(self) -> None:
        """Move the gradients of the working copy to the masters, in float32."""
        for name, master in self.parameters.items():
            working = self._working[name]
            if working is not master and working.grad is not None:
                master.grad = working.grad.float()
                working.grad = None

    @torch.no_grad()
    def distribute(self) -> None:
        """Round the masters into the working copy, after a step of the optimiser."""
        for name, master in self.parameters.items():
            if self._working[name] is not master:
                self._working[name].copy_(master)

    def state(self) -> dict[str, Tensor]:
        """Copy the masters."""
        return {name: master.detach().clone() for name, master in self.parameters.items()}

    @torch.no_grad()
    def restore(self, state: dict[str, Tensor]) -> None:
        """Set the masters, and the working copy with them, to what `state` returned."""
        for name, master in self.parameters.items():
            master.copy_(state[name])
        self.distribute()
