"""The editions that are made from the built site: one PDF, and slides of each chapter."""

import io

from bs4 import BeautifulSoup
from pypdf import PdfReader, PdfWriter

from docs_ext import printed, slides

PAGE = """
<html><body><article><section id="chapter"><h1>Rhythm<a class="headerlink">#</a></h1>
<p>This chapter counts beats. It is short.</p><p><strong>You will learn</strong> to count.</p>
<section id="tempo"><h2>Tempo</h2><p>Tempo is a rate. It has a unit.</p>
<figure><img src="beat.png" alt="Beats."></figure><figure><img alt="More beats."></figure>
<p>The last sentence.</p></section>
<section id="exercises"><h2>Exercises</h2><p>Count to four.</p>
<section id="one"><h3>One</h3><p>Two, three, four.</p></section></section>
</section></article></body></html>
"""
PIXEL = bytes.fromhex("89504e470d0a1a0a")


def built(tmp_path, monkeypatch, page="book/rhythm"):
    """A site with one page."""
    folder = tmp_path / "book"
    folder.mkdir()
    (folder / "rhythm.html").write_text(PAGE, encoding="utf-8")
    (folder / "beat.png").write_bytes(PIXEL)
    monkeypatch.setattr(slides, "HTML", tmp_path)
    monkeypatch.setattr(printed, "HTML", tmp_path)
    return page


def test_a_section_becomes_a_slide_of_text_and_one_for_each_figure(tmp_path, monkeypatch):
    deck = slides.slides_of(built(tmp_path, monkeypatch))
    assert [slide.title for slide in deck] == ["Rhythm", "Tempo", "Tempo", "Tempo"]
    assert deck[1].body == "<p>Tempo is a rate.</p>"
    assert deck[1].notes == "Tempo is a rate. It has a unit. The last sentence."
    assert "You will learn" in deck[0].body


def test_exercises_are_left_out_of_slides(tmp_path, monkeypatch):
    deck = slides.slides_of(built(tmp_path, monkeypatch))
    assert not any("four" in slide.body + slide.notes for slide in deck)


def test_slides_are_one_file_that_needs_no_other(tmp_path, monkeypatch):
    page = built(tmp_path, monkeypatch)
    text = slides.deck(page, slides.slides_of(page))
    soup = BeautifulSoup(text, "html.parser")
    sources = [tag["src"] for tag in soup.find_all(src=True)]
    assert sources
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert len(soup.select(".slide")) == 4


def test_the_pdf_has_a_bookmark_for_each_page(tmp_path, monkeypatch):
    built(tmp_path, monkeypatch)
    for name in ("a", "b"):
        (tmp_path / f"{name}.html").write_text(PAGE.replace("Rhythm", name), encoding="utf-8")
    blank = PdfWriter()
    blank.add_blank_page(100, 100)
    blank.add_blank_page(100, 100)
    stream = io.BytesIO()
    blank.write(stream)
    written = io.BytesIO()
    printed.joined(["a", "b"], [stream.getvalue()] * 2).write(written)
    reader = PdfReader(written)
    titles = {item.title: reader.get_destination_page_number(item) for item in reader.outline}
    assert titles == {"a": 0, "b": 2}


def test_reference_to_code_is_not_printed():
    pages = printed.printed_pages()
    assert pages[0] == "book/index"
    assert not any(page.startswith("book/reference/api") for page in pages)
