"""Make the README's pictures from the running app: `make pictures`.

A picture of every page, light and dark, at the widths of a laptop and of a desk screen. Those the
README shows are kept in `docs/`; the rest go to `test-artifacts/pictures/` for a look.
"""

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.running import CHROMIUM, FLAGS, ROOT, running_app

# Each page's address, and what is there once it is drawn.
PAGES = {
    "home": ("", ".js-plotly-plot canvas"),
    "corpus": ("Corpus", "[data-testid=stDataFrame] canvas"),
    "map": ("Map_and_clusters", ".js-plotly-plot canvas"),
    "compare": ("Compare_encoders", "text=Do they agree?"),
    "pair": ("Sentence_pair", "text=of random pairs"),
    "search": ("Search?q=my+parcel+has+not+come", ".js-plotly-plot canvas"),
    "benchmark": ("Benchmark", ".js-plotly-plot"),
    "lesson": ("Why_SBERT?step=5", ".js-plotly-plot canvas"),
}
KEPT = {
    ("home", 1280, "light"),
    ("map", 1280, "light"),
    ("map", 1280, "dark"),
    ("pair", 1280, "light"),
    ("train", 1280, "light"),
    ("compare", 1280, "light"),
    ("search", 1280, "light"),
    ("duplicates", 1280, "light"),
}
_SETTLE_MS = 2500
_TRAINED = "text=The pairs that moved most"
_FOUND = "text=Rows left with one per group"


def take(app: str, folder: Path, widths: list[int], schemes: list[str]) -> list[Path]:
    """Photograph every page.

    Args:
        app: Address of the running app.
        folder: Where pictures go that the README does not show.
        widths: Widths of the window, pixels.
        schemes: "light", "dark" or both.

    Returns:
        The files written.
    """
    written = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        pages = PAGES | {
            "train": (_trained_run(chromium, app), _TRAINED),
            "duplicates": (_duplicates(chromium, app), _FOUND),
        }
        for width in widths:
            for scheme in schemes:
                context = chromium.new_context(
                    viewport={"width": width, "height": 900 if width < 1600 else 1080},
                    color_scheme=scheme,  # type: ignore[arg-type]
                )
                tab = context.new_page()
                for name, (address, drawn) in pages.items():
                    tab.goto(f"{app}/{address}")
                    tab.locator(drawn).first.wait_for(timeout=120_000)
                    tab.wait_for_timeout(_SETTLE_MS)
                    keep = (name, width, scheme) in KEPT
                    stem = f"{name}-{scheme}" if keep else f"{name}-{width}-{scheme}"
                    path = (ROOT / "docs" if keep else folder) / f"{stem}.png"
                    tab.screenshot(path=path)
                    written.append(path)
                context.close()
        chromium.close()
    return written


def _trained_run(chromium: Browser, app: str) -> str:
    """Train on the bundled pairs as the page suggests; return the run's address."""
    tab = chromium.new_page()
    tab.goto(f"{app}/Train")
    tab.get_by_role("button", name="Start training").click()
    tab.locator(_TRAINED).wait_for(timeout=300_000)
    address = tab.url.removeprefix(f"{app}/")
    tab.close()
    return address


def _duplicates(chromium: Browser, app: str) -> str:
    """Look for duplicates in the sample; return the page's address."""
    tab = chromium.new_page()
    tab.goto(f"{app}/Duplicates")
    tab.get_by_role("button", name="Find duplicates").click()
    tab.locator(_FOUND).wait_for(timeout=300_000)
    tab.close()
    return "Duplicates"


def main() -> None:
    """Start the app in an empty workspace and photograph it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--widths", type=int, nargs="+", default=[1280, 1920])
    parser.add_argument("--schemes", nargs="+", default=["light", "dark"])
    options = parser.parse_args()
    folder = ROOT / "test-artifacts" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as workspace, running_app(Path(workspace)) as (app, _):
        take(app, folder, options.widths, options.schemes)


if __name__ == "__main__":
    main()
