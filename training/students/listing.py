"""The table of the recipes."""

from tqdm import tqdm

from training.markdown import count
from training.students.recipes import RECIPES


def table():
    """Name, system, input size, parameters and what each is, as text.

    The parameters are counted on the network built at its own size, beside the number that its
    report prints.
    """
    rows = [("recipe", "system", "pixels", "parameters", "printed", "what")]
    for name, recipe in tqdm(RECIPES.items(), "build", leave=False):
        rows.append((name, recipe.system, str(recipe.size), count(parameters(recipe)),
                     count(recipe.parameters), recipe.description))
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join("  ".join(
        cell.rjust(width) if column in (2, 3, 4) else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in rows)


def parameters(recipe):
    """Parameters of a recipe's networks; None for an SVM, which has as many as it needs."""
    built = recipe.build(recipe.size, None)
    networks = built if isinstance(built, tuple) else (built,)
    if not all(hasattr(network, "count_params") for network in networks):
        return None
    return sum(network.count_params() for network in networks)
