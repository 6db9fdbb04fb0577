"""anslag verify, anslag key: checking a kept receipt without a network, and a certificate against everything stored."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from rich.console import RenderableType

from infrastructure.operator import cells, list_files
from infrastructure.operator.desk import Desk
from infrastructure.operator.failures import refused
from shared.attestation import Check, faults, read_receipt
from shared.problems import problem
from shared.references import spaced

Json = Mapping[str, Any]
_KEY_FILE = "anslag-key.pem"
_AT_ONCE = 6
"""Applications that are held against what was uploaded at the same time."""


def verify(
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="FILE|ROUND", help="A kept receipt, or a round's identifier.")],
    key: Annotated[
        Path, typer.Option(envvar="ANSLAG_KEY", help="The service's public key, for a receipt (see anslag key).")
    ] = Path(_KEY_FILE),
) -> None:
    """Check a receipt without a network, or a round's certificate against bucket and table."""
    desk = Desk.of(context)
    if _is_for_a_file(what):
        _verify_receipt(desk, Path(what), key)
    else:
        _verify_round(desk, what)


def _is_for_a_file(what: str) -> bool:
    """Whether that is a file, or would be one if it were there: no round is named so."""
    if what.lower().endswith(".json") or "/" in what or "\\" in what:
        return True
    with contextlib.suppress(OSError):  # Whoever may not look there has no file there.
        return Path(what).is_file()
    return False


def fetch_key(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="[FILE]", help="Where to keep it.")] = Path(_KEY_FILE),
    force: Annotated[bool, typer.Option("--force", help="Write over another key that is there.")] = False,
) -> None:
    """Fetch the public key that receipts are checked with, and keep it. Publish it where applicants trust you."""
    desk = Desk.of(context)
    pem = desk.get_public("signing-key")["pem"]
    try:
        if not force and file.exists() and file.read_text(encoding="ascii", errors="replace") != pem:
            raise desk.refuse(
                f"{file} finns redan och är inte den här tjänstens nyckel. Ange en annan fil, eller --force.",
                f"{file} is there already, and is not this service's key. Name another file, or --force.",
            )
        file.write_text(pem, encoding="ascii")
    except OSError as error:
        raise list_files.unusable(desk, file, error) from error
    desk.show({"file": str(file)}, lambda: [desk.say(f"Nyckeln finns i {file}.", f"The key is in {file}.")])


def _verify_receipt(desk: Desk, file: Path, path: Path) -> None:
    kept, key = read_receipt(_content(desk, file)), _key(desk, path)
    if found := faults(kept, _checker(key)):
        raise desk.end(refused(*found))
    desk.show(kept, lambda: [*_borne_out(desk, kept["statement"]), _by(desk, path, key)])


