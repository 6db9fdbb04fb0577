"""Awards as IATI 2.03 activities, which public development financiers ask of whoever spends their money.

One activity for each award, one commitment in it. What the application does not tell is not made up: no budget by
year, no disbursements; several countries share the activity equally, because IATI wants percentages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from shared.instants import iso, whole_second
from shared.letters import one_line
from shared.results import addresses
from shared.results.describing import core_areas, described
from shared.results.identifiers import award_id, funder_id, organisation_id
from shared.results.publication import Award, Publication

NAME = "iati.xml"
_IMPLEMENTATION, _CANCELLED = "2", "5"
_PLANNED_START, _PLANNED_END = "1", "3"
_FUNDING, _EXTENDING, _IMPLEMENTING = "1", "3", "4"
_COMMITMENT = "2"
_ACTIVITY_WEB_PAGE = "A12"
_OTHER = "90"
_DAC, _OWN_VOCABULARY, _NOT_SPECIFIED = "1", "99", "99810"
_AT_HOME = "SE"
"""Where a programme without countries abroad spends its money."""
_HUNDREDTHS = 100 * 100
_LANGUAGE = "xml:lang"


def activities(publication: Publication, address: str) -> str:
    """The file: awards in force, and after them those that a correction took back, as cancelled.

    Valid only where the round `has_awarded`: IATI has no file without activities.
    """
    stamp = iso(whole_second(publication.current.announced_at))
    root = ET.Element("iati-activities", {"version": "2.03", "generated-datetime": stamp})
    for award in publication.awards:
        _activity(root, publication, award, stamp, address, cancelled=False)
    for award in publication.taken_back:
        _activity(root, publication, award, stamp, address, cancelled=True)
    ET.indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _activity(
    root: ET.Element, publication: Publication, award: Award, stamp: str, address: str, *, cancelled: bool
) -> None:
    programme = publication.programme
    own = {"default-currency": "SEK", _LANGUAGE: "sv", "last-updated-datetime": stamp}
    activity = ET.SubElement(root, "iati-activity", own)
    ET.SubElement(activity, "iati-identifier").text = award_id(programme, award)
    _organisation(
        activity, "reporting-org", funder_id(programme), programme.open_data.iati_type or _OTHER, programme.funder.sv
    )
    _narratives(ET.SubElement(activity, "title"), award.title)
    told = [described(award, programme, language) for language in ("sv", "en")]
    if cancelled:
        told = [f"Bidraget är återtaget genom en rättelse. {told[0]}", f"Taken back by a correction. {told[1]}"]
    _narratives(ET.SubElement(activity, "description", {"type": "1"}), *told)
    _participants(activity, publication, award)
    ET.SubElement(activity, "activity-status", {"code": _CANCELLED if cancelled else _IMPLEMENTATION})
    for kind, day in ((_PLANNED_START, award.first_day), (_PLANNED_END, award.last_day)):
        ET.SubElement(activity, "activity-date", {"type": kind, "iso-date": day.isoformat()})
    _countries(activity, award)
    _subjects(activity, publication, award, address)
    if not cancelled:
        _commitment(activity, publication, award)
    _page(activity, award, address)


def _narratives(parent: ET.Element, sv: str, en: str | None = None) -> None:
    """In the activity's own language, Swedish, and in English where there is any."""
    ET.SubElement(parent, "narrative").text = one_line(sv)
    if en is not None and en != sv:
        ET.SubElement(parent, "narrative", {_LANGUAGE: "en"}).text = one_line(en)


def _organisation(
    activity: ET.Element, tag: str, ref: str | None, kind: str | None, name: str, role: str | None = None
) -> None:
    attributes = {"ref": ref, "type": kind, "role": role}
    known = {attribute: value for attribute, value in attributes.items() if value is not None}
    _narratives(ET.SubElement(activity, tag, known), name)


def _participants(activity: ET.Element, publication: Publication, award: Award) -> None:
    """Who pays, who awards, who does it: grantee and partners."""
    programme, grantee = publication.programme, award.grantee
    said = programme.open_data
    tag = "participating-org"
    if said.financier is not None:
        _organisation(activity, tag, said.financier.id, said.financier.iati_type, said.financier.name.sv, _FUNDING)
    role = _FUNDING if said.financier is None else _EXTENDING
    _organisation(activity, tag, funder_id(programme), said.iati_type, programme.funder.sv, role)
    kind = programme.kind(grantee.kind).iati_type
    _organisation(activity, tag, organisation_id(grantee), kind, grantee.name, _IMPLEMENTING)
    for name, _ in award.partners:
        _organisation(activity, tag, None, None, name, _IMPLEMENTING)


def _countries(activity: ET.Element, award: Award) -> None:
    codes = award.countries or (_AT_HOME,)
    for code, percentage in zip(codes, _equal_parts(codes), strict=True):
        ET.SubElement(activity, "recipient-country", {"code": code, "percentage": percentage})


def _equal_parts(members: Sequence[str]) -> Iterable[str]:
    """Percentages with two decimals that add up to 100 exactly: the first ones get what is left over."""
    part, left = divmod(_HUNDREDTHS, len(members))
    for place in range(len(members)):
        whole, rest = divmod(part + (1 if place < left else 0), 100)
        yield f"{whole}.{rest:02}" if rest else str(whole)


def _subjects(activity: ET.Element, publication: Publication, award: Award, address: str) -> None:
    """DAC's sector, the funder's own core areas, DAC's policy markers: each as far as the programme's file says."""
    said = publication.programme.open_data
    ET.SubElement(activity, "sector", {"vocabulary": _DAC, "code": said.sector or _NOT_SPECIFIED})
    names = [core_areas(award, publication.programme, language) for language in ("sv", "en")]
    ids = [area.id for area in publication.programme.core_areas if area.id in award.core_areas]
    vocabulary = {"vocabulary": _OWN_VOCABULARY, "vocabulary-uri": f"{address}/{addresses.data_page('en')}"}
    for area, sv, en in zip(ids, *names, strict=True):
        _narratives(ET.SubElement(activity, "tag", {**vocabulary, "code": area}), sv, en)
    for marker in said.policy_markers:
        attributes = {"vocabulary": _DAC, "code": marker.code, "significance": marker.significance}
        ET.SubElement(activity, "policy-marker", attributes)


def _commitment(activity: ET.Element, publication: Publication, award: Award) -> None:
    day = publication.awarded_on(award.reference).isoformat()
    transaction = ET.SubElement(activity, "transaction")
    ET.SubElement(transaction, "transaction-type", {"code": _COMMITMENT})
    ET.SubElement(transaction, "transaction-date", {"iso-date": day})
    ET.SubElement(transaction, "value", {"currency": "SEK", "value-date": day}).text = str(award.amount)
    for tag, ref, name in (
        ("provider-org", funder_id(publication.programme), publication.programme.funder.sv),
        ("receiver-org", organisation_id(award.grantee), award.grantee.name),
    ):
        _organisation(transaction, tag, ref, None, name)


def _page(activity: ET.Element, award: Award, address: str) -> None:
    """A link to the award's own page, in both languages."""
    for language, name in (("sv", "Om bidraget"), ("en", "About the award")):
        url = f"{address}/{addresses.award_page(language, award.reference)}"
        link = ET.SubElement(activity, "document-link", {"format": "text/html", "url": url})
        title = ET.SubElement(link, "title")
        ET.SubElement(title, "narrative", {_LANGUAGE: language}).text = name
        ET.SubElement(link, "category", {"code": _ACTIVITY_WEB_PAGE})
        ET.SubElement(link, "language", {"code": language})
