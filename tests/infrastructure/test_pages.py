"""What is published under which address, and in which order."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import boto3
import pytest
from moto import mock_aws

from infrastructure.pages import PagesError, key_of, publish, read_pages

OUTPUTS = {"PagesBucketName": "pages", "ApiUrl": "https://api.example", "PagesDistribution": "E1"}


def folder(tmp_path: Path, *paths: str) -> Path:
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("index.html", "index.html"),
        ("404.html", "404"),
        ("sv/index.html", "sv/"),
        ("sv/form.html", "sv/form"),
        ("texts/sv.js", "texts/sv.js"),
        ("a/b/index.html", "a/b/"),
        ("my.index.html", "my.index"),
    ],
)
def test_addresses_have_neither_index_nor_suffix(path: str, key: str) -> None:
    assert key_of(path) == key


def test_pages_go_after_what_they_ask_for(tmp_path: Path) -> None:
    web = folder(tmp_path, "index.html", "a/index.html", "z.js", "z.css", ".git/x")
    assert [page.key for page in read_pages(web, "https://api.example")] == [
        "config.json",
        "z.css",
        "z.js",
        "a/",
        "index.html",
    ]


@pytest.mark.parametrize("name", ["page.php", "README.md", "config.json", "sv/results.html", "data/a.json"])
def test_what_is_not_for_publication_is_named_and_nothing_is_changed(tmp_path: Path, name: str) -> None:
    with pytest.raises(PagesError, match=f"web/{name}"):
        publish(None, None, OUTPUTS, folder(tmp_path, "index.html", name))  # type: ignore[arg-type]


def test_without_pages_nothing_is_published(tmp_path: Path) -> None:
    with pytest.raises(PagesError, match=r"index\.html is missing"):
        publish(None, None, OUTPUTS, folder(tmp_path, "form.js"))  # type: ignore[arg-type]


def test_what_is_gone_is_removed_and_results_of_announced_rounds_are_not(tmp_path: Path) -> None:
    results = {"sv/rounds/2019-autumn", "en/awards/7K3M-9QXR-C", "sv/results", "data/2019-autumn/awards.csv"}
    with mock_aws():
        s3, forgetful = boto3.client("s3"), Mock()
        s3.create_bucket(Bucket="pages", CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
        for key in {"gone.js", "sv/gone", *results}:
            s3.put_object(Bucket="pages", Key=key, Body=b"")
        published = publish(s3, forgetful, OUTPUTS, folder(tmp_path, "index.html"))
        left = {one["Key"] for one in s3.list_objects_v2(Bucket="pages")["Contents"]}
    assert sorted(published.removed) == ["gone.js", "sv/gone"]
    assert left == {"index.html", "config.json", *results}
