"""What files say of themselves: every file is made here.

test_provenance_refused.py has the hostile ones, test_credentials.py the signed ones.
"""

import io
import json
import string

import pytest
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from ensemble.evidence.metadata import KEYWORDS
from ensemble.evidence.provenance import SAYS, SENTENCES, read
from tests.test_images import gradient, png, saved

pytestmark = pytest.mark.filterwarnings("error")

A1111 = ("a cat on the moon, masterpiece\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, "
         "CFG scale: 7, Seed: 1, Size: 512x512, Model hash: 6ce0161689, Model: v1-5-pruned, "
         "Version: v1.6.0")
COMFY = json.dumps({"4": {"class_type": "CheckpointLoaderSimple",
                          "inputs": {"ckpt_name": "SDXL\\sd_xl_base_1.0.safetensors"}}})
INVOKE = json.dumps({"app_version": "5.1", "model": {"key": "0f", "name": "dreamshaper-8"}})
TEXTS = {  # what each program writes into a PNG, its name, the model
    "a1111": ({"parameters": A1111}, "Stable Diffusion (AUTOMATIC1111)", "v1-5-pruned"),
    "comfyui": ({"prompt": COMFY, "workflow": '{"last_node_id": 9, "nodes": []}'}, "ComfyUI",
                "sd_xl_base_1.0.safetensors"),
    "comfyui workflow": ({"workflow": '{"last_node_id": 9, "nodes": []}'}, "ComfyUI", None),
    "invokeai": ({"invokeai_metadata": INVOKE}, "InvokeAI", "dreamshaper-8"),
    "invokeai 2": ({"sd-metadata": '{"model_weights": "sd-1.5"}'}, "InvokeAI", "sd-1.5"),
    "novelai": ({"Software": "NovelAI", "Source": "NovelAI Diffusion V4 79F47848",
                 "Comment": '{"steps": 28}', "Title": "NovelAI generated image"}, "NovelAI",
                "NovelAI Diffusion V4 79F47848"),
    "swarmui": ({"parameters": '{"sui_image_params": {"model": "flux1-dev"}}'}, "SwarmUI",
                "flux1-dev"),
    "fooocus": ({"fooocus_scheme": "a1111", "parameters": A1111}, "Fooocus", "v1-5-pruned"),
    "easy diffusion": ({"use_stable_diffusion_model": "sd-v1-4", "prompt": "a cat"},
                       "Easy Diffusion", "sd-v1-4"),
    "midjourney": ({"Description": "a cat --v 6 Job ID: 1f3a7c7e-5d1b-4a30-9f1e-000000000000"},
                   "Midjourney", None)}
CAMERA = {ExifTags.Base.Make: "NIKON CORPORATION", ExifTags.Base.Model: "NIKON D750",
          ExifTags.Base.Software: "Ver.1.02"}
TAKEN = {ExifTags.Base.DateTimeOriginal: "2024:05:31 12:34:56"}
PLACE = {ExifTags.GPS.GPSLatitudeRef: "N", ExifTags.GPS.GPSLatitude: (13.0, 45.0, 7.0),
         ExifTags.GPS.GPSLongitudeRef: "E", ExifTags.GPS.GPSLongitude: (100.0, 30.0, 9.0)}
XMP = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" {}</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
KIND = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def with_exif(format, tags, sub=None, gps=None, **options):
    exif = Image.Exif()
    exif.update(tags)
    if sub:
        exif.get_ifd(ExifTags.IFD.Exif).update(sub)
    if gps:
        exif.get_ifd(ExifTags.IFD.GPSInfo).update(gps)
    return saved(gradient(), format, exif=exif.tobytes(), **options)


def with_xmp(format, content):
    packet = XMP.format(content).encode()
    if format == "PNG":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", packet.decode(), zip=True)
        return saved(gradient(), "PNG", pnginfo=info)
    if format == "TIFF":
        return saved(gradient(), "TIFF", tiffinfo={700: packet})
    return saved(gradient(), format, xmp=packet)


def notes(data, anchors=None):
    """Key → note; of a JPEG without the one that every JPEG has."""
    found = read(data, anchors)
    assert json.loads(json.dumps([note.as_dict() for note in found])) == [
        {"source": note.source, "says": SAYS.get(note.key), "key": note.key,
         "sentence": SENTENCES[note.key].format(**note.fields), "fields": note.fields}
        for note in found]
    assert len({(note.source, note.key) for note in found}) == len(found)
    return {note.key: note for note in found if note.source != "JPEG"}


