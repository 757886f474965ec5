"""Tables and numbers as Markdown shows them."""

from training.errors import DataError


def table(head, rows):
    """A Markdown table.

    Parameters
    ----------
    head : list of str
    rows : list of list of str
    """
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def count(number, missing="–"):
    """12345 as "12,345"."""
    return missing if number is None else f"{number:,}"


def millions(number):
    """1234567 as "1.23 M"; nothing for no number."""
    return f"{number / 1e6:.2f} M" if number else ""


def percent(share):
    """0.1234 as "12.3%"."""
    return "–" if share is None else f"{share:.1%}"


def write_between(path, begin, end, block):
    """Write a block into a file between its two marks, each on a line of its own.

    Raises
    ------
    DataError
        If a mark is not in the file exactly once.
    """
    text = path.read_text("utf-8")
    if text.count(begin) != 1 or text.count(end) != 1:
        raise DataError(f"{path} needs the lines {begin} and {end} once each.")
    path.write_text(f"{text.split(begin)[0]}{begin}\n{block}\n{end}{text.split(end)[1]}", "utf-8")
