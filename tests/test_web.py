"""The twin without a server: the same answers in a real browser, alone with what it has loaded."""

import base64
import io
import json
import os
import re
import struct
from unittest import mock
from urllib.parse import unquote

import numpy as np
import pillow_heif
import pytest
from PIL import ExifTags, Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from ensemble import Ensemble
from ensemble.evidence import trust
from ensemble.evidence.generators import GENERATORS
from ensemble.images import FILTERS, fit_square
from tests.marked import hidden, packed, scene, watermarked, with_sparkle, with_squares
from tests.servers import ROOT, bomb, write_pictures
from tests.signed import action, authority, sign
from tests.visits import SIZES, violations
from web import build as building
from web.parity import CLOSE, by_server, by_twin, differences, serving
from web.rule import pattern

# A browser that loads and compiles the models takes its time on a busy machine.
pytestmark = pytest.mark.timeout(240)
NOTES = "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Model: v1-5-pruned"
XMP = """<?xpacket begin="\ufeff"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"
 Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/{source}"
 TC260:AIGC='{{"Label": "1", "ContentProducer": "Test"}}'/></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


@pytest.fixture(scope="module")
def trusted(tmp_path_factory):
    """The twin and the server trust the authority of the tests' signers."""
    path = tmp_path_factory.mktemp("trust") / "authority.pem"
    path.write_bytes(authority("Test authority").chain[0])
    with mock.patch.dict(os.environ, {trust.SETTING: str(path)}):
        yield


@pytest.fixture(scope="module")
def sizes(trusted, tmp_path_factory):
    """The files of the twin with the shipped packs, and where they are."""
    if not building.MODULES.is_dir():
        pytest.fail("The twin's npm packages are missing: npm ci --prefix web (make test does it)")
    folder = tmp_path_factory.mktemp("twin")
    return folder, building.build(folder, level=1)


@pytest.fixture(scope="module")
def twin(sizes):
    """The address of a server of these files."""
    with serving(sizes[0]) as url:
        yield url


@pytest.fixture(scope="module")
def page(browser, twin):
    """A page that shows it; whatever it complains of fails the test."""
    with browser.new_context(locale="en-GB", service_workers="block") as context:
        page = context.new_page()
        problems = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(twin)
        yield page
        assert problems == []


def saved(rgb, form, **options):
    """The bytes of a file."""
    file = io.BytesIO()
    image = rgb if isinstance(rgb, Image.Image) else Image.fromarray(rgb)
    image.save(file, form, **options)
    return file.getvalue()


def test_pictures_of_every_kind_get_the_servers_answer(page, trusted, tmp_path):
    write_pictures(tmp_path)
    files = {path.name: path.read_bytes() for path in sorted(tmp_path.iterdir())
             if path.suffix not in (".heic", ".tiff")}
    for number, path in enumerate(sorted((ROOT / "examples").rglob("*.??g"))):
        if number % 7 == 0:
            files[path.name] = path.read_bytes()
    square = scene(512, 512)
    files |= {"half.jpg": saved(scene(2300, 2100, 1), "JPEG", quality=90),
              "grey.jpg": saved(Image.fromarray(square).convert("L"), "JPEG"),
              "picture.bmp": saved(scene(120, 90), "BMP"),
              "picture.avif": saved(scene(200, 140), "AVIF", quality=90),
              "progressive.jpg": saved(scene(311, 207), "JPEG", progressive=True, quality=40),
              "flat.png": saved(np.full((80, 80, 3), 90, np.uint8), "PNG"),
              "tiny.png": saved(scene(15, 40), "PNG"),
              "bomb.png": bomb(9000, 9000),
              "scans.jpg": b"\xff\xd8" + b"\xff\xda\0\2" * 1001,
              "document.pdf": b"%PDF-1.7 and more", "bytes.bin": bytes(range(200, 256)) * 9}
    for turn in range(2, 9):
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = turn
        form = ("JPEG", "PNG", "WEBP")[turn % 3]
        files[f"turned-{turn}.{form}"] = saved(scene(62, 48, turn), form, exif=exif)
    for form in ("JPEG", "PNG"):
        for green in ((0.21, 0.71), (0.3, 0.5)):
            profile = icc((0.64, 0.33), green)
            files[f"{green}.{form}"] = saved(scene(62, 48), form, icc_profile=profile)
    files["tables.jpg"] = saved(scene(62, 48), "JPEG", icc_profile=icc_of_tables())
    assert_same(page, files)


