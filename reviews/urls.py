"""The addresses of the reviews floor."""

from django.urls import URLPattern, path

from reviews.views import (
    conclusion,
    follow_ups,
    home,
    objections,
    publications,
    registration,
    results,
    review,
    rounds,
    year_end,
)

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("register/", registration.register, name="register"),
    path("register/<int:pk>/", registration.registration, name="registration"),
    path("rounds/", rounds.rounds, name="rounds"),
    path("rounds/<int:year>/<int:month>/", rounds.month_rounds, name="month_rounds"),
    path("rounds/<int:pk>/", rounds.round_detail, name="round"),
    path("rounds/<int:pk>/start/", rounds.start_review, name="start_review"),
    path("rounds/<int:pk>/review/", review.review, name="review"),
    path("rounds/<int:pk>/review/approve/", review.approve_all, name="approve_all"),
    path("rounds/<int:pk>/entries/<int:entry_id>/", review.decide_entry, name="decide_entry"),
    path(
        "rounds/<int:pk>/sheets/<int:declaration_id>/return/",
        review.return_sheet,
        name="return_sheet",
    ),
    path("rounds/<int:pk>/meeting/", conclusion.meeting, name="meeting"),
    path("rounds/<int:pk>/results/", conclusion.round_results, name="round_results"),
    path("rounds/<int:pk>/conclude/", conclusion.conclude, name="conclude"),
    path("objections/", objections.objections, name="objections"),
    path("objections/<int:pk>/", objections.objection, name="objection"),
    path("follow-ups/", follow_ups.follow_ups, name="follow_ups"),
    path("follow-ups/<int:pk>/", follow_ups.follow_up, name="follow_up"),
    path("results/", results.my_current_year, name="my_year"),
    path("results/<int:year>/", results.year_results, name="year_results"),
    path("results/<int:year>/<int:month>/", results.result, name="result"),
    path("publications/", publications.publications, name="publications"),
    path("publications/<int:pk>/", publications.publication, name="publication"),
    path(
        "publications/<int:pk>/notice/",
        publications.publication_notice,
        name="publication_notice",
    ),
    path("publications/<int:pk>/confirm/", results.confirm_result, name="confirm_result"),
    path("publications/<int:pk>/object/", results.object_to_result, name="object_to_result"),
    path("year/", year_end.years, name="years"),
    path("year/<int:year>/", year_end.year, name="year"),
    path("year/<int:year>/close/", year_end.close_year, name="close_year"),
    path("year/<int:year>/workbook/", year_end.year_workbook, name="year_workbook"),
]
