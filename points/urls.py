"""The addresses of the points floor."""

from django.urls import URLPattern, path

from lib import addresses  # noqa: F401 (teaches <year:…>, <month:…>)
from points.views import about, declarations, drafts, evidence, holidays, policy, rule_books, trial

urlpatterns: list[URLPattern] = [
    path("declarations/", declarations.my_declarations, name="declarations"),
    path("declarations/<year:year>/<month:month>/", declarations.declaration, name="declaration"),
    path("declarations/<int:pk>/", declarations.declaration_of, name="declaration_of"),
    path("declarations/<int:pk>/lines/", declarations.save_line, name="add_line"),
    path("declarations/<int:pk>/lines/<int:entry_id>/", declarations.save_line, name="change_line"),
    path(
        "declarations/<int:pk>/lines/<int:entry_id>/drop/",
        declarations.drop_line,
        name="drop_line",
    ),
    path(
        "declarations/<int:pk>/lines/<int:entry_id>/evidence/",
        declarations.attach,
        name="attach_evidence",
    ),
    path(
        "declarations/<int:pk>/evidence/<int:evidence_id>/drop/",
        declarations.detach,
        name="drop_evidence",
    ),
    path("declarations/<int:pk>/typed/", declarations.keep_typed, name="keep_typed"),
    path("declarations/<int:pk>/copy/", declarations.copy_previous, name="copy_previous"),
    path("declarations/<int:pk>/print/", declarations.declaration_print, name="declaration_print"),
    path("declarations/<int:pk>/submit/", declarations.submit, name="submit_declaration"),
    path("declarations/<int:pk>/take-back/", declarations.take_back, name="take_back_declaration"),
    path("evidence/<int:pk>/", evidence.evidence, name="evidence"),
    path("evidence/<int:pk>/thumbnail/", evidence.evidence_thumbnail, name="evidence_thumbnail"),
    path("rules/", rule_books.rule_books, name="rule_books"),
    path("rules/<int:pk>/", rule_books.rule_book, name="rule_book"),
    path("rules/<int:pk>/differences/", rule_books.rule_book_differences, name="rule_book_diff"),
    path("rules/<int:pk>/trial/", trial.rule_book_trial, name="rule_book_trial"),
    path("rules/<int:pk>/approval/", rule_books.rule_book_approval, name="rule_book_approval"),
    path("rules/<int:pk>/read/", rule_books.read_rule_book, name="read_rule_book"),
    path("rules/<int:pk>/offer/", rule_books.offer_rule_book, name="offer_rule_book"),
    path("rules/<int:pk>/withdraw-offer/", rule_books.withdraw_offer, name="withdraw_offer"),
    path("rules/branches/<int:branch_id>/draft/", drafts.start_draft, name="start_draft"),
    path("rules/<int:pk>/edit/", drafts.rule_book_edit, name="rule_book_edit"),
    path("rules/<int:pk>/edit/head/", drafts.rule_book_head, name="rule_book_head"),
    path("rules/<int:pk>/criteria/", drafts.save_criterion, name="add_criterion"),
    path(
        "rules/<int:pk>/criteria/<int:criterion_id>/",
        drafts.save_criterion,
        name="change_criterion",
    ),
    path(
        "rules/<int:pk>/criteria/<int:criterion_id>/move/",
        drafts.move_criterion,
        name="move_criterion",
    ),
    path(
        "rules/<int:pk>/criteria/<int:criterion_id>/retire/",
        drafts.retire_criterion,
        name="retire_criterion",
    ),
    path("rules/<int:pk>/restore/", drafts.restore_criterion, name="restore_criterion"),
    path("rules/<int:pk>/submit/", drafts.submit_rule_book, name="submit_rule_book"),
    path("rules/<int:pk>/take-back/", drafts.take_back_rule_book, name="take_back_rule_book"),
    path("rules/<int:pk>/discard/", drafts.discard_rule_book, name="discard_rule_book"),
    path("about/rules/", about.about_rules, name="about_rules"),
    path("policy/", policy.policy, name="policy"),
    path("policy/<int:pk>/", policy.policy_version, name="policy_version"),
    path("policy/<int:pk>/change/", policy.change_policy, name="change_policy"),
    path("policy/committees/<int:pk>/", policy.new_policy, name="new_policy"),
    path("holidays/", holidays.holidays, name="holidays"),
    path("holidays/<year:year>/", holidays.holiday_year, name="holiday_year"),
]
