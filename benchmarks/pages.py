"""Server time of a warm rerun of the map page, as a person causes it with every click.

python -m benchmarks.pages FILE.csv [--text-column C]
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main():
    """Embed, map and group a file, open the page, and time ten reruns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--text-column")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SBERT_LAB_HOME"] = folder
        from streamlit.testing.v1 import AppTest

        from sbert_core.lab import Lab

        lab = Lab()
        file = options.file.resolve()
        corpus = lab.open_file(file, text_column=options.text_column)
        lab.map(corpus.corpus_id)
        lab.cluster(corpus.corpus_id)
        os.chdir(ROOT)
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        at.query_params["corpus"] = corpus.corpus_id
        at.run()
        at.switch_page("pages/2_Map_and_clusters.py").run()
        seconds = []
        for _ in range(10):
            started = time.perf_counter()
            at.run()
            seconds.append(time.perf_counter() - started)
        assert not at.exception and not at.error
        assert any("How far to trust this map" in caption.value for caption in at.caption)
        assert any(f"{corpus.rows:,}" in option for option in at.sidebar.selectbox[0].options)
    median = statistics.median(seconds)
    print(json.dumps({"benchmark": "map page", "rows": corpus.rows, "seconds": round(median, 3)}))


if __name__ == "__main__":
    main()
