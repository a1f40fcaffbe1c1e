"""The last message of a job."""

from __future__ import annotations

from typing import Final

from bot import messages
from bot.descent import members_of
from bot.language import Language, say, to_say
from bot.messages import Payload
from bot.progress import KeptProgress
from bot.result_message import done
from bot.uploads import Fitted, ResultFiles
from engine.errors import InputError
from engine.spec import ArtSpec
from storage.files import FileStore
from storage.gallery import Picture
from storage.queue import Job, JobState

BROKE: Final = to_say("Something broke on my side while painting; please try again.")
SENT: Final[tuple[str, ...]] = (
    "svg",
    "native.png",
)  # beside picture and films, where there is such a file


class EndMessage:
    """The last message of a job, made from what is kept: the same whether it is sent at once or after a restart."""

    def __init__(
        self, job: Job, picture: Picture | None, language: Language = None, made_from: str | None = None
    ) -> None:
        self._job = job
        self._made_from = made_from
        self._language = language
        self._picture = picture

    def files(self, store: FileStore) -> ResultFiles | None:
        """What is sent of the picture's files; the single pictures of a grid are kept, and not sent."""
        picture = self._picture
        if picture is None:
            return None
        films = tuple(store.path(name) for name in picture.films)
        extras = {label: store.path(picture.extras[label]) for label in SENT if label in picture.extras}
        return ResultFiles(f"atelier-{picture.id}", store.path(picture.image), films, extras)

    def build(self, fitted: Fitted) -> Payload:
        job, picture, language = self._job, self._picture, self._language
        try:
            spec = ArtSpec.from_json(job.spec)
        except InputError:
            return messages.failed(None, job.id, job.person_id, say(language, job.error or BROKE), language)
        if picture is not None:
            kept = KeptProgress.from_json(job.progress)
            return done(
                spec,
                picture_id=picture.id,
                person_id=job.person_id,
                seed=picture.seed,
                width=picture.width,
                height=picture.height,
                iterations=kept.total or None,
                seconds=picture.seconds,
                clip_score=picture.clip_score,
                models=picture.models,
                image_name=fitted.image_name,
                notes=(*kept.notes, *(say(language, note) for note in fitted.notes)),
                members=members_of(picture),
                made_from=self._made_from,
                language=language,
            )
        if job.state is JobState.CANCELLED:
            return messages.cancelled(spec, job.id, language)
        if job.state is JobState.DONE:
            deleted = say(language, "It was deleted before I could show it.")
            return messages.failed(spec, job.id, job.person_id, deleted, language)
        return messages.failed(spec, job.id, job.person_id, say(language, job.error or BROKE), language)
