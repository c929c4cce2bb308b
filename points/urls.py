"""The addresses of the points floor."""

from django.urls import URLPattern, path

from points.views import declarations, evidence, rule_books

urlpatterns: list[URLPattern] = [
    path("declarations/", declarations.my_declarations, name="declarations"),
    path("declarations/<int:year>/<int:month>/", declarations.declaration, name="declaration"),
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
    path("declarations/<int:pk>/submit/", declarations.submit, name="submit_declaration"),
    path("declarations/<int:pk>/take-back/", declarations.take_back, name="take_back_declaration"),
    path("evidence/<int:pk>/", evidence.evidence, name="evidence"),
    path("rules/", rule_books.rule_books, name="rule_books"),
    path("rules/<int:pk>/", rule_books.rule_book, name="rule_book"),
    path("about/rules/", rule_books.about_rules, name="about_rules"),
]
