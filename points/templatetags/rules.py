"""Links from a figure to the sentence that explains it, and the parts of the page they lead to."""

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lib.template_tags import icon
from points.about import TITLES

register = template.Library()


@register.simple_tag(takes_context=True)
def rule_link(context: Context, anchor: str) -> SafeString | str:
    """如何计算: a small link beside a figure, to the rule of that name on the rules page:
    ``{% rule_link "total" %}``. An anchor that the page does not have is an error; where the
    same sheet stands there many times over (``is_one_of_many``), the links are left out."""
    if context.get("is_one_of_many"):
        return ""
    said = _("%(figure)s: how it is worked out") % {"figure": TITLES[anchor]}
    return format_html(
        '<a class="rule-link no-print" href="{}#{}" aria-label="{}" title="{}">{}</a>',
        reverse("about_rules"),
        anchor,
        said,
        said,
        icon("circle-question-mark", 16),
    )


@register.simple_tag(takes_context=True)
def with_rule(context: Context, label: str, anchor: str) -> SafeString:
    """A label with the link behind it, for tags that take a label:
    ``{% with_rule _("Total") "total" as label %}{% stat label … %}``."""
    return format_html("{}{}", label, rule_link(context, anchor))


@register.simple_block_tag
def rule(content: str, anchor: str) -> SafeString:
    """One rule under its title, to which links lead: ``{% rule "total" %}…{% endrule %}``."""
    return format_html(
        '<section class="rule" id="{}"><h3>{}</h3>{}</section>', anchor, TITLES[anchor], content
    )


@register.simple_block_tag
def decided(content: str) -> SafeString:
    """A reading adopted where the rules are silent, marked as such."""
    return format_html(
        '<p class="decided"><span class="decided__mark">{}</span>{}</p>',
        _("Reading adopted here"),
        content,
    )
