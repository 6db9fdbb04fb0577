"""Why a command did not do what was asked: sentences for people, an exit code for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from shared.problems import Problem


class ExitCode(IntEnum):
    """What the command leaves behind. 0 is done; 130 is Ctrl-C."""

    REFUSED = 1
    USAGE = 2
    NO_CONTACT = 3
    NOT_ALLOWED = 4
    SERVICE_FAILED = 5


_PERHAPS = {
    "sv": " Ändringen kan ha hunnit göras: se efter innan du försöker igen.",
    "en": " The change may have been made: look before you try again.",
}


class CommandError(Exception):
    """Ends a command: every problem in both languages, and the exit code that fits them."""

    def __init__(self, exit_code: ExitCode, problems: Sequence[Problem]) -> None:
        self.exit_code = exit_code
        self.problems = tuple(problems)
        super().__init__(", ".join(found.code for found in self.problems))


def refused(*problems: Problem) -> CommandError:
    """The API, or a rule that the API has too, said no, and said why."""
    return CommandError(ExitCode.REFUSED, problems)


def refused_without_reasons(status: int, said: str) -> CommandError:
    """A refusal that did not come from Anslag's own code, but from what stands before it."""
    return refused(
        Problem("refused", "", f"Tjänsten sade nej ({status}): {said}", f"The service refused ({status}): {said}")
    )


def no_region() -> CommandError:
    """Nothing says which AWS region to sign for."""
    return CommandError(
        ExitCode.USAGE,
        [
            Problem(
                "no-region",
                "",
                "Ingen AWS-region är vald. Ange --region, eller sätt AWS_REGION.",
                "No AWS region is chosen. Give --region, or set AWS_REGION.",
            )
        ],
    )


def unusable(sv: str, en: str) -> CommandError:
    """Something that was asked for cannot be used: a profile, an address, a file."""
    return CommandError(ExitCode.USAGE, [Problem("unusable", "", sv, en)])


def no_answer(url: str, detail: str, *, wrote: bool) -> CommandError:
    """The API could not be reached, or said nothing in time. `wrote`: it may have done what was asked."""
    sv = f"Ingen kontakt med tjänsten på {url} ({detail})."
    en = f"No contact with the service at {url} ({detail})."
    if wrote:
        sv, en = sv + _PERHAPS["sv"], en + _PERHAPS["en"]
    return CommandError(ExitCode.NO_CONTACT, [Problem("no-contact", "", sv, en)])


def not_this_service(url: str, status: int) -> CommandError:
    """Something answers there, and it is not Anslag's API."""
    return CommandError(
        ExitCode.NO_CONTACT,
        [
            Problem(
                "not-this-service",
                "",
                f"Det som svarar på {url} är inte Anslag ({status}). Kontrollera --api eller --stack.",
                f"What answers at {url} is not Anslag ({status}). Check --api or --stack.",
            )
        ],
    )


def no_stack(stack: str, region: str) -> CommandError:
    """The stack that should tell the API's address is not there, or does not tell it."""
    return CommandError(
        ExitCode.NO_CONTACT,
        [
            Problem(
                "no-stack",
                "",
                f"Det finns ingen stack {stack} med en ApiUrl i {region}. Ange --stack, --region eller --api.",
                f"There is no stack {stack} with an ApiUrl in {region}. Give --stack, --region or --api.",
            )
        ],
    )


def no_credentials() -> CommandError:
    """None were found in any of the places where AWS's tools look."""
    return CommandError(
        ExitCode.NOT_ALLOWED,
        [
            Problem(
                "no-credentials",
                "",
                "Du är inte inloggad i AWS. Logga in (till exempel med aws sso login), eller ange --profile.",
                "You are not logged in to AWS. Log in (for instance with aws sso login), or give --profile.",
            )
        ],
    )


def bad_credentials(detail: str) -> CommandError:
    """AWS credentials are incomplete, out of date, or not to be had."""
    return CommandError(
        ExitCode.NOT_ALLOWED,
        [
            Problem(
                "bad-credentials",
                "",
                f"Dina AWS-uppgifter går inte att använda ({detail}). Logga in igen, eller ange --profile.",
                f"Your AWS credentials cannot be used ({detail}). Log in again, or give --profile.",
            )
        ],
    )


def stack_hidden(stack: str, detail: str) -> CommandError:
    """These credentials may not ask CloudFormation about that stack; with its StaffPolicy they could."""
    return CommandError(
        ExitCode.NOT_ALLOWED,
        [
            Problem(
                "stack-hidden",
                "",
                f"Du får inte slå upp stacken {stack} ({detail}). Ange adressen med --api eller ANSLAG_API.",
                f"You may not look up the stack {stack} ({detail}). Give the address with --api or ANSLAG_API.",
            )
        ],
    )


def not_allowed(who: str, status: int, said: str) -> CommandError:
    """The API does not let these credentials in."""
    return CommandError(
        ExitCode.NOT_ALLOWED,
        [
            Problem(
                "not-allowed",
                "",
                f"Tjänsten släpper inte in {who} ({status}: {said}). Be den som sköter Anslag att koppla "
                "stackens StaffPolicy till den användaren eller rollen.",
                f"The service does not let {who} in ({status}: {said}). Ask whoever looks after Anslag to attach "
                "the stack's StaffPolicy to that user or role.",
            )
        ],
    )


def not_let_in(*problems: Problem) -> CommandError:
    """The API knows these credentials, and says itself why they are not enough."""
    return CommandError(ExitCode.NOT_ALLOWED, problems)


def service_failed(status: int, problems: Sequence[Problem], *, wrote: bool) -> CommandError:
    """The service answered that it failed, in its own words where it had any. `wrote`: it may have done what was asked,
    and run out of time only for the answer."""
    sv, en = f"Tjänsten kunde inte svara ({status}).", f"The service could not answer ({status})."
    sv += _PERHAPS["sv"] if wrote else " Försök igen om en stund."
    en += _PERHAPS["en"] if wrote else " Try again in a while."
    return CommandError(ExitCode.SERVICE_FAILED, problems or [Problem("service-failed", "", sv, en)])


def failed(error: Exception) -> CommandError:
    """A mistake of the command's own."""
    detail = f"{type(error).__name__}: {error}"
    return CommandError(
        ExitCode.SERVICE_FAILED,
        [
            Problem(
                "failed",
                "",
                f"Kommandot misslyckades på ett sätt som det inte känner till: {detail}",
                f"The command failed in a way that it does not know: {detail}",
            )
        ],
    )


def not_published(detail: str, exit_code: ExitCode) -> CommandError:
    """AWS did not let the pages be put where they belong, failed, or could not be reached."""
    return CommandError(
        exit_code,
        [
            Problem(
                "not-published",
                "",
                f"Sidorna kunde inte publiceras ({detail}). Det som hann läggas upp gör ingen skada: kör igen.",
                f"The pages could not be published ({detail}). What was put up does no harm: run it again.",
            )
        ],
    )


def not_understood() -> CommandError:
    """An answer in a form that this version of the command does not know."""
    return CommandError(
        ExitCode.SERVICE_FAILED,
        [
            Problem(
                "not-understood",
                "",
                "Tjänsten svarade på ett sätt som kommandot inte förstår. Uppdatera kommandot, eller anmäl felet.",
                "The service answered in a way that this command does not understand. "
                "Update the command, or report it.",
            )
        ],
    )
