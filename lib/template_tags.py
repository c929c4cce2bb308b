"""The components of every page: filters, icons, and tags with templates in templates/components/.

A template library loaded as a builtin, so that no page has to load it. The gallery at /gallery/
(debug mode only) shows every component in every state.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import lucide
from django import template
from django.core.paginator import Page
from django.forms import BaseForm, BaseFormSet, BoundField, CheckboxInput, Textarea
from django.forms.widgets import FileInput
from django.http import QueryDict
from django.template.context import Context
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lib import chart
from lib.display import (
    clock,
    decimal_of,
    number,
    percent,
    points,
    short_date,
    signed_points,
    zh_date,
    zh_datetime,
    zh_month,
)
from lib.form_fields import REFUSED
from lib.states import MESSAGE_TONES, STATES, TONE_ICONS, UNKNOWN_STATE

register = template.Library()

Text = str | Promise

BOTTOM_BAR_PLACES = 4


# --- Filters -----------------------------------------------------------------------------------

for _filter in (
    points,
    signed_points,
    percent,
    zh_date,
    zh_month,
    zh_datetime,
    short_date,
    clock,
    number,
):
    register.filter(_filter.__name__, _filter)


# --- Small tags --------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, size: int = 20, label: str = "") -> SafeString:
    """An inline SVG of the lucide package: `{% icon "send" %}`, `{% icon "send" 16 %}`.

    Decoration by default; give `label=` when the icon stands without words.
    """
    return _icon(str(name), int(size), str(label))


@register.inclusion_tag("components/state_pill.html")
def state_pill(
    value: object, label: Text = "", tone: str = "", icon: str = "", short: Text = ""
) -> dict[str, object]:
    """The one way to show a state: `{% state_pill round.state round.get_state_display %}`.

    `value` is the member of a TextChoices (its value decides tone and icon); `tone` and `icon`
    override what STATES says. `short` stands in a narrow column of a desk for the whole label,
    which is still what is read aloud; the page has to explain it.
    """
    known_tone, known_icon = STATES.get(str(value).upper(), UNKNOWN_STATE)
    return {
        "tone": tone or known_tone,
        "icon": icon or known_icon,
        "label": label or getattr(value, "label", value),
        "short": short,
    }


@register.inclusion_tag("components/points_number.html")
def points_number(value: object, signed: bool = True, unit: bool = False) -> dict[str, object]:
    """Points as a figure: `{% points_number line.credited %}`, `{% points_number score False True %}`."""
    amount = decimal_of(value)
    return {
        "text": signed_points(value) if signed else points(value),
        "direction": "" if not signed or not amount else ("plus" if amount > 0 else "minus"),
        "unit": unit,
    }


@register.inclusion_tag("components/deadline.html", takes_context=True)
def deadline(
    context: Context, due_on: datetime.date | None, done: bool = False, short: bool = False
) -> dict[str, object]:
    """A due day with the days that are left: `{% deadline round.declare_by %}`.

    Reads “2026年10月25日 · 还有 3 天”, “今天截止”, “已逾期 2 天”. Today is the context's `today`
    where a view gives it. `done=True` shows the day alone; `short=True` leaves out the year.
    """
    today = context.get("today") or timezone.localdate()
    days = None if due_on is None else (due_on - today).days
    return {
        "due_on": due_on,
        "short": short,
        "tone": "" if days is None or done else _urgency(days),
        "left": "" if days is None or done else _days_left(days),
    }


@register.inclusion_tag("components/button.html")
def button(
    label: Text,
    kind: str = "",
    icon: str = "",
    href: str = "",
    name: str = "",
    value: str = "",
    form: str = "",
    submits: bool = True,
    small: bool = False,
    disabled: bool = False,
    why: Text = "",
) -> dict[str, object]:
    """A button, or a link that looks like one when `href` is given.

    `{% button label kind="primary" icon="send" %}`. Kinds: primary (one on a page), quiet, danger.
    `submits=False` makes a plain button for JavaScript.
    `disabled=True why=reason` keeps it visible and says why it cannot be used.
    """
    return locals()


@register.inclusion_tag("components/stat.html")
def stat(
    label: Text,
    value: object,
    unit: Text = "",
    note: Text = "",
    tone: str = "",
    href: str = "",
) -> dict[str, object]:
    """One figure with its name, inside `<div class="stats">`: `{% stat label score "分" %}`."""
    return locals()


@register.inclusion_tag("components/progress.html")
def progress(value: float, maximum: float, label: Text, unit: Text = "") -> dict[str, object]:
    """How much is done, in words and as a bar: `{% progress 12 18 label "人" %}`."""
    return locals()


@register.inclusion_tag("components/stepper.html")
def stepper(steps: Sequence[Mapping[str, Any]], label: Text = "") -> dict[str, object]:
    """The steps of a procedure: `{% stepper month_steps %}`.

    Each step: `label`, `state` (done, current, upcoming, late or skipped), and where known
    `note` (text), `on` (a date) and `url`.
    """
    now = next((step for step in steps if step.get("state") in {"current", "late"}), None)
    return {"steps": steps, "label": label or _("Steps of the month"), "now": now}


@register.inclusion_tag("components/timeline.html")
def timeline(items: Iterable[Mapping[str, Any]]) -> dict[str, object]:
    """What happened, newest or oldest first as given: `{% timeline events %}`.

    Each item: `at` (datetime) or `on` (date), `who`, `text`, and where wanted `note`, `icon`,
    `tone`.
    """
    return {"items": items}


@register.inclusion_tag("components/facts.html")
def facts(items: Iterable[Sequence[object]]) -> dict[str, object]:
    """Names and values in two columns, from pairs: `{% facts pairs %}`."""
    return {"items": items}


@register.inclusion_tag("components/todo_list.html", takes_context=True)
def todo_list(context: Context, items: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """What is to be done: `{% todo_list todos %}`.

    Each item: `title`, `url`, and where known `note`, `due_on`, `action` (the link's words) and
    `icon`. The first overdue or nearest one should come first; the view orders them.
    """
    return {"items": items, "today": context.get("today")}


@register.inclusion_tag("components/file_list.html")
def file_list(files: Iterable[Mapping[str, Any]]) -> dict[str, object]:
    """Attached files: `{% file_list evidence %}`.

    Each file: `name`, `url`, `size` (bytes), and where there is one `thumbnail_url` and `note`.
    """
    return {"files": files}


@register.inclusion_tag("components/tabs.html")
def tabs(items: Iterable[Mapping[str, Any]], label: Text = "") -> dict[str, object]:
    """Links that switch a page's part: items of `label`, `url`, `is_current`, `count`."""
    return {"items": items, "label": label or _("Views")}


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: Context, page: Page, parameter: str = "page") -> dict[str, object]:
    """Pages of a long list, keeping the rest of the query: `{% pagination page_obj %}`."""
    return {
        "page": page,
        "parameter": parameter,
        "request": context.get("request"),
        "numbers": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "ellipsis": page.paginator.ELLIPSIS,
    }


