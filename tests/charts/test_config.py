"""The page's theme and server manners, as `.streamlit/config.toml` sets them."""

import tomllib
from pathlib import Path

import pytest
from streamlit import config as streamlit_config

from sbert_core.charts.palette import MODES, THEMES

from .colour_science import contrast

CONFIG = tomllib.loads(
    (Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml").read_text("utf-8")
)


def _keys(table, prefix=""):
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _keys(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def test_streamlit_knows_every_option():
    known = streamlit_config.get_config_options()
    assert [key for key in _keys(CONFIG) if key not in known] == []


@pytest.mark.parametrize("mode", MODES)
def test_page_and_charts_have_the_same_colours(mode):
    page, charts = CONFIG["theme"][mode], THEMES[mode]
    assert page["backgroundColor"] == charts.paper
    assert page["textColor"] == charts.ink
    assert page["borderColor"] == charts.line
    assert tuple(page["chartCategoricalColors"]) == charts.categorical
    assert tuple(page["chartSequentialColors"]) == charts.sequential


@pytest.mark.parametrize("mode", MODES)
def test_text_of_the_page_is_readable(mode):
    page = CONFIG["theme"][mode]
    side = page["sidebar"]
    grounds = [page["backgroundColor"], page["secondaryBackgroundColor"]]
    grounds += [side["backgroundColor"], side["secondaryBackgroundColor"]]
    assert min(contrast(page["textColor"], ground) for ground in grounds) >= 7
    assert contrast(page["linkColor"], page["backgroundColor"]) >= 4.5
    assert contrast(page["primaryColor"], page["backgroundColor"]) >= 3.8
    assert contrast("#ffffff", page["primaryColor"]) >= 4.0  # the words on a primary button


def test_both_modes_are_designed_and_neither_is_forced():
    assert "base" not in CONFIG["theme"]
    assert CONFIG["theme"]["light"].keys() == CONFIG["theme"]["dark"].keys()


def test_nothing_is_fetched_from_elsewhere():
    text = str(CONFIG)
    assert "http" not in text
    assert "fontFaces" not in text


def test_the_server_keeps_to_this_machine():
    server = CONFIG["server"]
    assert server["address"] == "localhost"
    assert set(server["allowedHosts"]) == {"localhost", "127.0.0.1", "::1"}
    assert server["enableXsrfProtection"] is True
    assert server["enableCORS"] is True
    assert server["maxUploadSize"] == 200
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert CONFIG["client"]["showErrorLinks"] is False
