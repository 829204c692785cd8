"""What the desks of the Lab take and hand out, for pages that name it."""

from .analysis.anatomy import Anatomy
from .analysis.explain import PairExplanation, WordEffects
from .analysis.words import Word
from .classification import FewShot, FewShotConfig, Sorted, ZeroShotConfig
from .comparison import CompareConfig, Comparison
from .duplicate_pairs import Duplicates
from .evaluation.race import RaceResult
from .evaluation.rerank import RerankCurve, Reranking
from .evaluation.speed import SpeedResult
from .evaluation_details import StsDetails
from .judged_search import SearchFiles
from .leaderboard_desk import BenchmarkTask, LeaderboardRow
from .search_request import (
    EngineChoice,
    SearchHit,
    SearchMode,
    SearchRequest,
    SearchResult,
    checked_queries,
)

__all__ = [
    "Anatomy",
    "BenchmarkTask",
    "CompareConfig",
    "Comparison",
    "Duplicates",
    "EngineChoice",
    "FewShot",
    "FewShotConfig",
    "LeaderboardRow",
    "PairExplanation",
    "RaceResult",
    "RerankCurve",
    "Reranking",
    "SearchFiles",
    "SearchHit",
    "SearchMode",
    "SearchRequest",
    "SearchResult",
    "Sorted",
    "SpeedResult",
    "StsDetails",
    "Word",
    "WordEffects",
    "ZeroShotConfig",
    "checked_queries",
]