@register.simple_tag(takes_context=True)
def page_query(context: Context, number: int) -> str:
    """The address of another page of the same list: the query as it is, with its page replaced."""
    request = context.get("request")
    query = request.GET.copy() if request else QueryDict(mutable=True)
    query[str(context.get("parameter", "page"))] = str(number)
    return f"?{query.urlencode()}"


@register.inclusion_tag("components/search_field.html")
def search_field(
    name: str = "q", value: str = "", label: Text = "", placeholder: Text = ""
) -> dict[str, object]:
    """A search field with its button, inside a GET form: `{% search_field value=query %}`."""
    return {
        "name": name,
        "value": value,
        "label": label or _("Search"),
        "placeholder": placeholder,
    }


@register.inclusion_tag("components/breadcrumbs.html")
def breadcrumbs(*parts: Text) -> dict[str, object]:
    """The way here, as label and address in turn: `{% breadcrumbs home_label home_url %}`.

    The page itself is not part of it: its title stands right below.
    """
    return {"items": list(zip(parts[::2], parts[1::2], strict=True))}


@register.inclusion_tag("components/month_chart.html")
def month_chart(
    months: Sequence[Mapping[str, Any]], title: Text = "", ceiling: object = 100
) -> dict[str, object]:
    """Twelve months against the line: an SVG that scales, and the same as a table.

    Each month: `month` (first day), `score` (None where there is none yet), `pass_line`, and where
    true `is_below`, `is_zero`, `is_exempt`; `url` makes the table's month a link.
    """
    return {
        "title": title or _("Points of twelve months against the pass line"),
        **chart.drawing(months, ceiling),
    }


