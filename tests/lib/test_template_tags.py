"""The components as a page gets them."""

import datetime

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import Client, override_settings
from django.urls import include, path
from django.utils import translation

from lib.form_fields import refuse
from lib.steps import Refused

TODAY = datetime.date(2026, 11, 22)


class ReasonForm(forms.Form):
    reason = forms.CharField(label="事由", help_text="写清何事即可。")


def rendered(source, **values):
    with translation.override("en"):
        text = Template(source).render(Context({"today": TODAY} | values))
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("day", "words"),
    [(25, "3 days left"), (23, "1 day left"), (22, "due today"), (20, "2 days overdue")],
)
def test_deadline_says_how_many_days_are_left(day, words):
    assert words in rendered("{% deadline day %}", day=TODAY.replace(day=day))


def test_deadline_of_what_is_done_counts_no_days():
    assert "overdue" not in rendered("{% deadline day done=True %}", day=TODAY.replace(day=1))


def test_state_pill_says_its_state_in_words_and_by_icon():
    pill = rendered('{% state_pill "APPROVED" "同意" %}')
    assert "tone-ok" in pill
    assert "<svg" in pill
    assert "同意" in pill


def test_state_pill_escapes_its_words():
    assert "<b>" not in rendered('{% state_pill "OPEN" word %}', word="<b>")


def test_field_names_its_help_and_its_errors():
    form = ReasonForm({"reason": ""})

    html = rendered("{% error_summary form %}{% field form.reason %}", form=form)

    assert 'href="#id_reason"' in html
    assert 'aria-describedby="id_reason_helptext id_reason_error"' in html
    assert html.count('id="id_reason_error"') == 1


def test_a_refusal_is_nothing_to_correct():
    form = ReasonForm({"reason": ""})
    refuse(form, Refused("已有他人处理"))

    html = rendered("{% error_summary form %}", form=form)

    refusal, mistakes = html.split("</section>")[:2]
    assert "已有他人处理" in refusal
    assert "已有他人处理" not in mistakes
    assert "1 thing to correct" in mistakes
    assert "to correct" not in refusal


def test_a_long_text_is_not_cut_by_the_browser():
    class LongForm(forms.Form):
        text = forms.CharField(max_length=500, widget=forms.Textarea)
        name = forms.CharField(max_length=50)

    form = LongForm()

    assert "maxlength" not in rendered("{% field form.text %}", form=form)
    assert 'maxlength="50"' in rendered("{% field form.name %}", form=form)


def test_pagination_keeps_the_rest_of_the_query(rf):
    request = rf.get("/", {"q": "王", "page": "2"})

    html = rendered("{% pagination page %}", page=Paginator(range(50), 20).page(2), request=request)

    assert 'href="?q=%E7%8E%8B&amp;page=3"' in html


def test_confirm_dialog_brings_the_token_and_its_summary():
    html = rendered(
        "{% confirm_dialog '撤回' '撤回申报表？' action='/x/' %}3 条{% endconfirm_dialog %}",
        csrf_token="token",
    )

    assert 'name="csrfmiddlewaretoken" value="token"' in html
    assert "3 条" in html


def test_confirm_dialog_for_another_form_nests_none():
    html = rendered("{% confirm_dialog '提交' '提交？' form='sheet' %}…{% endconfirm_dialog %}")

    assert "<form" not in html
    assert 'form="sheet"' in html


def test_bottom_bar_has_four_places_and_counts_the_rest():
    items = [{"label": str(n), "url": "#", "icon": "house", "badge": n} for n in range(1, 7)]
    html = rendered(
        "{% bottom_bar nav as bar %}{{ bar.places|length }} {{ bar.more_badge }} {{ bar.has_more }}",
        nav=[{"label": "", "items": items}],
    )
    assert html == "4 11 True"


urlpatterns = [path("gallery/", include("config.gallery"))]


@override_settings(ROOT_URLCONF=__name__)
def test_gallery_shows_every_component():
    response = Client().get("/gallery/")

    assert response.status_code == 200
    assert "style=" not in response.text
    assert " on" + "click=" not in response.text
