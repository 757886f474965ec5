"""Upload a Space to the Hub: the page with its server, or the page that judges in the browser.

What hardware an account may have: https://huggingface.co/docs/hub/spaces-overview and
/spaces-zerogpu, as of September 2026.
"""

from pathlib import Path

from huggingface_hub import SpaceCardData, SpaceHardware, metadata_load
from huggingface_hub.errors import RepositoryNotFoundError

from training.report.publish import BadName, MissingFile, connected, replace_content

SPACE = ("app.py", "app.css", "page", "ensemble", "weights", "examples", "docs",
         "training/published.json", "requirements.txt", "README.md", "LICENSE")
ZERO, CPU = SpaceHardware.ZERO_A10G.value, SpaceHardware.CPU_BASIC.value
STATIC = "web/dist"  # made by `make web`
# What the static Space's card has of the other's.
CARD = ("title", "emoji", "colorFrom", "colorTo", "license", "short_description")
# They isolate the page from other origins; browsers give WebAssembly its threads only then.
ISOLATED = {"cross-origin-embedder-policy": "require-corp",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "cross-origin"}


def publish_space(repo, root, pack_repo=None, revision=None, token=None, variable="PACK"):
    """Upload the Space: what it needs to run, and nothing else.

    Parameters
    ----------
    repo : str
        `USER/NAME` of the Space, made if it isn't there, on the hardware that the account may have.
    root : path
        Of this repository.
    pack_repo, revision : str, optional
        Have the Space judge with this pack at this commit, through its variables
        `PACK_REPO` and `PACK_REVISION`; without them it judges with the shipped pack.
    token : str, optional
        By default the one in `HF_TOKEN` or of `hf auth login`.
    variable : {"PACK", "PHOTOS"}
        What the names of these variables begin with, see `card.setting`.

    Returns
    -------
    str
        The commit's hash.

    Raises
    ------
    PublishError
        `NoToken`, `BadName`, `MissingFile`, `Refused` or `HubError`.
    """
    root = Path(root)
    files = {path.relative_to(root).as_posix(): path
             for name in SPACE for path in _below(root / name)}
    variables = {f"{variable}_REPO": pack_repo, f"{variable}_REVISION": revision}
    return _upload(repo, "gradio", files, token, variables if pack_repo else {})


def publish_static(repo, root, token=None):
    """Upload the page that needs no server, as a static Space.

    Parameters
    ----------
    repo : str
        `USER/NAME` of the Space, made if it isn't there.
    root : path
        Of this repository; the page lies built in `web/dist`.
    token : str, optional
        By default the one in `HF_TOKEN` or of `hf auth login`.

    Returns
    -------
    str
        The commit's hash.

    Raises
    ------
    PublishError
        `NoToken`, `BadName`, `MissingFile`, `Refused` or `HubError`.
    """
    root, built = Path(root), Path(root) / STATIC
    if not (built / "index.html").is_file():
        raise MissingFile(f"{STATIC}/index.html is missing; `make web` builds the page.")
    files = {path.relative_to(built).as_posix(): path for path in _below(built)}
    return _upload(repo, "static", files | {"README.md": _static_card(root / "README.md"),
                                            "LICENSE": root / "LICENSE"}, token)


def _upload(repo, sdk, files, token, variables=()):
    with connected(repo, token) as api:
        hardware, why = _hardware(api, repo, sdk)
        api.create_repo(repo, repo_type="space", exist_ok=True, space_sdk=sdk,
                        space_hardware=hardware)
        for name, value in dict(variables).items():
            api.add_space_variable(repo, name, value)
        commit = replace_content(api, repo, "space", files, "Real or AI?")
    print(f"Published {len(files)} files to the Space {repo} at commit {commit}.\n"
          f"Hardware: {why}")
    return commit


def _hardware(api, repo, sdk):
    """What to ask the Hub for, None for nothing, and why."""
    try:
        space = api.space_info(repo)
    except RepositoryNotFoundError:
        space = None
    if space and space.sdk != sdk:
        raise BadName(f"{repo} is a Space with sdk: {space.sdk}, whose files would be deleted; "
                      f"give the one with sdk: {sdk} a name of its own.")
    if sdk == "static":
        return None, "none. A static Space is free for everyone; the visitor's browser computes."
    if space:
        now = space.runtime and (space.runtime.requested_hardware or space.runtime.hardware)
        return None, f"{now or 'none yet'}. The Space was there and keeps what it has."
    owner, account = repo.split("/")[0], api.whoami()
    if owner == account["name"] and not account.get("isPro"):
        return (ZERO, f"{ZERO}, ZeroGPU. A free account may have no other for a Space with a "
                      f"server; the models need no GPU, and no visitor's GPU time is used.")
    whose = "a paid account" if owner == account["name"] else "an organisation with a paid plan"
    return CPU, f"{CPU}. The models need no GPU, and {whose} may have it."


def _static_card(readme):
    """README.md of the static Space: the other one's card, with another sdk."""
    given = metadata_load(readme) or {}
    card = SpaceCardData(**{key: given[key] for key in CARD if key in given}, sdk="static",
                         app_file="index.html", custom_headers=ISOLATED)
    return (f"---\n{card.to_yaml()}\n---\n\n# Real or AI?\n\n"
            f"The page judges in your own browser, and no image leaves it.\n").encode()


def _below(path):
    """The file itself, or all files in a folder but hidden ones and compiled Python."""
    if path.is_file():
        return [path]
    files = [p for p in sorted(path.rglob("*")) if p.is_file() and "__pycache__" not in p.parts
             and not any(part.startswith(".") for part in p.relative_to(path).parts)]
    if not files:
        raise MissingFile(f"{path} is missing; the Space needs it.")
    return files