@register.simple_tag(takes_context=True)
def page_title(context: Context) -> str:
    """What the page's `title` block says: the heading repeats it unless a page overrides it."""
    blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
    block = blocks.get_block("title") if blocks else None
    return "" if block is None else block.render(context)


@register.simple_tag
def bottom_bar(nav: Sequence[Mapping[str, Any]] | None) -> dict[str, object]:
    """The phone's four places, and whether the current page is behind “more”.

    Items marked `is_primary` come first, else the first four of the navigation.
    """
    items = list(chain.from_iterable(group["items"] for group in nav or ()))
    chosen = [item for item in items if item.get("is_primary")] or items
    places = chosen[:BOTTOM_BAR_PLACES]
    rest = [item for item in items if item not in places]
    return {
        "places": places,
        "has_more": bool(rest),
        "more_is_current": any(item.get("is_current") for item in rest),
        "more_badge": sum(item.get("badge") or 0 for item in rest),
    }


@register.filter
def message_tone(level_tag: str) -> str:
    """The tone of a message of django.contrib.messages."""
    return MESSAGE_TONES.get(level_tag, "info")


@register.filter
def tone_icon(tone: str) -> str:
    """The icon that says a tone without colour."""
    return TONE_ICONS.get(tone, "info")


# --- Forms -------------------------------------------------------------------------------------


@register.inclusion_tag("components/field.html")
def field(
    bound: BoundField,
    label: Text = "",
    hint: Text = "",
    width: str = "",
    optional: bool = True,
    hide_label: bool = False,
) -> dict[str, object]:
    """A form field with label, help and errors: `{% field form.reason %}`.

    `width` is short or medium. An optional field says so unless `optional=False`.
    """
    widget = bound.field.widget
    is_group = bool(bound.use_fieldset)
    return {
        "field": bound,
        "label": label or bound.label,
        "hint": hint or bound.help_text,
        "width": width,
        "is_group": is_group,
        "is_checkbox": isinstance(widget, CheckboxInput),
        "is_file": isinstance(widget, FileInput),
        "is_optional": optional
        and not bound.field.required
        and not isinstance(widget, CheckboxInput),
        "hide_label": hide_label,
        "control": _control(bound, bool(hint), is_group),
    }


@register.inclusion_tag("components/error_summary.html")
def error_summary(*forms: BaseForm | BaseFormSet[Any]) -> dict[str, object]:
    """Everything wrong with the forms, each linked to its field: `{% error_summary form %}`;
    apart from it why a step was refused, where what was typed has nothing to correct."""
    found = list(chain.from_iterable(_errors(form) for form in forms if form))
    return {
        "refusals": [error for error in found if error.get("is_refusal")],
        "errors": [error for error in found if not error.get("is_refusal")],
    }


# --- Blocks ------------------------------------------------------------------------------------


@register.simple_block_tag(takes_context=True)
def card(
    context: Context,
    content: str,
    title: Text = "",
    icon: str = "",
    link: Text = "",
    href: str = "",
    tone: str = "",
    level: int = 2,
    flush: bool = False,
) -> SafeString:
    """A box with a heading: `{% card title icon="users" link="全部" href=url %}…{% endcard %}`.

    `flush=True` lets a table or list reach the edges.
    """
    return _render(context, "card", locals())


@register.simple_block_tag(takes_context=True)
def callout(
    context: Context, content: str, tone: str = "info", title: Text = "", icon: str = ""
) -> SafeString:
    """A remark that must be seen: `{% callout "warn" title %}…{% endcallout %}`.

    Tones: info, ok, warn, bad, quiet.
    """
    icon = icon or TONE_ICONS.get(tone, "info")
    return _render(context, "callout", locals())


@register.simple_block_tag(takes_context=True)
def empty_state(context: Context, content: str, title: Text, icon: str = "inbox") -> SafeString:
    """What will stand here and what to do: `{% empty_state title %}…{% endempty_state %}`."""
    return _render(context, "empty_state", locals())


