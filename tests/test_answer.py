"""The answer: the rule row by row, then on files that are made, signed and marked here."""

import io
import json
from itertools import combinations

import numpy as np
import pytest
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from ensemble.__main__ import main
from ensemble.answer import TABLE, answer, deciding
from ensemble.errors import NothingToSee
from ensemble.evidence.provenance import SAYS, SENTENCES, Note
from ensemble.images import open_picture
from tests.made import image
from tests.marked import scene, watermarked
from tests.signed import action, authority, sign, signed_by
from tests.test_images import saved
from tests.test_provenance import A1111

AI, PARTLY, REAL, CANT_TELL = "AI-generated", "Partly AI-generated", "Real", "Can't tell"
OWN = "Content Credentials"


def credentials(signature, *said):
    """Notes of credentials: how the signature is, and what they say."""
    return tuple(Note(OWN, f"credentials_{key}") for key in (signature, *said))


# The evidence of each row of the rule, the answer and because of what.
ROWS = [
    (credentials("trusted", "ai"), AI, "credentials"),
    (credentials("trusted", "part_ai"), PARTLY, "credentials"),
    (credentials("trusted", "camera"), REAL, "credentials"),
    ((Note("Pixels", "mark_watermark"),), AI, "mark"),
    ((Note("PNG text", "generator"),), AI, "notes"),
    ((Note("XMP/IPTC", "source_part_ai"),), PARTLY, "notes"),
]
# More that comes to the same.
ALIKE = [
    ((Note("Pixels", "mark_squares"),), AI, "mark"),
    ((Note("XMP/IPTC", "source_ai"),), AI, "notes"),
    ((Note("EXIF", "label_producer"),), AI, "notes"),
    ((Note("Samsung Gallery", "generator_part"),), PARTLY, "notes"),
    ((Note("Alpha channel", "generator_model"),), AI, "notes"),
    # Anybody can sign for himself, and can sign anew what somebody else once signed.
    (credentials("untrusted", "ai"), AI, "notes"),
    (credentials("untrusted", "part_ai"), PARTLY, "notes"),
    ((*credentials("trusted"), Note("Earlier credentials", "credentials_earlier_ai")), AI, "notes"),
]
# What answers nothing, so that the models do.
SILENT = [
    (),
    credentials("untrusted", "camera"),
    credentials("trusted", "actions"),
    *(credentials(signature) for signature in ("changed", "forged", "expired", "revoked",
                                               "certificate", "invalid", "damaged", "elsewhere")),
    (*credentials("trusted"), Note("Earlier credentials", "credentials_earlier_camera")),
    (Note("EXIF", "camera_date"), Note("EXIF", "place"), Note("XMP/IPTC", "source_camera")),
    (Note("EXIF", "label_possible"), Note("PNG text", "software"), Note("JPEG", "jpeg_own")),
]


@pytest.mark.parametrize("evidence, told, because", ROWS + ALIKE)
def test_each_row_of_the_rule(evidence, told, because):
    """Whatever the models say, and whatever else the file says that answers nothing."""
    camera = (Note("EXIF", "camera"), Note("JPEG", "jpeg_standard"))
    for label in (AI, REAL):
        for certainty in ("confident", "likely", "uncertain"):
            for notes in (evidence, camera + evidence, evidence + camera):
                assert answer(notes, label, certainty) == (told, because)
                assert deciding(notes) in evidence


def test_an_earlier_row_goes_before_a_later_one():
    for (first, *outcome), (second, *_) in combinations(ROWS, 2):
        for notes in (first + second, second + first):
            assert answer(notes, REAL, "confident") == tuple(outcome)
            assert deciding(notes) in first


def test_the_table_has_no_other_rows():
    assert [(told, claim[0]) for claim, told in TABLE] == [row[1:] for row in ROWS]


@pytest.mark.parametrize("evidence", SILENT)
def test_without_evidence_the_models_answer_if_they_are_sure_enough(evidence):
    for label in (AI, REAL):
        for certainty in ("confident", "likely"):
            assert answer(evidence, label, certainty) == (label, "models")
        assert answer(evidence, label, "uncertain") == (CANT_TELL, "models")
    assert deciding(evidence) is None


@pytest.mark.parametrize("source", ["EXIF", "XMP/IPTC", "Earlier credentials", OWN])
def test_nothing_but_a_trusted_signature_proves_a_photograph(source):
    for key in SENTENCES:
        if key != "credentials_trusted":
            told, because = answer((Note(source, key),), AI, "uncertain")
            assert told in (AI, PARTLY, CANT_TELL) and because != "credentials", key
            assert told == (SAYS[key] if SAYS.get(key) in (AI, PARTLY) else CANT_TELL), key


# Files, from bytes to the verdict


def png(rgb, **text):
    """A PNG with text, as generators write it."""
    notes = PngInfo()
    for keyword, value in text.items():
        notes.add_text(keyword, value)
    return saved(rgb, "PNG", pnginfo=notes)


def signed(kind, signer=None, **options):
    """A JPEG that says, signed, where it comes from."""
    return sign(saved(image(1, 1, 64), "JPEG"), "image/jpeg",
                [action("c2pa.created", kind, "Test program")], signer=signer, **options)


def camera():
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Acme", "Box 9"
    return saved(image(1, 1), "JPEG", exif=exif.tobytes())


@pytest.fixture
def trust(monkeypatch, tmp_path):
    """Trust the test authority, and nobody else."""
    (tmp_path / "trusted.pem").write_bytes(authority("Test authority").chain[0])
    monkeypatch.setenv("C2PA_TRUST", str(tmp_path / "trusted.pem"))