@pytest.mark.parametrize("format", ["PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF", "JPEG"])
def test_a_file_that_says_nothing(format, tmp_path):
    data = saved(gradient(), format)
    path = tmp_path / "picture"
    path.write_bytes(data)
    for source in (data, bytearray(data), memoryview(data), path, str(path)):
        found = read(source)
        assert isinstance(found, tuple) and len(found) == (format == "JPEG")


@pytest.mark.parametrize("chunk", ["tEXt", "zTXt", "iTXt", "after"])
@pytest.mark.parametrize("name", TEXTS)
def test_generators_write_png_text(name, chunk):
    texts, tool, model = TEXTS[name]
    info = PngInfo()
    for keyword, text in texts.items():
        assert keyword.encode() in KEYWORDS
        if chunk == "iTXt":
            info.add_itxt(keyword, text, zip=True)
        else:
            info.add_text(keyword, text, zip=chunk == "zTXt")
    data = saved(gradient(), "PNG", pnginfo=info)
    if chunk == "after":  # as ImageMagick writes it
        plain = saved(gradient(), "PNG")
        head, start = len(plain[:33]), data.index(b"IDAT") - 4
        data = plain[:-12] + data[head:start] + plain[-12:]
    note, = read(data)
    assert (note.source, note.says) == ("PNG text", "AI-generated")
    assert note.fields["tool"] == tool and note.fields.get("model") == model
    expected = f"made with {tool}, model {model}." if model else f"made with {tool}."
    assert expected in note.sentence() and "discredit a photograph" in note.sentence()
    keyword, text = next(iter(texts.items()))
    assert note.fields[keyword] == " ".join(text.split())


def test_png_text_of_other_programs():
    for texts, keys in (({"Software": "gnome-screenshot"}, ["software"]),
                        ({"Comment": "Steps: 10000 on the moon"}, []),
                        ({"prompt": "bring flowers"}, []), ({"Disclaimer": A1111}, [])):
        info = PngInfo()
        for keyword, text in texts.items():
            info.add_text(keyword, text)
        found = notes(saved(gradient(), "PNG", pnginfo=info))
        assert list(found) == keys and not any(note.says for note in found.values())


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "TIFF", "AVIF", "PNG"])
@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-16-le", "ascii"])
def test_generators_write_exif_comments(format, encoding):
    start = b"ASCII\0\0\0" if encoding == "ascii" else b"UNICODE\0"
    comment = {ExifTags.Base.UserComment: start + A1111.encode(encoding)}
    found = notes(with_exif(format, {}, comment))
    assert list(found) == ["generator_model"]
    assert found["generator_model"].source == "EXIF"
    assert found["generator_model"].fields["tool"] == "Stable Diffusion (AUTOMATIC1111)"
    assert found["generator_model"].fields["model"] == "v1-5-pruned"
    assert "Euler a" in found["generator_model"].fields["UserComment"]


def test_comfyui_writes_where_cameras_do():
    tags = {ExifTags.Base.Make: 'workflow:{"last_node_id": 9}',
            ExifTags.Base.Model: f"prompt:{COMFY}"}
    found = notes(with_exif("WEBP", tags))
    assert list(found) == ["generator_model"]
    assert found["generator_model"].fields["tool"] == "ComfyUI"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_camera_and_place(format):
    found = notes(with_exif(format, CAMERA, TAKEN, PLACE))
    assert set(found) == {"camera_date", "software", "place"}
    assert found["camera_date"].says == "camera" and found["place"].says is None
    assert found["camera_date"].fields == {"camera": "NIKON D750", "date": "2024-05-31 12:34"}
    assert found["software"].fields == {"software": "Ver.1.02"}
    assert found["place"].fields == {}
    text = json.dumps([note.as_dict() for note in found.values()])
    assert not any(part in text for part in ("13", "45", "100", "30"))  # never where


def test_parts_of_camera_data():
    make, model = ({tag: CAMERA[tag]} for tag in (ExifTags.Base.Make, ExifTags.Base.Model))
    for tags, taken, key, values in (
            (make, None, "camera", {"camera": "NIKON CORPORATION"}),
            (model, None, "camera", {"camera": "NIKON D750"}),
            (make | {ExifTags.Base.Model: "Z 6"}, None, "camera",
             {"camera": "NIKON CORPORATION Z 6"}),
            ({}, TAKEN, "date", {"date": "2024-05-31 12:34"}),
            (model, {ExifTags.Base.DateTimeOriginal: "0000:00:00 00:00:00"}, "camera",
             {"camera": "NIKON D750"})):
        found = notes(with_exif("JPEG", tags, taken))
        assert list(found) == [key] and found[key].fields == values
    assert notes(with_exif("JPEG", {ExifTags.Base.Orientation: 6})) == {}
    found = notes(with_exif("JPEG", {ExifTags.Base.Software: "Adobe Firefly 3"}))
    assert found["generator"].fields["tool"] == "Firefly"
    assert found["generator"].says == "AI-generated"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("kind, key, says", [
    ("trainedAlgorithmicMedia", "source_ai", "AI-generated"),
    ("compositeWithTrainedAlgorithmicMedia", "source_part_ai", "Partly AI-generated"),
    ("digitalCapture", "source_camera", "camera"), ("screenCapture", "source_other", None)])
