"""The applicants' pages in the template: readable through CloudFront alone, with headers that let nothing else in."""

from __future__ import annotations

import re
from typing import Any

from tests.infrastructure.template_reading import named
from tests.template import resources, translated


def the_only(kind: str) -> dict[str, Any]:
    (found,) = resources(kind).values()
    return found


def distribution() -> dict[str, Any]:
    config: dict[str, Any] = the_only("AWS::CloudFront::Distribution")["DistributionConfig"]
    return config


def headers() -> dict[str, Any]:
    config: dict[str, Any] = the_only("AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]
    return config


def test_the_bucket_is_read_by_this_distribution_alone() -> None:
    allow, tls = resources("AWS::S3::BucketPolicy")["PagesBucketPolicy"]["PolicyDocument"]["Statement"]
    assert allow == {
        "Sid": "ThisDistributionAlone",
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": {"Fn::Sub": "${PagesBucket.Arn}/*"},
        "Condition": {
            "StringEquals": {
                "aws:SourceArn": {
                    "Fn::Sub": "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Pages}"
                }
            }
        },
    }
    condition, given, otherwise = tls["Fn::If"]
    assert (condition, otherwise) == ("TlsRequired", {"Ref": "AWS::NoValue"})
    assert (given["Effect"], given["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    (origin,) = distribution()["Origins"]
    assert named(origin["DomainName"]) == "PagesBucket.RegionalDomainName"
    assert named(origin["OriginAccessControlId"]) == "PagesAccess.Id"
    assert the_only("AWS::CloudFront::OriginAccessControl")["OriginAccessControlConfig"]["SigningBehavior"] == "always"


def test_pages_are_compressed_and_read_over_tls_and_nothing_is_sent_to_them() -> None:
    behavior = distribution()["DefaultCacheBehavior"]
    assert behavior["Compress"] is True
    assert behavior["AllowedMethods"] == ["GET", "HEAD"]
    assert behavior["ViewerProtocolPolicy"] == {"Fn::If": ["TlsRequired", "redirect-to-https", "allow-all"]}
    assert "CacheBehaviors" not in distribution()
    assert (distribution()["HttpVersion"], distribution()["PriceClass"]) == ("http2and3", "PriceClass_100")
    assert distribution()["ViewerCertificate"]["Fn::If"][1]["MinimumProtocolVersion"] == "TLSv1.2_2021"


def test_what_is_not_there_is_said_to_be_so_and_not_forbidden() -> None:
    assert {
        one["ErrorCode"]: (one["ResponseCode"], one["ResponsePagePath"])
        for one in distribution()["CustomErrorResponses"]
    } == {403: (404, "/404"), 404: (404, "/404")}


def test_pages_load_from_themselves_and_talk_to_the_api_and_the_upload_bucket_alone() -> None:
    policy = headers()["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]
    directives = dict(directive.strip().split(" ", 1) for directive in policy.split(";"))
    assert directives == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self' ${Api.ApiEndpoint} https://${UploadBucket.RegionalDomainName} ${ExtraConnectSources}",
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert translated()["Parameters"]["ExtraConnectSources"]["Default"] == ""


def test_every_header_is_ours_whatever_the_bucket_says() -> None:
    security = headers()["SecurityHeadersConfig"]
    assert set(security) == {
        "ContentSecurityPolicy",
        "StrictTransportSecurity",
        "ContentTypeOptions",
        "FrameOptions",
        "ReferrerPolicy",
    }
    assert security["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 365 * 24 * 3600
    custom = headers()["CustomHeadersConfig"]["Items"]
    assert {one["Header"] for one in custom} == {
        "Permissions-Policy",
        "Cross-Origin-Opener-Policy",
        "Cross-Origin-Resource-Policy",
    }
    assert all(one["Override"] is True for one in (*security.values(), *custom))


def test_the_address_that_is_told_is_the_one_that_people_use() -> None:
    condition, own, clouds = translated()["Outputs"]["PagesUrl"]["Value"]["Fn::If"]
    assert (condition, named(own), named(clouds)) == ("HasPagesAddress", "PagesAddress", "https://${Pages.DomainName}")
    pattern = translated()["Parameters"]["PagesAddress"]["AllowedPattern"]
    # No path and no slash at its end: links are made by putting a path behind it.
    assert re.match(pattern, "https://ansok.example.se")
    assert not re.match(pattern, "https://ansok.example.se/")


def test_an_address_of_ones_own_is_a_name_behind_https_and_on_this_machine_alone_another_one() -> None:
    """CloudFront takes the name as an alias, which has no port; the embedded cloud has no TLS."""
    pattern = translated()["Parameters"]["PagesAddress"]["AllowedPattern"]
    assert re.match(pattern, "http://e1x2a3m4.cloudfront.localhost:34567")
    refused = ("http://ansok.example.se", "https://ansok.example.se:443", "http://ansok.example.se:80", "https://")
    assert [address for address in refused if re.match(pattern, address)] == []


def test_a_certificate_is_told_together_with_its_address() -> None:
    assert translated()["Rules"] == {
        "CertificateHasItsAddress": {
            "RuleCondition": {"Fn::Not": [{"Fn::Equals": [{"Ref": "PagesCertificate"}, ""]}]},
            "Assertions": [
                {
                    "Assert": {"Fn::Not": [{"Fn::Equals": [{"Ref": "PagesAddress"}, ""]}]},
                    "AssertDescription": "PagesCertificate is for an address, so PagesAddress must be told as well.",
                }
            ],
        }
    }