MODEL, PART, TAKEN = ("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia",
                      "digitalCapture")


@pytest.mark.usefixtures("trust")
def test_signed_files(ensemble):
    anybody = signed_by("Somebody else")
    forged = bytearray(signed(MODEL))
    forged[-20] ^= 1
    for data, told, because in (
            (signed(MODEL), AI, "credentials"), (signed(PART), PARTLY, "credentials"),
            (signed(TAKEN), REAL, "credentials"), (signed(MODEL, anybody), AI, "notes"),
            (signed(PART, anybody), PARTLY, "notes")):
        verdict = ensemble.judge(data)
        assert (verdict.answer, verdict.because) == (told, because)
        assert verdict.as_dict()["evidence"][0]["source"] == OWN
    for data in (signed(TAKEN, anybody), bytes(forged)):
        verdict = ensemble.judge(data)
        assert verdict.because == "models" and verdict.evidence
        assert verdict.answer == answer((), verdict.label, verdict.certainty)[0]


def test_a_mark_in_the_pixels(ensemble):
    data = saved(watermarked(scene(512, 512), "Stable Diffusion 1"), "PNG")
    verdict = ensemble.judge(data)
    assert (verdict.answer, verdict.because) == (AI, "mark")
    assert [note.key for note in verdict.evidence] == ["mark_watermark"]
    assert ensemble.judge(np.asarray(Image.open(io.BytesIO(data)))).evidence == ()


def test_a_file_brings_evidence_and_bare_pixels_bring_none(ensemble, tmp_path):
    rgb = image(1, 1)
    (tmp_path / "a.png").write_bytes(data := png(rgb, parameters=A1111))
    verdict = ensemble.judge(data)
    assert (verdict.answer, verdict.because) == (AI, "notes")
    assert verdict.as_dict()["evidence"] == [{
        "source": "PNG text", "says": AI, "key": "generator_model",
        "sentence": verdict.evidence[0].sentence(), "fields": verdict.evidence[0].fields}]
    for source in (tmp_path / "a.png", str(tmp_path / "a.png"), bytearray(data),
                   ensemble.open(data)):
        assert ensemble.judge(source) == verdict
    assert list(ensemble.judge_many([data])) == [verdict]
    for bare in (rgb, Image.open(tmp_path / "a.png")):
        seen = ensemble.judge(bare)
        assert seen.evidence == () and seen.because == "models"
        assert (seen.votes, seen.label, seen.p_ai) == (verdict.votes, verdict.label, verdict.p_ai)


def test_camera_notes_are_shown_and_answer_nothing(ensemble):
    noted, plain = (ensemble.judge(data) for data in (camera(), saved(image(1, 1), "JPEG")))
    assert "camera" in [note.says for note in noted.evidence]
    assert (noted.answer, noted.because) == (plain.answer, "models")


def test_the_command_line_gives_the_same_answer(ensemble, folder, tmp_path, capsys):
    names = {"noted.png": png(image(1, 1), parameters=A1111), "plain.png": png(image(1, 1)),
             "camera.jpg": camera()}
    for name, data in names.items():
        (tmp_path / name).write_bytes(data)
    paths = [str(tmp_path / name) for name in names]
    assert main([*paths, "--pack", str(folder), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [{"file": path, **ensemble.judge(path).as_dict()} for path in paths]
    assert [line["because"] for line in lines] == ["notes", "models", "models"]
    assert main([*paths, "--pack", str(folder)]) == 0
    said = capsys.readouterr().out
    assert f"{paths[0]}: AI-generated, because of notes in the file\n" in said
    assert "made with Stable Diffusion (AUTOMATIC1111), model v1-5-pruned" in said
    assert f"{paths[1]}: {lines[1]['answer']}, going by the models\n" in said


# Nothing to see, nothing said


@pytest.mark.parametrize("rgb, why", [
    (np.zeros((1, 1, 3), np.uint8), "1 × 1 pixels"), (image(1, 1, 15), "15 × 15 pixels"),
    (image(1, 1, 300)[:12], "300 × 12 pixels"),
    (np.full((200, 300, 3), 128, np.uint8), "one colour")],
    ids=["a pixel", "small", "narrow", "flat"])
def test_a_picture_that_shows_nothing_is_refused_everywhere(ensemble, folder, tmp_path, capsys,
                                                            rgb, why):
    """Even where its file says something: there is nothing that it could say it of."""
    (tmp_path / "a.png").write_bytes(png(rgb, parameters=A1111))
    for source in (rgb, tmp_path / "a.png", Image.fromarray(rgb), open_picture(rgb)):
        with pytest.raises(NothingToSee, match=why):
            ensemble.judge(source)
    error, verdict = ensemble.judge_many([rgb, image(1, 1)])
    assert type(error) is NothingToSee and verdict.label
    assert main([str(tmp_path / "a.png"), "--pack", str(folder), "--json"]) == 1
    line = json.loads(capsys.readouterr().out)
    assert line["error"] == "NothingToSee" and why in line["message"]


def test_a_faint_gradient_is_judged(ensemble):
    faint = np.linspace(120, 126, 64).round().astype(np.uint8)
    assert ensemble.judge(np.tile(faint[:, None, None], (1, 48, 3))).label in (AI, REAL)
    assert ensemble.judge(image(1, 1, 16)).label in (AI, REAL)
