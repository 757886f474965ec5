"""The page without a server: what it loads, and a photograph there and here."""

from benchmarks.serving import ROOT
from ensemble import Ensemble
from web import parity
from web.build import DIST, build, first_load

PHOTOGRAPHS = sorted((ROOT / "examples" / "real" / "full").iterdir())


def measure():
    """Megabytes before the first answer, and milliseconds of a photograph in the browser and here.

    Returns
    -------
    dict
    """
    loaded = {name: round(size / 1e6, 1) for name, size in first_load(build()).items()}
    photographs = {path.name: path.read_bytes() for path in PHOTOGRAPHS}
    with parity.showing(DIST, "chromium") as page:
        parity.by_twin(page, PHOTOGRAPHS[0].read_bytes())  # loads the models
        took = parity.compare(page, Ensemble.load(), photographs)["milliseconds"]
    return {"before the first answer, MB": loaded, "a photograph, ms": took["median"],
            "in the server, ms": took["median_of_server"]}