@register.simple_block_tag(takes_context=True)
def data_table(
    context: Context,
    content: str,
    caption: Text,
    kind: str = "cards",
    hide_caption: bool = False,
    keys: bool = False,
) -> SafeString:
    """A real table around `<thead>` and `<tbody>`.

    `kind="cards"` turns rows into cards on a phone: give each `<td>` a `data-label`, and the cell
    that names the row `<th scope="row">`; with `table--figures` beside it, a card's figures stand
    two to a line. `kind="wide"` scrolls sideways instead and keeps the
    first column. `keys=True` lets J and K go from row to row.
    """
    return _render(context, "data_table", locals())


@register.simple_block_tag(takes_context=True)
def page_header(context: Context, content: str, title: Text = "", lead: Text = "") -> SafeString:
    """The head of a page that overrides block `header`: title, one sentence, actions inside."""
    return _render(context, "page_header", locals())


@register.simple_block_tag(takes_context=True)
def confirm_dialog(
    context: Context,
    content: str,
    label: Text,
    title: Text,
    action: str = "",
    submit: Text = "",
    kind: str = "",
    icon: str = "",
    name: str = "",
    value: str = "",
    form: str = "",
    small: bool = False,
) -> SafeString:
    """A button that shows what will happen, and to how many, before it asks.

    `{% confirm_dialog label title action=url kind="primary" %}summary, fields{% endconfirm_dialog %}`
    is a dialog with JavaScript and opens in place without. It brings its own POST form with the
    CSRF token; `form="id"` submits that form of the page instead (with `name` and `value`).
    """
    return _render(context, "confirm_dialog", locals())


# --- Below the tags ----------------------------------------------------------------------------


def _urgency(days: int) -> str:
    """Three days before its due day a matter becomes pressing."""
    if days < 0:
        return "bad"
    return "warn" if days <= 3 else "plain"


def _days_left(days: int) -> str:
    if days == 0:
        return _("due today")
    if days < 0:
        return ngettext("%(days)s day overdue", "%(days)s days overdue", -days) % {"days": -days}
    return ngettext("%(days)s day left", "%(days)s days left", days) % {"days": days}


@lru_cache(maxsize=512)
def _icon(name: str, size: int, label: str) -> SafeString:
    """Rendered once per name, size and label: a table may show hundreds of them."""
    # In rem, so that icons grow with the text.
    side = f"{size / 16:g}rem"
    attributes = {"class": "icon", "width": side, "height": side}
    if label:
        attributes |= {"role": "img", "aria_label": label}
    else:
        attributes |= {"aria_hidden": "true"}
    # The package's own files, escaped by ElementTree.
    return mark_safe(lucide._render_icon(name, None, **attributes))  # noqa: S308


def _render(context: Context, name: str, values: dict[str, Any]) -> SafeString:
    """Render a component with its own values and the request's token."""
    engine = context.template.engine if context.template else None
    if engine is None:
        raise RuntimeError("A component is rendered outside a template.")
    own = {key: value for key, value in values.items() if key != "context"}
    shared = {key: context.get(key) for key in ("csrf_token", "request")}
    component = engine.get_template(f"components/{name}.html")
    return mark_safe(component.render(context.new(shared | own)))  # noqa: S308


def _control(bound: BoundField, has_own_hint: bool, is_group: bool) -> SafeString:
    """The widget, described by its help and its errors (Django does the rest)."""
    described = []
    if has_own_hint or bound.help_text:
        described.append(f"{bound.auto_id}_helptext")
    if bound.errors:
        described.append(f"{bound.auto_id}_error")
    attributes: dict[str, str | bool] = {}
    if described and not is_group:
        attributes["aria-describedby"] = " ".join(described)
    if isinstance(bound.field.widget, Textarea):
        # A browser cuts a longer text that is pasted, and says nothing: the server says it.
        bound.field.widget.attrs.pop("maxlength", None)
    return bound.as_widget(attrs=attributes)


def _errors(form: BaseForm | BaseFormSet[Any]) -> Iterable[Mapping[str, object]]:
    if isinstance(form, BaseFormSet):
        yield from ({"text": str(text), "target": ""} for text in form.non_form_errors())
        for member in form.forms:
            yield from _errors(member)
        return
    for error in form.non_field_errors().as_data():
        is_refusal = error.code == REFUSED
        yield {"text": error.messages[0], "target": "", "is_refusal": is_refusal}
    for name in form.errors:
        if name in form.fields:
            bound = form[name]
            for text in bound.errors:
                yield {
                    "label": str(bound.label),
                    "text": str(text),
                    "target": bound.id_for_label or bound.auto_id,
                }
