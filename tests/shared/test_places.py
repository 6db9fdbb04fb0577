"""A path into the document is told in the words of the form."""

from __future__ import annotations

import pytest

from shared.places import place


@pytest.mark.parametrize(
    ("path", "sv", "en"),
    [
        ("", "", ""),
        ("budget", "Budget", "Budget"),
        ("budget.2.amount", "Budgetrad 3, belopp", "Budget line 3, amount"),
        ("attachments.0.name", "Bilaga 1, namn", "Attachment 1, name"),
        ("partners.10.country", "Partner 11, land", "Partner 11, country"),
        ("project.core_areas.1", "Projekt, kärnområde 2", "Project, core area 2"),
        ("applicant.organisation_number", "Sökande, organisationsnummer", "Applicant, organisation number"),
        ("contact.email", "Kontaktperson, e-postadress", "Contact, e-mail address"),
    ],
)
def test_known_places_have_names(path: str, sv: str, en: str) -> None:
    assert (place(path, "sv"), place(path, "en")) == (sv, en)


def test_a_field_that_no_form_has_is_shown_as_it_stands_and_cut_short() -> None:
    assert place("applicant.favourite_colour", "sv") == "Sökande, favourite_colour"
    assert place(f"project.{'x' * 500}", "sv") == f"Projekt, {'x' * 39}…"
