"""The figure of the photo benchmark; `style` says how figures look."""

from matplotlib.ticker import PercentFormatter


def by_source_and_generator(figure, colours, manifest, reports):
    """Share called AI-generated, a row a source of real pictures or a generator."""
    report = reports["photos"]
    real = {name: (row["real_called_ai"], row["confident"]["real_called_ai"], row["real"], None)
            for name, row in report["sources"].items() if row["real"]}
    caught = {name: (row["ai_caught"], row["confident"]["ai_caught"], row["ai"], row["roc_auc"])
              for name, row in report["generators"].items()}
    figure.set_size_inches(5.2, 1.7 + 0.21 * (len(real) + len(caught)))
    cells = figure.subplots(2, 1, sharex=True, height_ratios=(len(real), len(caught)))
    for cell, rows, title in zip(cells, (real, caught), (
            "Real pictures called AI-generated", "AI-generated pictures caught, and ROC-AUC")):
        # The worst on top: of real pictures those called AI most, of generators those least.
        rows = dict(sorted(rows.items(), key=lambda item: item[1][0], reverse=rows is caught))
        _dots(cell, colours, rows)
        cell.set_title(title, loc="right")
    cells[1].set_xlabel("share of the pictures")
    cells[1].legend(loc="upper center", bbox_to_anchor=(0.3, -0.28 * 8 / len(caught)), ncols=2)


def _dots(cell, colours, rows):
    places = range(len(rows))
    all_verdicts, confident = ([row[i] for row in rows.values()] for i in (0, 1))
    cell.hlines(places, confident, all_verdicts, color=colours["line"], linewidth=2)
    cell.plot(all_verdicts, places, "o", markerfacecolor=colours["page"], label="all verdicts",
              color=colours["members"][0])
    cell.plot(confident, places, "D", color=colours["members"][1], label="confident verdicts")
    cell.set_yticks(places, [f"{_short(name)} ({row[2]:,})" for name, row in rows.items()])
    for place, (*_, roc_auc) in enumerate(rows.values()):
        if roc_auc is not None:
            cell.annotate(f"{roc_auc:.2f}", (1.03, place), va="center_baseline",
                          xycoords=("axes fraction", "data"), annotation_clip=False)
    cell.set(xlim=(-0.03, 1.03), ylim=(-0.6, len(rows) - 0.4))
    cell.xaxis.set_major_formatter(PercentFormatter(1))
    cell.grid(axis="y", visible=False)


def _short(name, most=26):
    return name if len(name) <= most else name[:most - 1].rstrip() + "…"
