"""Tables and numbers as Markdown shows them."""


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
