"""Half the bits, nearly twice the speed: when an encoder may compute in bfloat16.

bfloat16 keeps float32's range and 8 of its 24 bits of precision. Processors with units for it
multiply matrices several times as fast; without them it is slower. Only the backbone is
converted: pooling, Dense layers and normalisation stay in float32.
"""

import copy
from typing import Literal, TypeVar, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

Precision = Literal["auto", "fp32", "bf16"]
Backbone = TypeVar("Backbone", bound=nn.Module)
PRECISIONS: tuple[str, ...] = get_args(Precision)

# The mean cosine between an encoder's bf16 and fp32 vectors below which bf16 is not used.
MIN_FIDELITY = 0.9999

# What the two are compared on: short and long, plain and odd, several scripts.
PROBE_TEXTS = (
    "ok",
    "Where is my card?",
    "The weather is lovely today.",
    "He drove to the stadium, but the match had already been called off because of the rain.",
    "I was charged twice for the same order (#48213) and nobody has answered my e-mails since.",
    "A group of people is playing music in front of a large crowd.",
    "Shares of the chip maker fell 7.5% after it cut its forecast for the third quarter.",
    "Wie lange dauert die Lieferung?",
    "¿Puedo cambiar mi dirección después de hacer el pedido?",
    "これはテスト文です。",
    "Молоко стоит в холодильнике.",
    "def main(): return {'key': [1, 2, 3]}",
    "not good, not bad, just fine 🙂",
    "Photosynthesis turns carbon dioxide and water into sugar and oxygen in the light.",
    "No.",
    "The committee, whose members had been appointed only a week before, met behind closed doors "
    "for nine hours and left without a statement, a vote or a date on which it would meet again.",
)


def has_native_bf16(device: torch.device) -> bool:
    """Tell whether a device multiplies bfloat16 matrices in hardware."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("amx_bf16", "avx512_bf16"))


def in_bf16(backbone: Backbone) -> Backbone:
    """Copy a backbone into bfloat16; the original keeps its float32 weights."""
    return copy.deepcopy(backbone).to(torch.bfloat16)


def mean_cosine(u: NDArray[np.float32], v: NDArray[np.float32]) -> float:
    """Average the cosines of corresponding rows, in [-1, 1]; rows that are zero in both agree."""
    lengths = np.linalg.norm(u, axis=1) * np.linalg.norm(v, axis=1)
    dots = np.einsum("nd,nd->n", u, v, dtype=np.float64)
    cosines = np.divide(dots, lengths, out=np.zeros_like(dots), where=lengths > 0)
    both_zero = ~(u.any(axis=1) | v.any(axis=1))
    return float(np.where(both_zero, 1.0, cosines).mean())