def test_what_files_and_pixels_say_is_the_servers_evidence(page, trusted):
    # Marks need their size; the small models, which take a tenth of the time, judge the others.
    square, small = scene(512, 512), scene(64, 64)
    text = PngInfo()
    text.add_text("parameters", NOTES, zip=True)
    label = PngInfo()
    label.add_itxt("AIGC", '{"Label": "2", "ProduceID": "7"} and more')
    camera = Image.Exif()
    camera.update({ExifTags.Base.Make: "NIKON CORPORATION", ExifTags.Base.Model: "NIKON D750",
                   ExifTags.Base.Software: "Ver.1.10"})
    camera.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2024:05:31 12:00:00"
    camera.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (51.0, 30.0, 0.0)
    comment = Image.Exif()
    comment.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = (
        b"UNICODE\0" + NOTES.encode("utf-16-be"))
    novel = {"Software": "NovelAI", "Source": "Stable Diffusion XL C1E1DE52"}
    plain = saved(small, "JPEG", quality=90)
    made = action("c2pa.created", "trainedAlgorithmicMedia", "Test model")
    signed = sign(plain, "image/jpeg", [made])
    edited = sign(plain, "image/jpeg", [action("c2pa.opened", ingredient="parent"),
                                        action("c2pa.edited", "humanEdits")], parent=signed)
    alpha = np.full((512, 512), 255, np.uint8)
    veil = Image.fromarray(np.dstack([square, hidden(alpha, b"stealth_pngcomp", packed(novel))]))
    files = {
        "noted.png": saved(small, "PNG", pnginfo=text),
        "labelled.png": saved(small, "PNG", pnginfo=label),
        "camera.jpg": saved(small, "JPEG", exif=camera),
        "comment.webp": saved(small, "WEBP", exif=comment),
        "iptc.jpg": saved(small, "JPEG", xmp=xmp("trainedAlgorithmicMedia")),
        "part.webp": saved(small, "WEBP", xmp=xmp("compositeWithTrainedAlgorithmicMedia")),
        "iptc.avif": saved(small, "AVIF", xmp=xmp("digitalCapture")),
        "own tables.jpg": saved(small, "JPEG", qtables=[[7] * 64, [9] * 64], subsampling="4:2:2"),
        "samsung.jpg": plain + b'PhotoEditor_Re_Edit_Data{"genAIType": 3}',
        **{f"{tool}.png": saved(watermarked(square, tool), "PNG")
           for tool in ("Stable Diffusion 1", "FLUX", "Stable Diffusion XL of diffusers")},
        "marked.jpg": saved(watermarked(square, "Stable Diffusion 2"), "JPEG", quality=95),
        "squares.png": saved(with_squares(square), "PNG"),
        "sparkle.png": saved(with_sparkle(square), "PNG"),
        "hidden.png": saved(hidden(square, b"stealth_rgbinfo", NOTES.encode()), "PNG"),
        "veil.png": saved(veil, "PNG"),
        "signed.jpg": signed, "edited.jpg": edited,
        "signed.png": sign(saved(small, "PNG"), "image/png", [made]),
        "stranger.jpg": sign(plain, "image/jpeg", [made], signer=authority("Nobody").certify()),
        "changed.jpg": signed[:-600] + bytes(400) + signed[-200:],
        "elsewhere.jpg": sign(plain, "image/jpeg", [made], url="https://example.org/c2pa")}
    answers = assert_same(page, files)
    keys = {note["key"] for answer in answers.values() for note in answer["evidence"]}
    assert {"generator_model", "label_possible", "camera_date", "place", "software", "source_ai",
            "source_part_ai", "source_camera", "label_producer", "jpeg_own", "generator_part",
            "mark_watermark", "mark_squares", "mark_sparkle", "credentials_trusted",
            "credentials_ai", "credentials_untrusted", "credentials_changed",
            "credentials_elsewhere", "credentials_actions"} <= keys


