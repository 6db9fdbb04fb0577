"""The applicants' pages as browsers get them, and what pages ask of the API: drafts, links by e-mail, other origins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from infrastructure.demo.applicant import ApplicantClient, RefusedError
from infrastructure.demo.staff import Officer
from infrastructure.pages import WEB
from shared.results.addresses import is_result
from tests.builders.documents import a_document, raw
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import FILES, PARTNERSHIP
from tests.end_to_end.waiting import until

pytestmark = pytest.mark.cloud

ROUND = "pages"
LONG = "<p>Å Ä Ö</p>" * 500


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages of no other content than their names."""
    folder = tmp_path_factory.mktemp("web")
    (folder / "sv").mkdir()
    (folder / ".hidden").mkdir()
    for path, content in {
        "index.html": "root",
        "404.html": "Sidan finns inte · There is no such page",
        "sv/index.html": f"sv {LONG}",
        "sv/form.html": "sv form",
        "form.js": "export {}",
        "form.css": "p {}",
        ".hidden/index.html": "hidden",
    }.items():
        (folder / path).write_text(content, encoding="utf-8")
    return folder


@pytest.fixture(scope="module", autouse=True)
def _published(installation: Installation, web: Path) -> Iterator[None]:
    installation.open_round(ROUND, programme=PARTNERSHIP)
    installation.publish(web)
    yield
    if (WEB / "index.html").is_file():
        installation.publish()


@pytest.fixture
def client(installation: Installation) -> ApplicantClient:
    return installation.applicant(ROUND)


# Pages


@pytest.mark.parametrize(
    ("path", "content", "media_type"),
    [
        ("/", "root", "text/html; charset=utf-8"),
        ("/sv/", f"sv {LONG}", "text/html; charset=utf-8"),
        ("/sv/form", "sv form", "text/html; charset=utf-8"),
        ("/sv/form?round=pages", "sv form", "text/html; charset=utf-8"),
        ("/form.js", "export {}", "text/javascript; charset=utf-8"),
        ("/form.css", "p {}", "text/css; charset=utf-8"),
    ],
)
def test_a_file_is_at_its_address(installation: Installation, path: str, content: str, media_type: str) -> None:
    page = installation.page(path)
    assert (page.status_code, page.content.decode(), page.headers["Content-Type"]) == (200, content, media_type)
    assert page.headers["Cache-Control"] == "public, max-age=60"


def test_pages_know_where_the_api_is(installation: Installation) -> None:
    assert installation.page("/config.json").json() == {"api": installation.outputs["ApiUrl"]}


@pytest.mark.parametrize("path", ["/nowhere", "/sv/form.html", "/sv", "/.hidden/", "/index.html/", "/sv/..%2f404"])
def test_what_is_not_there_has_a_page_that_says_so(installation: Installation, path: str) -> None:
    page = installation.page(path)
    assert (page.status_code, page.content.decode()) == (404, "Sidan finns inte · There is no such page")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_every_answer_carries_the_headers_that_let_nothing_else_in(installation: Installation) -> None:
    for path in ("/", "/form.js", "/config.json", "/nowhere"):
        headers = installation.page(path).headers
        assert {name: headers[name] for name in ("X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy")} == {
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer",
        }
        assert int(headers["Strict-Transport-Security"].partition("max-age=")[2].partition(";")[0]) > 31_000_000
        assert headers["Permissions-Policy"].startswith("camera=()")
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Set-Cookie" not in headers


def test_the_policy_lets_pages_reach_what_they_need(installation: Installation, client: ApplicantClient) -> None:
    sources = _sources(installation)
    for needed in (installation.outputs["ApiUrl"], client.forms(raw(a_document()))["forms"][0]["url"]):
        assert [source for source in sources if needed.startswith(f"{source}/")], needed


def _sources(installation: Installation) -> list[str]:
    """What pages may connect to."""
    policy = installation.page("/").headers["Content-Security-Policy"]
    (sources,) = (one.split()[1:] for one in policy.split("; ") if one.startswith("connect-src"))
    return sources


