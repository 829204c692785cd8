"""A figure as one HTML file that works anywhere, without a network, and sends nothing anywhere."""

import base64
import hashlib
import json
from html import escape
from string import Template
from typing import TYPE_CHECKING

from .layout import PLOTLY_CONFIG
from .palette import FONT

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Only the two scripts written here may run, by their digests: an injected one would not.
# 'unsafe-eval' is what Plotly's WebGL layer compiles its drawing commands with.
_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
script-src $digests 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:">
<title>$title</title>
<style>
html, body { height: 100%; margin: 0; background: $paper; color: $ink; font-family: $font; }
body { display: flex; flex-direction: column; }
header { padding: 14px 20px 8px; }
h1 { font-size: 20px; font-weight: 600; margin: 0 0 4px; }
p { font-size: 14px; line-height: 1.4; margin: 0; max-width: 90ch; opacity: 0.8; }
#figure { flex: 1; min-height: 320px; padding: 0 12px 12px; }
</style>
</head>
<body>
<header><h1>$title</h1><p>$note</p></header>
<div id="figure"></div>
<script>$library</script>
<script>$drawing</script>
</body>
</html>
""")


def standalone_html(figure: "go.Figure", title: str, note: str = "") -> str:
    """Return a complete HTML document with the figure, interactive and offline.

    Args:
        figure: A figure of this package; it grows to the size of the window.
        title: Heading and window title; escaped here.
        note: What to keep in mind when reading the figure, such as a map's trust; escaped here.

    Returns:
        UTF-8 text of about 5 MB, most of it Plotly's own library.
    """
    from plotly.offline import get_plotlyjs

    library = get_plotlyjs()
    # Figure.to_json writes <, > and / as \\u003c and so on: no text can close the script element.
    drawing = (
        f"const spec = {figure.to_json()};"
        "delete spec.layout.height;"
        f'Plotly.newPlot("figure", spec.data, spec.layout, {_config()});'
    )
    return _PAGE.substitute(
        digests=f"{_digest(library)} {_digest(drawing)}",
        title=escape(title),
        note=escape(note),
        paper=figure.layout.paper_bgcolor,
        ink=figure.layout.font.color,
        font=FONT,
        library=library,
        drawing=drawing,
    )


def _config() -> str:
    return json.dumps(PLOTLY_CONFIG | {"responsive": True})


def _digest(script: str) -> str:
    """A script's digest as a content security policy names it."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