def test_marks_of_the_source(format, kind, key, says):
    for content in (f'e:DigitalSourceType="{KIND}{kind}">',
                    f"><e:DigitalSourceType>{KIND}{kind}</e:DigitalSourceType>",
                    f'><e:DigitalSourceType rdf:resource="{KIND}{kind}"/>'):
        found = notes(with_xmp(format, content))
        assert list(found) == [key] and found[key].source == "XMP/IPTC"
        assert found[key].says == says and found[key].fields == {"type": kind}


def test_programs_in_xmp():
    found = notes(with_xmp("JPEG", 'xmp:CreatorTool="Adobe Photoshop 26.0">'))
    assert list(found) == ["software"] and "Adobe Photoshop 26.0" in found["software"].sentence()
    found = notes(with_xmp("JPEG", 'photoshop:Credit="Made with Google AI">'))
    assert list(found) == ["generator"] and found["generator"].fields["tool"] == "Google AI"


def test_imagemagick_keeps_profiles_as_text():
    exif = Image.Exif()
    exif.update(CAMERA)
    info = PngInfo()
    packet = XMP.format(f'e:DigitalSourceType="{KIND}digitalCapture">').encode()
    for kind, profile in (("exif", exif.tobytes()), ("xmp", packet)):
        info.add_text(f"Raw profile type {kind}", f"\n{kind}\n{len(profile):8}\n{profile.hex()}\n",
                      zip=True)
    found = notes(saved(gradient(), "PNG", pnginfo=info))
    assert set(found) == {"camera", "software", "source_camera"}


@pytest.mark.parametrize("quality", [1, 10, 50, 75, 90, 95, 100])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_how_a_jpeg_was_saved(quality, subsampling):
    data = saved(gradient(), "JPEG", quality=quality, subsampling=subsampling, progressive=True)
    note, = read(data)
    assert (note.source, note.key, note.says) == ("JPEG", "jpeg_standard", None)
    assert note.fields == {"quality": quality, "tables": "standard", "subsampling": subsampling,
                           "progressive": True}


def test_jpegs_of_other_kinds():
    note, = read(saved(Image.fromarray(gradient()).convert("L"), "JPEG", quality=60))
    assert note.fields["subsampling"] == "4:0:0" and note.fields["quality"] == 60
    standard = Image.open(io.BytesIO(saved(gradient(), "JPEG", quality=80)))
    tables = {number: [value + 1 for value in table]
              for number, table in standard.quantization.items()}
    note, = read(saved(gradient(), "JPEG", qtables=tables))
    assert note.key == "jpeg_own" and abs(note.fields["quality"] - 80) <= 6
    note, = read(saved(Image.fromarray(gradient()).convert("CMYK"), "JPEG", quality=70))
    assert note.fields["quality"] == 70


def test_sentences_can_be_translated():
    shouted = {key: sentence.upper() for key, sentence in SENTENCES.items()}
    for key, sentence in SENTENCES.items():
        names = [name for _, name, _, _ in string.Formatter().parse(sentence) if name]
        shouted[key] = "¡" + "".join(f"{{{name}}}" for name in names)
    note, = read(saved(gradient(), "JPEG"))
    assert note.sentence(shouted) == "¡754:2:0"
    assert set(SAYS) < set(SENTENCES)


def test_text_for_people_is_one_clean_line():
    name = "Evil\u202e\u0007\nsoft{ware}" + "x" * 5000
    info = PngInfo()
    info.add_itxt("Software", name)
    found = notes(saved(gradient(), "PNG", pnginfo=info))
    shown = found["software"].fields["software"]
    assert shown.startswith("Evil soft{ware}x") and len(shown) == 200
    assert shown in found["software"].sentence()


def test_no_pixel_is_decoded():
    chunk = b"tEXt", b"parameters\0" + A1111.encode()
    assert "generator_model" in notes(png(60_000, 60_000, 8, 2, [bytes(192)], chunk))
