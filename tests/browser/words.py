"""What buttons and headings say, so that tests find things as people do. What a programme says comes from the API."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """One language of the pages."""

    language: str
    start: str
    send: str
    send_again: str
    saved: re.Pattern[str]
    received: str
    refused: str
    unmended: str
    unsure: str
    late: str
    withdrawn: str
    not_sent: str
    change: str
    mend: str
    withdraw: str
    withdraw_yes: str
    withdraw_no: str
    year: str
    add_partner: str
    partner: str
    to_mend: re.Pattern[str]
    uploaded: str
    again: str
    remove: str
    link: str
    reference: str


SV = Words(
    language="sv",
    start="Påbörja ansökan",
    send="Skicka in ansökan",
    send_again="Skicka in den ändrade ansökan",
    saved=re.compile(r"^Sparat kl\. \d\d\.\d\d$"),
    received="Ansökan har kommit in",
    refused="Ansökan behöver rättas",
    unmended="Ansökan kan inte prövas",
    unsure="Vi vet inte om ansökan kom fram",
    late="Ansökan kom in för sent",
    withdrawn="Ansökan är återkallad",
    not_sent="Ansökan är inte inskickad",
    change="Ändra ansökan",
    mend="Rätta ansökan",
    withdraw="Återkalla ansökan",
    withdraw_yes="Ja, återkalla",
    withdraw_no="Nej, behåll den",
    year="År",
    add_partner="Lägg till en partner",
    partner="Partner",
    to_mend=re.compile(r"behöver rättas$"),
    uploaded="uppladdad",
    again="Försök igen",
    remove="Ta bort",
    link="Privat länk",
    reference="Beteckning",
)
EN = Words(
    language="en",
    start="Start the application",
    send="Submit the application",
    send_again="Submit the changed application",
    saved=re.compile(r"^Saved at \d\d:\d\d$"),
    received="The application has been received",
    refused="The application needs correcting",
    unmended="The application cannot be considered",
    unsure="We do not know whether the application arrived",
    late="The application came too late",
    withdrawn="The application has been withdrawn",
    not_sent="The application has not been submitted",
    change="Change the application",
    mend="Correct the application",
    withdraw="Withdraw the application",
    withdraw_yes="Yes, withdraw",
    withdraw_no="No, keep it",
    year="Year",
    add_partner="Add a partner",
    partner="Partner",
    to_mend=re.compile(r"needs? correcting$"),
    uploaded="uploaded",
    again="Try again",
    remove="Remove",
    link="Private link",
    reference="Reference",
)
WORDS = {"sv": SV, "en": EN}
