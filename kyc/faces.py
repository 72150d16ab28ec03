"""Portraits: where they are on a document, and whether two of them show the same person, by dlib's 128-d descriptor.

Separate because faces have models, thresholds and a law of their own; nothing here is needed to read print.
"""

import importlib.util
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.document import Box
from kyc.geometry import Image, NotAnImage, fit, load

MATCH_DISTANCE = 0.50
"""At or below: the same person. Measured on 38 genuine and 262 impostor pairs: no false match, 2.6% false non-match.
With no error among 262 pairs, the 95% bound of the false match rate is still 1.1%: weak, so say it where it is used."""
UNSURE_DISTANCE = 0.60
"""Above: not the same person (dlib's own threshold on Labeled Faces in the Wild). Between the two a person looks."""
SEARCH_SIDE = 1000
MIN_SCORE = 0.0

FaceResult = Literal["match", "unsure", "no_match", "not_checked"]


@dataclass(frozen=True, slots=True)
class LivenessResult:
    result: Literal["live", "not_live", "not_checked"]
    provider: str


NOT_CHECKED = LivenessResult("not_checked", "none")


@dataclass(frozen=True, slots=True)
class FaceMatch:
    """What comparing two portraits gave. `distance` is `None` when `result` is `not_checked`; `reason` says why."""

    result: FaceResult
    distance: float | None
    reason: str = ""
    liveness: LivenessResult = NOT_CHECKED


@dataclass(frozen=True, slots=True)
class Face:
    """A face: its box in pixels of the image, and the detector's score."""

    box: Box
    score: float


class Liveness(Protocol):
    """Whoever can tell a person from a picture of one."""

    def check(self, selfie: bytes) -> "LivenessResult": ...


class NoLivenessProvider:
    """The default: says that nothing was checked, which the policy can see."""

    def check(self, selfie: bytes) -> LivenessResult:
        return NOT_CHECKED


@dataclass
class FaceReader:
    """dlib's detector, 5-point landmarks and descriptor network, loaded when first used. Thread-safe."""

    _detector: Any = None
    _landmarks: Any = None
    _network: Any = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, image: Image) -> tuple[Face, ...]:
        """Upright faces of about 40 pixels and more, largest first."""
        small, factor = fit(image, SEARCH_SIDE)
        upsample = 1 if max(small.shape[:2]) < 700 else 0
        rgb = _rgb(small)
        with self._lock:
            boxes, scores, _ = self._find_with(rgb, upsample)
            if not boxes and upsample == 0:
                boxes, scores, _ = self._find_with(rgb, 1)
        faces = [
            Face(
                Box(
                    max(0, round(b.left() / factor)),
                    max(0, round(b.top() / factor)),
                    min(image.shape[1], round(b.right() / factor)),
                    min(image.shape[0], round(b.bottom() / factor)),
                ),
                float(score),
            )
            for b, score in zip(boxes, scores, strict=True)
        ]
        return tuple(sorted(faces, key=lambda f: (f.box.left - f.box.right, f.box.top)))

    def faint(self, image: Image, score: float) -> tuple[Face, ...]:
        """Faces at the image's own size down to a low detector score, surest first: for ghosts, not for portraits."""
        import dlib

        with self._lock:
            if self._detector is None:
                self._detector = dlib.get_frontal_face_detector()
            boxes, scores, _ = self._detector.run(_rgb(image), 0, score)
        height, width = image.shape[:2]
        faces = [
            Face(Box(max(0, b.left()), max(0, b.top()), min(width, b.right()), min(height, b.bottom())), float(s))
            for b, s in zip(boxes, scores, strict=True)
        ]
        return tuple(sorted(faces, key=lambda face: -face.score)[:5])

    def describe(self, image: Image, face: Face) -> NDArray[np.float64]:
        """The descriptor of one face: 128 numbers; distances between them are Euclidean."""
        import dlib

        rgb = _rgb(image)
        box = dlib.rectangle(face.box.left, face.box.top, face.box.right, face.box.bottom)
        with self._lock:
            if self._network is None:
                folder = models_folder()
                self._landmarks = dlib.shape_predictor(str(folder / "shape_predictor_5_face_landmarks.dat"))
                self._network = dlib.face_recognition_model_v1(
                    str(folder / "dlib_face_recognition_resnet_model_v1.dat")
                )
            return np.array(self._network.compute_face_descriptor(rgb, self._landmarks(rgb, box), 0))

    def match(self, document: Image, selfie: Image) -> FaceMatch:
        """The document's largest face against the selfie's; not checked where one shows none, or the selfie several."""
        on_document, on_selfie = self.find(document), self.find(selfie)
        if not on_document:
            return FaceMatch("not_checked", None, "NO_FACE_ON_DOCUMENT")
        if not on_selfie:
            return FaceMatch("not_checked", None, "NO_FACE_ON_SELFIE")
        if several(on_selfie):
            return FaceMatch("not_checked", None, "MULTIPLE_FACES_ON_SELFIE")
        difference = self.describe(document, on_document[0]) - self.describe(selfie, on_selfie[0])
        distance = round(float(np.linalg.norm(difference)), 4)
        return FaceMatch(judge(distance), distance)

    def _find_with(self, rgb: Image, upsample: int) -> Any:
        if self._detector is None:
            import dlib

            self._detector = dlib.get_frontal_face_detector()
        return self._detector.run(rgb, upsample, MIN_SCORE)


def _rgb(image: Image) -> Image:
    return np.ascontiguousarray(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8))


def judge(distance: float) -> FaceResult:
    if distance <= MATCH_DISTANCE:
        return "match"
    return "unsure" if distance <= UNSURE_DISTANCE else "no_match"


def several(faces: tuple[Face, ...]) -> bool:
    """Whether a second face is of a size with the first; a ghost portrait is much smaller."""
    if len(faces) < 2:
        return False
    first, second = (f.box.right - f.box.left for f in faces[:2])
    return second > 0.7 * first


def models_folder() -> Path:
    """Where `face-recognition-models` keeps its files; found without importing it, as its `__init__` needs a package
    that setuptools no longer has."""
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package face-recognition-models is not installed")
    return Path(spec.origin).parent / "models"


_reader = FaceReader()


def match_faces(document_image: bytes, selfie_image: bytes, liveness: Liveness | None = None) -> FaceMatch:
    """Compare the portrait on a normalised document image with a normalised selfie, which `liveness` judges too."""
    try:
        document, selfie = load(document_image), load(selfie_image)
    except NotAnImage:
        return FaceMatch("not_checked", None, "NOT_AN_IMAGE")
    checked = (liveness or NoLivenessProvider()).check(selfie_image)
    return replace(_reader.match(document, selfie), liveness=checked)


def find_faces(image: Image) -> tuple[Face, ...]:
    """The faces of an upright image, by the process-wide reader."""
    return _reader.find(image)
