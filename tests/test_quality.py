"""The page of the pack's reports shows what they say, and nothing else."""

import json
import re
from xml.etree import ElementTree

import pytest

from ensemble.pack import SHIPPED
from page import quality
from page.figures import translated
from page.words import LANGUAGES, text
from tests.tiny import read_manifest
from tests.visits import fits, violations, visit

MEMBERS = ("svm", "cnn", "resnet")
WHO = (*MEMBERS, "ensemble", "calibrated")
SVG = "{http://www.w3.org/2000/svg}"
# What no language of the page translates in a figure.
NAMES = {*MEMBERS, "cifake", "dcgan", "ddpm", "ECE", "ROC", "AUC", "JPEG", "WebP", "AI"}
# Texts of a figure that reach beyond it, or lie upon one another.
# Lines are a few pixels higher than what is written in them, which depends on the font.
MISFITS = """svg => {
    const page = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll('text')].map(
        text => [text.textContent, text.getBoundingClientRect()]);
    const outside = ([, box]) => box.left < page.left - 1 || box.right > page.right + 1
        || box.top < page.top - 4 || box.bottom > page.bottom + 4;
    const over = (one, other) =>
        Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1
        && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 4;
    return texts.filter((text, at) => outside(text)
        || texts.slice(0, at).some(before => over(text[1], before[1]))).map(([said]) => said);
}"""


@pytest.fixture
def models(ensemble):
    """The tiny pack."""
    return ensemble.packs[0]


