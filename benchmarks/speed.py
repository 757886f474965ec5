"""What was measured, as README's table and as benchmarks/PROFILE.md."""

from benchmarks import profile, server
from training.markdown import table

BEGIN, END = "<!-- speed: begin -->", "<!-- speed: end -->"


def in_words(report):
    """README's table of the report, each figure beside what the project aims at.

    Parameters
    ----------
    report : dict
        Content of `speed.json`, of which parts may be missing.

    Returns
    -------
    str
        Markdown.
    """
    rows = [[what, ours, beside, f"{ratio:.2g}", aim]
            for part, make in ROWS.items() if part in report
            for what, ours, beside, ratio, aim in make(report[part])]
    return table(["", "here", "beside", "ratio", "aim"], rows)


def profiles(report):
    """PROFILE.md, of what there is of the report."""
    pages = (("profile", profile.in_words), ("server", server.in_words))
    return "\n\n".join([
        "# Where the time goes",
        "`python -m benchmarks` wrote this. Everything in a table was measured in turn, in one "
        "run.",
        *(paragraph for part, make in pages if part in report
          for paragraph in make(report[part]))]) + "\n"


def _verdicts(figures):
    texts = {"thumbnail, small networks": ("32 × 32 JPEG", "Keras, scikit-learn", "≥ 30"),
             "photograph, ten tiles": ("12-megapixel JPEG", "Keras, all pixels decoded", "≥ 4")}
    for name in (name for name in texts if name in figures):
        row, (what, beside, aim) = figures[name], texts[name]
        yield (what, f"{row['ours, ms']:.0f} ms", f"{row['usual, ms']:.0f} ms, {beside}",
               row["ratio"], aim)


def _start(figures):
    yield ("start to first verdict", f"{figures['first verdict, s']} s",
           f"{figures['import tensorflow, s']} s, `import tensorflow`", figures["ratio"], "≤ 0.1")
    yield ("its memory", f"{figures['first verdict, MB']} MB",
           f"{figures['import tensorflow, MB']} MB", figures["ratio of memory"], "≤ 0.25")


def _many(figures):
    for door, name in (("--json", "`--json`"), ("score", "`score`")):
        yield (f"10,000 files, {name}", f"{figures[f'{door}, a second']:.0f}/s",
               f"{figures['members alone, a second']:.0f}/s, models alone",
               figures[f"{door} / members"], "≥ 0.75")


def _server(figures):
    row = figures["thumbnail"]
    yield ("`/detect`, 8 clients", f"{row['clients, a second']:.0f}/s",
           f"{row['in process, a second']:.0f}/s in process", row["clients / in process"], "≥ 0.6")


ROWS = {"verdict": _verdicts, "start": _start, "many": _many, "server": _server}