def test_what_is_long_enough_is_sent_compressed_and_what_is_known_is_not_sent_again(
    installation: Installation,
) -> None:
    page = installation.page("/sv/", Accept_Encoding="gzip, br")
    assert (page.headers["Content-Encoding"], page.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert int(page.headers["Content-Length"]) < 500 < len(page.content)
    again = installation.page("/sv/", Accept_Encoding="gzip", If_None_Match=page.headers["Etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert "Content-Encoding" not in installation.page("/sv/form", Accept_Encoding="gzip").headers


def test_the_bucket_itself_is_closed_and_pages_take_nothing_in(installation: Installation) -> None:
    bucket = f"{installation.cloud.endpoint}/{installation.outputs['PagesBucketName']}"
    directly = [
        requests.get(f"{bucket}/index.html", timeout=60),
        requests.get(f"{bucket}?list-type=2", timeout=60),
        requests.put(f"{bucket}/index.html", data=b"mine", timeout=60),
        requests.delete(f"{bucket}/index.html", timeout=60),
    ]
    through = [installation.page("/index.html", method) for method in ("POST", "PUT", "DELETE")]
    assert [answer.status_code for answer in directly + through] == [403] * 7
    assert installation.page("/").text == "root"


def test_another_publication_replaces_the_one_before(installation: Installation, web: Path, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("new", encoding="utf-8")
    forgotten = _invalidations(installation)
    installation.publish(tmp_path)
    try:
        assert _invalidations(installation) == forgotten + 1
        listed = installation.client("s3").list_objects_v2(Bucket=installation.outputs["PagesBucketName"])
        # Results of rounds that other tests announced stay.
        pages = [one["Key"] for one in listed["Contents"] if not is_result(one["Key"])]
        assert pages == ["config.json", "index.html"]
        assert installation.page("/").text == "new"
        # Without a page for it, the answer is the bucket's own.
        assert installation.page("/sv/").status_code in (403, 404)
    finally:
        installation.publish(web)


def test_whoever_looks_after_the_installation_publishes_with_the_command(
    installation: Installation, web: Path, tmp_path: Path
) -> None:
    cloud = installation.cloud
    keys = {"AWS_ACCESS_KEY_ID": cloud.access_key, "AWS_SECRET_ACCESS_KEY": cloud.secret_key}
    owner = Officer("owner", {**installation.anna.environment, **keys})
    told = owner.ask("pages", "publish", "--web", str(web))
    assert told["address"] == f"{installation.outputs['PagesUrl']}/"
    assert "sv/form" in told["put"]
    assert installation.page("/config.json").json()["api"] in _sources(installation)
    assert "index.html" in owner.anslag("pages", "publish", "--web", str(tmp_path), expect=2).err
    assert "AccessDenied" in installation.anna.anslag("pages", "publish", "--web", str(web), expect=4).err
    assert installation.page("/").text == "root"
    installation.publish(web)


def _invalidations(installation: Installation) -> int:
    listed = installation.client("cloudfront").list_invalidations(
        DistributionId=installation.outputs["PagesDistribution"]
    )
    return len(listed["InvalidationList"].get("Items", []))


# What pages ask of other origins


def test_pages_may_call_the_public_routes_and_send_forms(installation: Installation, client: ApplicantClient) -> None:
    origin = installation.outputs["PagesUrl"]
    for method, path in (("PUT", "/application/draft"), ("POST", "/application/forms"), ("GET", "/application")):
        asked = {
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        allowed = requests.options(installation.outputs["ApiUrl"] + path, headers=asked, timeout=60)
        assert allowed.status_code == 204, allowed.text
        assert allowed.headers["Access-Control-Allow-Origin"] in ("*", origin)
        assert method in allowed.headers["Access-Control-Allow-Methods"].split(",")
        assert {"authorization", "content-type"} <= set(allowed.headers["Access-Control-Allow-Headers"].split(","))
    answer = requests.get(f"{installation.outputs['ApiUrl']}/rounds", headers={"Origin": origin}, timeout=60)
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", origin)
    document = raw(a_document())
    form = client.forms(document)["forms"][-1]
    sent = requests.post(
        form["url"], data=form["fields"], files={"file": document}, headers={"Origin": origin}, timeout=10
    )
    assert (sent.status_code, sent.headers["Access-Control-Allow-Origin"]) == (204, "*")


def test_the_round_comes_with_its_form_and_the_register_can_be_kept(
    installation: Installation, client: ApplicantClient
) -> None:
    shown = client.round(ROUND)
    paths = [field["path"] for section in shown["form"]["sections"] for field in section["fields"]]
    assert {"applicant", "project.title", "answers.risks", "budget", "attachments"} <= set(paths)
    assert (shown["mails_links"], "too-long" in shown["messages"]) == (True, True)
    register = requests.get(f"{installation.outputs['ApiUrl']}/register", timeout=60)
    assert register.headers["Cache-Control"] == "public, max-age=86400"
    assert len(register.json()["municipalities"]) == 290


# Drafts


def test_a_draft_follows_the_link_and_outlives_its_windows(client: ApplicantClient) -> None:
    typed = {"document": {"project": {"title": "Ungas röster", "years": "tv"}}, "files": [], "language": "sv"}
    first = client.save(0, typed, "phone")
    elsewhere = ApplicantClient(client.api, client.token)
    found = elsewhere.draft()
    assert (found["revision"], found["draft"], found["editor"]) == (first["revision"], typed, "phone")
    assert elsewhere.save(1, {**typed, "language": "en"}, "desk")["revision"] == 2


def test_of_many_who_save_at_once_one_wins_and_the_others_see_what_it_wrote(client: ApplicantClient) -> None:
    def save(number: int) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {client.token}"}
        body = {"revision": 0, "editor": f"window-{number}", "draft": {"by": number}}
        answer = requests.put(f"{client.api}/application/draft", json=body, headers=headers, timeout=30)
        return answer.status_code, answer.json()

    with ThreadPoolExecutor(6) as crowd:
        answers = list(crowd.map(save, range(6)))
    assert sorted(status for status, _ in answers) == [200] + [409] * 5
    (winner,) = (number for number, (status, _) in enumerate(answers) if status == 200)
    told = {json.dumps(body["current"]) for status, body in answers if status == 409}
    assert [json.loads(one)["draft"] for one in told] == [{"by": winner}]
    assert {body["problems"][0]["code"] for status, body in answers if status == 409} == {"draft-changed"}
    assert client.draft()["draft"] == {"by": winner}


def test_attachments_go_first_and_the_document_commits_them_later(client: ApplicantClient) -> None:
    announced = [{name: file.as_json()[name] for name in ("name", "size", "sha256", "type")} for file in FILES]
    signed = client.ask("POST", "/application/forms", {"attachments": announced})
    assert signed["submission"] is None
    for form, file in zip(signed["forms"], FILES, strict=True):
        assert client.upload(form, file.content).status_code == 204
    document = raw(a_document())
    commit = client.forms(document)
    assert client.upload(commit["forms"][-1], document).status_code == 204
    assert client.outcome_of(commit["submission"])["state"] == "submitted"
    (sent,) = client.history()["submissions"]
    assert (sent["submission"], sent["outcome"], sent["number"]) == (commit["submission"], "accepted", 1)


# The link by e-mail


def test_the_link_is_mailed_and_leads_back(installation: Installation, client: ApplicantClient) -> None:
    address = f"kollega.{client.reference.lower()}@pitea.example"
    for _ in range(3):
        assert client.mail_link(address) == {"sent": True}
    with pytest.raises(RefusedError) as refusal:
        client.mail_link(address)
    assert (refusal.value.status, refusal.value.problems[0]["code"]) == (429, "too-many-links")
    letters = until(lambda: found if len(found := installation.letters(to=address)) == 3 else None, "three letters")
    link = f"{installation.outputs['PagesUrl']}/sv/application#{client.token}"
    assert all(f"\n{link}\n" in letter.body and client.token not in letter.subject for letter in letters)
    assert client.token not in installation.cloud.log.read_text(errors="replace")
