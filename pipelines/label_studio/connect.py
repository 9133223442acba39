"""The server that people answer in, ready to be asked: our own, or one that runs already."""

from annotation.label_studio.api import Api
from pipelines.errors import PipelineError, SettingsError
from pipelines.label_studio.identity import read_login
from pipelines.label_studio.places import find_places, own_url
from pipelines.label_studio.process import read_process
from pipelines.secret_files import read_secret
from pipelines.settings import Settings


def connect(settings: Settings) -> Api:
    """Return the configured server; nothing is sent yet.

    Args:
        settings: Address and token of a server that runs already, or the home of our own.

    Returns:
        The server, a context manager.

    Raises:
        SettingsError: If there is an address without a token, or the other way round.
        PipelineError: If our own does not run, or its login cannot be read.
        LabelStudioServerError: If the token cannot be sent.
    """
    url = settings.label_studio.url
    if url is not None:
        return Api(url, read_adopted_token(settings))
    places = find_places(settings)
    login = read_login(places.login)
    process = read_process(places.process)
    # Our token is for our own process: whatever else has its port must not see it.
    if login is None or process is None or not process.is_alive():
        raise PipelineError(
            "Label Studio is not running; run `serloop label-studio up`, or set "
            "SERLOOP_LABEL_STUDIO__URL and __TOKEN to use one that runs elsewhere"
        )
    return Api(own_url(settings, process.port), login.token)


def is_configured(settings: Settings) -> bool:
    """Return whether there is a Label Studio to ask in: one that is named, or our own that runs."""
    if settings.label_studio.url is not None:
        return True
    process = read_process(find_places(settings).process)
    return process is not None and process.is_alive()


def read_adopted_token(settings: Settings) -> str:
    """Return the token of a server that runs already.

    Raises:
        SettingsError: If there is none, there are two, or its file cannot be read or may be read
            by others.
    """
    given = settings.label_studio
    if (given.token is None) == (given.token_file is None):
        raise SettingsError(
            "setting `label_studio.url` needs its token: set either SERLOOP_LABEL_STUDIO__TOKEN or "
            "SERLOOP_LABEL_STUDIO__TOKEN_FILE"
        )
    if given.token_file is None:
        return given.token.get_secret_value().strip() if given.token else ""
    return read_secret(given.token_file, "label_studio.token_file").strip()


def refuse_adopted(settings: Settings, verb: str) -> None:
    """Refuse to start, stop or read the log of a server that is not ours.

    Args:
        settings: Whether an address is set.
        verb: What was asked for.

    Raises:
        PipelineError: If one is.
    """
    if settings.label_studio.url is not None:
        raise PipelineError(
            f"`label-studio {verb}` is for a server of our own, but setting `label_studio.url` "
            f"names {settings.label_studio.url}, which is not ours to manage; unset it to have one"
        )