def assert_same(page, files):
    """What the twin says of each file; it has to be what the server says."""
    ensemble = Ensemble.load()
    answers = {name: (by_twin(page, data), by_server(ensemble, data))
               for name, data in files.items()}
    different = {name: (fields, twin, own) for name, (twin, own) in answers.items()
                 if (fields := differences(twin, own))}
    assert different == {}
    return {name: twin for name, (twin, _) in answers.items() if "error" not in twin}


def xmp(source):
    """XMP that names the source of a picture, and has China's label."""
    return XMP.format(source=source).encode()


def icc(red, green):
    """The profile of sRGB that littleCMS makes, but with other primaries, each as x and y."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132], "big")
    for name, (x, y) in {b"rXYZ": red, b"gXYZ": green}.items():
        at = next(132 + 12 * i for i in range(count) if profile[132 + 12 * i:136 + 12 * i] == name)
        start = int.from_bytes(profile[at + 4:at + 8], "big") + 8
        light = int.from_bytes(profile[start + 4:start + 8], "big")
        values = x / y * light, light, (1 - x - y) / y * light
        profile[start:start + 12] = b"".join(round(value).to_bytes(4, "big") for value in values)
    return bytes(profile)


def icc_of_tables():
    """A profile of version 2 as cameras' have: curves, and a grid of colours in Lab."""
    nodes = np.linspace(0, 1, 9)
    colours = np.stack(np.meshgrid(nodes, nodes, nodes, indexing="ij"), axis=-1) ** 1.2
    lightness = colours @ [0.25, 0.65, 0.1]
    lab = np.stack([lightness, 0.5 + (colours[..., 0] - colours[..., 1]) / 4,
                    0.5 + (colours[..., 1] - colours[..., 2]) / 4], axis=-1) * 0xff00
    straight = np.linspace(0, 65535, 16)
    tables = np.concatenate([*[straight] * 3, lab.ravel(), *[straight] * 3])
    matrix = np.eye(3).ravel() * 65536
    tag = (b"mft2\0\0\0\0\3\3\x09\0" + matrix.astype(">i4").tobytes()
           + struct.pack(">HH", 16, 16) + tables.astype(">u2").tobytes())
    header = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()[:128])
    header[8:24] = b"\x02\x10\0\0scnrRGB Lab "
    profile = header + struct.pack(">I4sII", 1, b"A2B0", 144, len(tag)) + tag
    profile[:4] = struct.pack(">I", len(profile))
    return bytes(profile)


def in_page(page, module, call, rgb, *values):
    """What a function of one of the twin's modules makes of a picture, uint8 [values]."""
    height, width = rgb.shape[:2]
    return np.array(page.evaluate(f"""async ([data, width, height, values]) => {{
      const module = await import('./{module}');
      const rgb = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      return Array.from(({call})(module, {{rgb, width, height}}, ...values));
    }}""", [base64.b64encode(rgb.tobytes()).decode(), width, height, values]))


def test_pictures_are_resized_to_the_bit_as_pillow_does(page):
    rng = np.random.default_rng(3)
    for width, height, size in ((50, 37, 32), (20, 31, 32), (300, 201, 64), (65, 64, 64)):
        rgb = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        side = min(width, height)
        left, top = (width - side) / 2, (height - side) / 2
        box = {"left": left, "top": top, "side": side}
        for name in ("bilinear", "lanczos"):
            resized = in_page(page, "resize.js", "(module, ...given) => module.resize(...given)",
                              rgb, size, name, box)
            expected = Image.fromarray(rgb).resize((size, size), FILTERS[name],
                                                   (left, top, left + side, top + side))
            assert np.array_equal(resized, np.asarray(expected).ravel()), (width, height, name)
        for factor in (2, 4):
            means = in_page(page, "resize.js", "(module, ...given) => module.reduce(...given).rgb",
                            rgb, factor)
            assert np.array_equal(means, np.asarray(Image.fromarray(rgb).reduce(factor)).ravel())


def test_a_pack_may_ask_for_tiles_at_the_pictures_own_size(page):
    rng = np.random.default_rng(4)
    manifest = {"input_size": 16, "resize": "lanczos", "grid": 3}
    tiles = "(module, ...given) => module.tilesOf(...given).pixels"
    for width, height in ((61, 40), (16, 16), (12, 30)):
        rgb = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        seen = in_page(page, "tiles.js", tiles, rgb, manifest).reshape(10, 16, 16, 3)
        side, whole = min(width, height), fit_square(rgb, 16, "lanczos")
        top, left = (height - side) // 2, (width - side) // 2
        square = rgb[top:top + side, left:left + side] if side >= 16 else whole
        assert np.array_equal(seen[0], whole) and np.array_equal(seen[1], square[:16, :16])
        middle = (len(square) - 16) // 2
        assert np.array_equal(seen[5], square[middle:middle + 16, middle:middle + 16])
        assert np.array_equal(seen[9], square[-16:, -16:])


