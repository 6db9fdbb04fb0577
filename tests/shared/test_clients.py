"""The clients of AWS, as far as no emulator shows what they do."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from shared.aws import clients


@pytest.mark.parametrize("region", ["eu-north-1", "us-east-1", "eu-west-1"])
def test_forms_are_signed_for_the_buckets_regional_address_which_pages_allow(region: str) -> None:
    with patch.dict("os.environ", AWS_REGION=region, AWS_DEFAULT_REGION=region):
        client = clients.s3.__wrapped__()
    assert client.generate_presigned_post("uploads", "key")["url"] == f"https://uploads.s3.{region}.amazonaws.com/"
