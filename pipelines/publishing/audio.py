"""Where annotators' browsers find the audio: below our own server, or in a folder that is set."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from pipelines.errors import SettingsError
from pipelines.identity import digest
from pipelines.label_studio.places import find_places
from pipelines.labelling import playback_lufs
from pipelines.playback import AUDIO_FOLDER, playback_folder
from pipelines.settings import Settings
from pipelines.task_file import LOCAL_FILES_URL


@dataclass(frozen=True)
class AudioPlace:
    """A folder that browsers can read.

    Args:
        root: The folder.
        url: What stands before a file's path below it.
    """

    root: Path
    url: str

    @property
    def storage(self) -> str | None:
        """Return the folder that Label Studio itself is to serve; None if something else does."""
        return str(self.root / AUDIO_FOLDER) if self.url.startswith(LOCAL_FILES_URL) else None

    def find(self, name: Path) -> str:
        """Return the address of a file.

        Args:
            name: Its path below the folder.

        Example:
            >>> AudioPlace(Path("/srv"), "https://media.example.org").find(Path("audio/a.flac"))
            'https://media.example.org/audio/a.flac'
        """
        # The path of a local file may begin in the middle of the document root, or at it.
        is_begun = self.url.endswith(("/", "="))
        return f"{self.url}{'' if is_begun else '/'}{quote(name.as_posix())}"


def find_audio(settings: Settings) -> AudioPlace:
    """Return where audio goes.

    Args:
        settings: The home of our own server, or the folder and address set for another.

    Raises:
        SettingsError: If a server that is not ours has no folder or no address for it.
    """
    given = settings.label_studio
    if given.audio_folder is not None and given.audio_url is not None:
        return AudioPlace(given.audio_folder.absolute(), given.audio_url)
    if given.url is None and given.audio_folder is None and given.audio_url is None:
        return AudioPlace(find_places(settings).files, LOCAL_FILES_URL)
    raise SettingsError(
        "set both SERLOOP_LABEL_STUDIO__AUDIO_FOLDER, where clips are written, and "
        "SERLOOP_LABEL_STUDIO__AUDIO_URL, where browsers find that folder: an address that allows "
        "Label Studio's origin (CORS), or `/data/local-files/?d=FOLDER` for one below its document "
        "root"
    )


def opaque_names(settings: Settings, clip_ids: Iterable[str]) -> dict[str, Path]:
    """Return where each clip's audio goes: file names of corpora often tell the emotion.

    Args:
        settings: Loudness of the audio.
        clip_ids: The clips.
    """
    folder = playback_folder(playback_lufs(settings))
    return {clip_id: folder / "clips" / f"{digest(clip_id)}.flac" for clip_id in clip_ids}