def score(accuracy, n=1000):
    """A score with numbers that can be found again."""
    right = round(accuracy * n / 2)
    return {"accuracy": accuracy, "accuracy_interval": [accuracy - 0.0111, accuracy + 0.0111],
            "precision": 0.9123, "recall": 0.8234, "f1": 0.8656, "roc_auc": 0.9517,
            "average_precision": 0.9432, "ece": 0.0321,
            "confusion_matrix": [[right, n // 2 - right], [n // 2 - right, right]]}


def row(first, step=0.01):
    """Of each member, the majority and the probability another accuracy."""
    scores = {who: score(first + at * step) for at, who in enumerate(WHO)}
    return {"members": {name: scores[name] for name in MEMBERS},
            "ensemble": scores["ensemble"], "calibrated": scores["calibrated"],
            "confident": {"coverage": 0.4321, "accuracy": 0.8765}}


def reports(manifest):
    """All that a pack may report."""
    caught = {"members": {name: {"caught": 0.31, "roc_auc": 0.7} for name in MEMBERS},
              "ensemble": {"caught": 0.2345}, "calibrated": {"caught": 0.33, "roc_auc": 0.7}}
    mine = {"pack": manifest["name"], "version": manifest["version"],
            "added": {},
            "generators": {"vae": caught, "cifake": caught}}
    others = [mine | change | {"generators": {"secret": caught}}
              for change in ({"pack": "other"}, {"version": "9"}, {"added": {"cnn": 7}})]
    return {
        "evaluate": {"n": 1000, "bins": 15, **row(0.8), "deduplicated": {"n": 987, **row(0.7)}},
        "robustness": {"n": 400, "clean": row(0.8), "corruptions": {
            "JPEG q10": row(0.5), "blur 2": row(0.7), "<noise>": row(0.6)}},
        "generators": {"real": 10, "n": {"vae": 10}, "packs": [*others, mine]},
        "resize": {"chosen": "box", "pictures": {"real": 11, "sd1": 12, "newer": 13}, "filters": {
            "box": {"real_called_ai": 0.123, "sd1_caught": 0.456, "newer_caught": 0.0789}}},
    }


def parts(html):
    """The part of each model."""
    return dict(re.findall(r'data-who="(\w+)"(.*?)(?=data-who|$)', html, re.DOTALL))


def test_every_model_shows_its_own_numbers(models):
    made = reports(models.manifest)
    shown = parts(quality.numbers(models.manifest, made, "en"))
    assert set(shown) == set(WHO)
    for at, who in enumerate(WHO):
        assert f"{0.8 + at * 0.01:.2%}" in shown[who] and f"{0.7 + at * 0.01:.2%}" in shown[who]
        assert f"between {0.7889 + at * 0.01:.2%} and {0.8111 + at * 0.01:.2%}" in shown[who]
        conditions = re.findall(r"<li class=\"\w*\"><span>(.*?)</span", shown[who])
        assert conditions[:4] == ["JPEG, quality 10", "&lt;noise&gt;", "blur of 2 pixels",
                                  "unchanged"]
        assert f"{0.5 + at * 0.01:.1%}" in shown[who]
    assert "12.3%" in shown["ensemble"] and "7.9%" in shown["ensemble"]
    assert "23.4%" in shown["ensemble"] or "23.5%" in shown["ensemble"]


def test_another_packs_generators_are_not_shown(models):
    html = quality.numbers(models.manifest, reports(models.manifest), "en")
    assert "vae" in html and "secret" not in html


@pytest.mark.parametrize("missing, part", [
    ("robustness", "changed"), ("generators", "generators"), ("resize", "reduced")])
def test_what_was_not_measured_is_left_out(models, missing, part):
    made = reports(models.manifest)
    whole = quality.numbers(models.manifest, made, "en")
    del made[missing]
    heading = f"<h4>{text(f'quality.{part}')}</h4>"
    assert heading in whole
    assert heading not in quality.numbers(models.manifest, made, "en")


def test_a_pack_without_reports_says_so(models):
    assert quality.read(models.pack.folder / "reports") == {}
    html = quality.numbers(models.manifest, {}, "en")
    assert "without reports" in html and "%" not in html


def test_an_older_report_without_intervals_is_shown(models):
    made = reports(models.manifest)
    for part in (made["evaluate"], made["evaluate"]["deduplicated"]):
        for scores in (*part["members"].values(), part["ensemble"], part["calibrated"]):
            del scores["accuracy_interval"]
    assert "80.00%" in parts(quality.numbers(models.manifest, made, "en"))["svm"]


def test_the_published_results_stand_beside_in_order(models):
    made = reports(models.manifest)["evaluate"]
    others = quality.published()
    assert others
    html = quality.published_table(models.manifest, made, others, "en")
    accuracies = [float(number) for number in re.findall(r"<td class=\"number\">([\d.]+)%", html)]
    assert accuracies == sorted(accuracies, reverse=True)
    assert len(accuracies) == len(others) + len(WHO)
    assert html.count('class="ours"') == len(WHO)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_shows_the_same_numbers(models, language):
    made = reports(models.manifest)
    numbers = re.compile(r"\d+\.\d+%|0\.\d{4}")
    html = quality.numbers(models.manifest, made, language)
    english = quality.numbers(models.manifest, made, "en")
    assert sorted(numbers.findall(html)) == sorted(numbers.findall(english))
    assert "{" not in html


def test_every_figure_but_that_of_the_lists_has_its_place():
    names = pytest.importorskip("training.report.figures").NAMES
    assert set(quality.FIGURES) == set(names) - {"photos"}


def texts(svg):
    """All texts of a figure, its title first."""
    root = ElementTree.fromstring(svg)
    return [node.text for node in root.iter() if node.tag in (f"{SVG}title", f"{SVG}text")]


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    """Every figure of the shipped pack, and as other reports and bounds have it drawn."""
    drawing = pytest.importorskip("training.report.drawing")
    manifest, reports = read_manifest(SHIPPED), quality.read(SHIPPED / "reports")
    here = SHIPPED / "reports" / "figures"
    drawn = [path.read_text("utf-8") for path in sorted(here.glob("*-light.svg"))]
    packs, file = reports["generators"]["packs"], tmp_path_factory.mktemp("drawn") / "figure.svg"
    both = [{"confident": {"from": start}} for start in (0.97, 0.98)]
    for name, change, other in (
            ("risk", {"bounds": dict(zip(("AI-generated", "Real"), both))}, {}),
            ("risk", {"bounds": {"AI-generated": {}, "Real": {}}}, {}),
            ("generators", {}, {"packs": packs[:1]}),
            ("generators", {}, {"packs": [packs[0], packs[1] | {"added": {"cnn": 1, "svm": 2}}]})):
        drawing.save(name, "light", manifest | change,
                     reports | {name: reports.get(name, {}) | other}, file)
        drawn.append(file.read_text("utf-8"))
    return drawn


def test_every_text_that_a_figure_may_have_is_translated(figures):
    numbers = re.compile(r"\d(?:[\d.,]*\d)?")
    assert len(figures) == len(quality.FIGURES) + 4
    for svg in figures:
        english, chinese = texts(svg), texts(translated(svg, "zh-TW"))
        assert texts(translated(svg, "en")) == english and len(chinese) == len(english)
        for before, after in zip(english, chinese):
            assert set(re.findall("[A-Za-z]{2,}", after)) <= NAMES, before
            assert numbers.findall(after) == numbers.findall(before)


def test_every_corruption_has_a_short_name_for_the_figure():
    names = pytest.importorskip("training.images.corruptions").CORRUPTIONS
    for name in (*names, *(f"{name} *" for name in names)):
        svg = translated(f"<svg ><text x='1'>{name}</text></svg>", "zh-TW")
        assert set(re.findall("[A-Za-z]{2,}", svg.split("1'>")[1])) <= NAMES | {"text", "svg"}


def test_what_is_unknown_stays_and_nothing_in_a_text_becomes_markup():
    svg = ("<svg ><title>A &lt;b&gt;</title><g><text x='1'>&lt;b&gt; &amp; x, none added</text></g>"
           "<text x='2'>novel: 9.87%</text></svg>")
    assert translated(svg, "es") == svg.replace("none added", "sin añadir").replace(
        "<svg ", '<svg xml:lang="es" ')


def test_every_figure_holds_its_texts_in_every_language(browser, figures):
    drawings = [translated(svg, language) for language in LANGUAGES
                for svg in figures[:len(quality.FIGURES)]]  # those of the shipped pack
    page = browser.new_page(viewport={"width": 600, "height": 900})
    page.set_content("".join(drawing[drawing.index("<svg"):] for drawing in drawings))
    misfits = page.locator("svg").evaluate_all(f"figures => figures.map({MISFITS})")
    page.close()
    assert misfits == [[]] * len(drawings)


def test_the_page_shows_the_figures_in_the_visitors_language(browser, server):
    with visit(browser, server, "quality", locale="zh-CN") as page:
        page.locator("#tab-quality").get_by_role("tab", name="用於小圖片").click()
        images = page.locator(".plates img")
        images.first.wait_for(state="attached")
        for image in images.all():
            answer = page.request.get(f"{server.url}/{image.get_attribute('src')}")
            assert answer.headers["content-type"] == "image/svg+xml"
            assert 'xml:lang="zh-TW"' in answer.text()
        assert images.count() == 2 * len(quality.FIGURES)
        assert "支援向量機" in page.locator(".figures").inner_text()
        assert page.request.get(f"{server.url}/figures/0/roc-light.svg").status == 404


def test_figures_are_shown_where_both_versions_are_there(models, tmp_path):
    assert quality.drawn(tmp_path) == {}
    for name in ("roc-light", "roc-dark", "risk-light"):
        (tmp_path / f"{name}.svg").write_text('<svg viewBox="0 0 374.4 316.8"></svg>')
    figures = quality.drawn(tmp_path)
    assert list(figures) == ["roc"]
    html = quality.pictures(models.manifest, figures, "en")
    assert html.count('width="499" height="422"') == 2
    assert "roc-light.svg" in html and "roc-dark.svg" in html


@pytest.mark.parametrize("size, theme", [("wide", "light"), ("narrow", "dark")])
def test_a_visitor_chooses_a_model(browser, server, size, theme):
    measured = json.loads((SHIPPED / "reports" / "evaluate.json").read_text("utf-8"))
    with visit(browser, server, "quality", size, theme) as page:
        part = page.locator("#tab-quality")
        part.get_by_text("the models can’t tell").first.wait_for()
        assert fits(page) and violations(page) == []
        part.get_by_role("tab", name="For small pictures").click()
        for who, name in {"svm": "Support vector machine", "cnn": "Convolutional network",
                          "resnet": "Residual network", "ensemble": "Majority vote",
                          "calibrated": "Calibrated probability"}.items():
            page.get_by_label(name, exact=True).check()
            shown = page.locator("[data-who]").locator("visible=true")
            assert shown.count() == 1
            text = shown.inner_text()
            assert f"{quality.model_scores(measured, who)['accuracy']:.2%}" in text
            assert f"{quality.model_scores(measured, who)['roc_auc']:.4f}" in text
        assert fits(page) and violations(page) == []
        for figure in page.locator(".plates figure").all():
            image = figure.locator("img").locator("visible=true")
            assert image.count() == 1 and theme in image.get_attribute("src")
            image.scroll_into_view_if_needed()
            page.wait_for_function("image => image.complete && image.naturalWidth > 0",
                                   arg=image.element_handle())