def test_a_visitor_gets_an_answer_that_needs_no_network_afterwards(browser, twin, tmp_path):
    (tmp_path / "photo.jpg").write_bytes((ROOT / "examples/real/full/astronaut.jpg").read_bytes())
    (tmp_path / "phone.heic").write_bytes(heic(scene(300, 200)))
    (tmp_path / "text.png").write_text("no picture")
    asked = []
    # axe and Playwright need to evaluate scripts, which the page itself forbids.
    with browser.new_context(locale="en-GB", bypass_csp=True) as context:
        page = context.new_page()
        page.set_default_timeout(100_000)
        context.on("request", lambda request: asked.append((request.method, request.url)))
        for size, theme, language, words in (
                ("wide", "light", "es", ("Lo que dice el archivo", "Guardar como JSON")),
                ("narrow", "dark", "en", ("What the file says", "Save as JSON"))):
            width, height = SIZES[size]
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            page.goto(f"{twin}/?language={language}")
            page.wait_for_function("navigator.serviceWorker.controller !== null")
            choose(page, tmp_path / "photo.jpg")
            assert all(word in page.locator("#verdict").inner_text() for word in words)
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            page.wait_for_selector("html[data-kept]", state="attached")
            context.set_offline(True)  # from now on
        link = page.locator(".actions a").get_attribute("href")
        record = json.loads(unquote(link.partition(",")[2]))
        assert record["file"] == "photo.jpg" and re.fullmatch("[0-9a-f]{64}", record["sha256"])
        choose(page, tmp_path / "phone.heic", "The version with a server reads such files")
        choose(page, tmp_path / "text.png", "The file is text")
    assert {method for method, _ in asked} == {"GET"}
    assert all(url.startswith((twin, "blob:")) for _, url in asked)


def choose(page, path, expected=""):
    """Give the page a file and wait for the answer."""
    page.set_input_files(".picker input[type=file] >> nth=0", path)
    page.wait_for_selector(f".verdict[data-result] >> text={expected}" if expected
                           else ".verdict[data-result]:has(.models)")


def heic(rgb):
    """A file of a phone, which Chromium can't decode."""
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(rgb)).save(file)
    return file.getvalue()


def test_the_report_says_that_both_gave_the_same_answers():
    report = json.loads((building.HERE / "parity.json").read_text("utf-8"))
    for kind in ("small", "photos"):
        told = report[kind]
        assert told["files"] >= 200 and told["judged"] >= 0.98 * told["files"]
        assert told["same_label"] == told["same_evidence"] == told["judged"]
        assert told[f"p_ai_within_{CLOSE}"] == told["judged"]


def test_the_build_says_what_a_visitor_loads(sizes):
    folder, files = sizes
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*")
            if path.is_file()} == set(files)
    worker = (folder / "service-worker.js").read_text()
    shell = json.loads(re.search(r"SHELL = (\[.*?\])", worker)[1])
    assert {name for name in shell if not (folder / name).exists()} == set()
    loads = building.first_load(files)
    assert set(loads) == {"cifake", "photos"}
    assert all(files["vendor/ort-wasm-simd-threaded.wasm.gz"] < load < sum(files.values())
               for load in loads.values())


def test_without_the_npm_packages_the_build_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="npm ci --prefix web"):
        building.build(tmp_path / "out", modules=tmp_path)
    assert not (tmp_path / "out").exists()


def test_the_lock_names_no_registry():
    lock = (building.HERE / "package-lock.json").read_text()
    assert "http" not in lock and '"integrity"' in lock


def test_a_pattern_is_written_for_javascript():
    assert pattern(re.compile("a|b", re.IGNORECASE), whole="^(?:{})$") == ["^(?:a|b)$", "iu"]
    assert all(pattern(regex)[1] == "mu" for regex, _ in GENERATORS)