def _content(desk: Desk, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        raise desk.refuse(
            f"Det finns ingen fil {file}. Kontrollera namnet.", f"There is no such file: {file}. Check the name."
        ) from error
    except OSError as error:
        raise desk.refuse(
            f"{file} går inte att läsa. Kontrollera att det är en fil som du får läsa.",
            f"{file} cannot be read. Check that it is a file, and that you may read it.",
        ) from error


def _borne_out(desk: Desk, said: Json) -> Iterator[RenderableType]:
    arrived, outcome = said["arrived_at"], cells.word(cells.OUTCOMES_OF_ONE, said["outcome"], desk.language)
    yield desk.say(
        f"Kvittot stämmer. {said['application']} kom in {arrived} (UTC), utfall: {outcome}.",
        f"The receipt holds. {said['application']} arrived {arrived} (UTC), outcome: {outcome}.",
    )
    if "certified" in said:
        root = said["certified"]["root"]
        yield desk.say(
            f"Den ingår i omgångens intyg med rotsumman {root}.",
            f"It is in the round's certificate with the root {root}.",
        )


def _by(desk: Desk, file: Path, key: ec.EllipticCurvePublicKey) -> RenderableType:
    """Which key bears it out: a receipt may come with a key of its sender's."""
    print_ = sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
    return cells.plain(
        desk.say(
            f"Kontrollerat mot nyckeln i {file.resolve()} (SHA-256 {print_}). Är det tjänstens egen?",
            f"Checked with the key in {file.resolve()} (SHA-256 {print_}). Is it the service's own?",
        )
    )


def _key(desk: Desk, file: Path) -> ec.EllipticCurvePublicKey:
    try:
        key = load_pem_public_key(file.read_bytes())
    except (OSError, ValueError) as error:
        raise desk.refuse(
            f"{file} är ingen nyckel. Hämta tjänstens med: anslag key",
            f"{file} is no key. Fetch the service's: anslag key",
        ) from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise desk.refuse(f"{file} är en nyckel av annat slag.", f"{file} is a key of another kind.")
    return key


def _checker(key: ec.EllipticCurvePublicKey) -> Check:
    def is_signed(message: bytes, signature: bytes) -> bool:
        try:
            key.verify(signature, message, ec.ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True

    return is_signed


_DIFFERENCES = {
    "document": ("den uppladdade ansökan", "the uploaded application"),
    "facts": ("uppgifterna i tabellen", "the facts in the table"),
    "attachments": ("bilagorna", "the attachments"),
    "state": ("läget", "the state"),
    "submissions": ("vilken version som gäller", "which version is current"),
    "refusal": ("vad som senast underkändes", "what was refused last"),
    "origin": ("den privata länken, språket eller när den påbörjades", "the private link, the language or the start"),
    "withdrawal": ("återkallelsen", "the withdrawal"),
    "exception": ("vad som medgavs efter sista tid", "what was granted after the deadline"),
}
_OF_ROUNDS = {
    "name": ("omgångens namn", "the round's name"),
    "programme": ("omgångens program", "the round's programme"),
    "state": ("omgångens läge", "the round's state"),
    "opens_at": ("när omgången öppnade", "when the round opened"),
    "closes_at": ("när omgången stänger", "when the round closes"),
    "grace_seconds": ("omgångens frist för uppladdningar på väg", "the round's grace for uploads on their way"),
    "budget": ("omgångens budget", "the round's budget"),
    "revision": ("hur ofta omgången har ändrats", "how often the round was changed"),
    "closing_since": ("sedan när omgången stängs", "since when the round is being closed"),
    "closed_at": ("när omgången stängdes", "when the round was closed"),
    "extended_at": ("när omgången förlängdes", "when the round was extended"),
    "announced_at": ("när tillkännagivandet gick ut", "when the announcement went out"),
    "announcing": ("vilket tillkännagivande som är på väg ut", "which announcement is on its way out"),
    "embargo": ("vad som ska gå ut, och när", "what is to go out, and when"),
    "exceptions_until": ("till när någon har mer tid", "until when somebody has more time"),
    "supplements": ("hur många intyg det finns", "how many certificates there are"),
    "exceptions": ("hur ofta någon har fått mer tid", "how often somebody got more time"),
}
_OF_CERTIFICATES = {
    **_OF_ROUNDS,
    "events": ("händelserna", "the events"),
    "certificates": ("intygen", "the certificates"),
    "vanished": ("uppladdningar som är borta", "uploads that are gone"),
    "decisions": ("besluten", "the decisions"),
    "approval": ("godkännandet", "the approval"),
    "announcement": ("tillkännagivandet", "the announcement"),
}
"""Others are named as they are in the certificate."""


def _verify_round(desk: Desk, round_id: str) -> None:
    answer = desk.get("staff", "rounds", round_id, "verification")
    altered: defaultdict[str, list[str]] = defaultdict(list)
    for one in (*_verified_applications(desk, round_id), *answer["unexplained"]):
        altered[one["application"]] += one["differences"]
    problems = [
        problem("application-differs", "", given=spaced(one), names=_named(names, _DIFFERENCES))
        for one, names in altered.items()
        if names
    ]
    if answer["differences"]:
        names = _named(answer["differences"], _OF_CERTIFICATES)
        problems.insert(0, problem("certificate-differs", "", names=names))
    if problems:
        raise desk.end(refused(*problems))
    desk.show(answer, lambda: _certificate_holds(desk, answer))


def _verified_applications(desk: Desk, round_id: str) -> Iterator[Json]:
    """In the order of their references, as they are listed; a few at once, which burdens nobody else's requests.
    Drafts too: one whose versions somebody took away looks like a draft."""
    listed = desk.get("staff", "rounds", round_id, "applications")["applications"]
    place = ("staff", "rounds", round_id, "applications")
    return desk.get_each([(*place, one["application"], "verification") for one in listed], _AT_ONCE)


def _named(differences: Sequence[str], words: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Example: den uppladdade ansökan, bilagorna"""
    named = [words.get(code, (code, code)) for code in differences]
    return {"sv": ", ".join(sv for sv, _ in named), "en": ", ".join(en for _, en in named)}


def _certificate_holds(desk: Desk, answer: Json) -> Iterator[RenderableType]:
    found, later = answer["found"], answer["after_certificate"]
    yield desk.say(
        f"Intyget stämmer: {found['objects']} uppladdade ansökningar, inget saknas, rotsumma {found['root']}.",
        f"The certificate holds: {found['objects']} uploads, nothing missing, root {found['root']}.",
    )
    yield desk.say(
        "Varje ansökan i tabellen är den som laddades upp.",
        "Every application in the table is the one that was uploaded.",
    )
    if changed := answer.get("changed_after_certificate", 0):
        yield cells.plain(
            desk.say(
                f"Efter intyget har {changed} ändrats eller återkallats. Händelserna berättar om var och en.",
                f"After the certificate {changed} changed or were withdrawn. The events tell of each.",
            )
        )
    if later:
        yield cells.plain(
            desk.say(f"Efter intyget har {later} till kommit in.", f"After the certificate {later} more came in.")
        )
