"""Upload a pack to the Hub: one commit that holds what it should. Spaces: see space.py.

Files of an earlier upload that are no longer part of it are deleted in the same commit.
"""

import json
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.utils import validate_repo_id

from ensemble import pack as packs
from training.report import figures
from training.report.card import card, setting

# What a run's folder shares; its checkpoints are of use only on the machine that trains. Those of
# earlier versions lie in the folder itself.
NATIVE = (".keras", ".joblib")
NOTES = ("run.json", "curve.csv", "grid.csv")


class PublishError(RuntimeError):
    """Something that keeps a pack or a Space from being published; written for people."""


class NoToken(PublishError):
    """No token for the Hub."""


class BadName(PublishError):
    """A repository name that the Hub would not take."""


class MissingFile(PublishError):
    """A file that belongs into the upload is not there, or not what it should be."""


class Refused(PublishError):
    """The Hub knows the token, or doesn't, and says no: 401, 402 or 403."""


class HubError(PublishError):
    """The Hub can't be reached or answers with another error."""


def publish(folder, repo, sources=None, token=None):
    """Upload a pack with its model card, and print the commit to pin.

    Parameters
    ----------
    folder : path
        Of the pack. It is verified first; its reports become the results in the card.
    repo : str
        `USER/NAME`, made if it isn't there.
    sources : path, optional
        Folder of runs; each run's native model, settings and curve go under `sources/`. A pack
        for photographs has no runs, and none are uploaded with it.
    token : str, optional
        By default the one in `HF_TOKEN` or of `hf auth login`.

    Returns
    -------
    str
        The commit's hash.

    Raises
    ------
    ensemble.pack.PackError
        If the pack is damaged.
    PublishError
        `NoToken`, `BadName`, `MissingFile`, `Refused` or `HubError`.
    """
    pack = packs.read(folder)
    reports = sorted((pack.folder / "reports").glob("*.json"))
    content = {report.stem: _json(report) for report in reports}
    pictures = pack.folder / "reports" / "figures"
    drawn = figures.drawn(pictures)
    files = {"manifest.json": pack.folder / "manifest.json",
             **{entry["file"]: pack.folder / entry["file"] for entry in packs.files(pack.manifest)},
             **{f"reports/{report.name}": report for report in reports},
             **{f"reports/figures/{name}-{theme}.svg": pictures / f"{name}-{theme}.svg"
                for name in drawn for theme in figures.THEMES},
             "README.md": card(pack.manifest, content, drawn).encode()}
    variable = setting(pack.manifest)
    if sources is not None and variable == "PACK":
        files |= {f"sources/{path}": Path(sources) / path for path in native_files(sources)}
    with connected(repo, token) as api:
        api.create_repo(repo, exist_ok=True)
        commit = replace_content(api, repo, "model", files, f"Pack {pack.manifest['name']} "
                                                            f"{pack.manifest['version']}")
    print(f"Published {len(files)} files to {repo} at commit {commit}.\n"
          f"To judge with exactly this pack, set\n"
          f"  {variable}_REPO={repo}\n  {variable}_REVISION={commit}")
    return commit


def native_files(runs):
    """Paths, relative to the folder of runs, of what each run's folder shares.

    Raises
    ------
    MissingFile
        If no run has a native model.
    """
    runs = Path(runs)
    shared = [path.relative_to(runs).as_posix() for path in sorted(runs.glob("*/*"))
             if path.name in NOTES or path.suffix in NATIVE and path.stem != "checkpoint"]
    if not any(path.endswith(NATIVE) for path in shared):
        raise MissingFile(f"{runs} holds no run with a .keras or .joblib file.")
    return shared


@contextmanager
def connected(repo, token=None):
    """The Hub's client for a repository, with its errors put into words.

    Parameters
    ----------
    repo : str
        `USER/NAME`.
    token : str, optional
        By default the one in `HF_TOKEN` or of `hf auth login`.

    Yields
    ------
    huggingface_hub.HfApi

    Raises
    ------
    PublishError
        `NoToken` or `BadName` before anything is asked; `Refused` or `HubError` for what goes wrong
        inside of the block.
    """
    api = HfApi(token=_token(token))
    _check_name(repo)
    with _hub_errors(repo):
        yield api


def replace_content(api, repo, repo_type, files, message):
    """Make a repository hold exactly these files, in one commit.

    Parameters
    ----------
    api : huggingface_hub.HfApi
    repo : str
    repo_type : {"model", "space"}
    files : dict of str to path or bytes
        By their path in the repository.
    message : str

    Returns
    -------
    str
        The commit's hash.
    """
    gone = set(api.list_repo_files(repo, repo_type=repo_type)) - {".gitattributes"} - set(files)
    added = [CommitOperationAdd(name, content) for name, content in files.items()]
    deleted = [CommitOperationDelete(name, is_folder=False) for name in sorted(gone)]
    return api.create_commit(repo, [*added, *deleted], commit_message=message,
                             repo_type=repo_type).oid


def _token(token):
    token = token or get_token()
    if not token:
        raise NoToken("The Hub needs a token that may write: set HF_TOKEN, or log in with "
                      "`hf auth login`.")
    return token


def _check_name(repo):
    try:
        validate_repo_id(repo)
    except HFValidationError as error:
        raise BadName(f"{repo!r} is no name for a repository: {error}") from error
    if "/" not in repo:
        raise BadName(f"{repo!r} is no name for a repository: give USER/NAME.")


def _json(path):
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise MissingFile(f"{path} is not JSON: {error}.") from error


@contextmanager
def _hub_errors(repo):
    try:
        yield
    except PublishError:
        raise
    except HfHubHTTPError as error:
        status = error.response.status_code
        if status == 401:
            raise Refused("The Hub does not know this token (401). Make a new one with the right "
                          "to write.") from error
        if status == 402:
            raise Refused(f"The Hub wants a paid plan for {repo} (402). Without one an account may "
                          f"have static Spaces (--static), and two on ZeroGPU once its email is "
                          f"verified and it is 30 days old.") from error
        if status == 403:
            raise Refused(f"The token may not write to {repo} (403). It needs the right to write, "
                          f"and the name has to be yours.") from error
        raise HubError(f"The Hub answered with status {status}: "
                       f"{error.server_message or error}") from error
    except Exception as error:  # connections fail with the types of whichever transport it uses
        reason = error.__cause__ or error
        raise HubError(f"The upload to {repo} failed: {type(reason).__name__}: {reason}") from error
