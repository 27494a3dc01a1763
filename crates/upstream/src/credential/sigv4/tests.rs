//! Signatures that AWS published, and that botocore 1.44.8 made for fixed times and keys.

use bytes::Bytes;
use http::Method;

use super::*;
use crate::pieces::Pieces;
use crate::{Credential, Target, TargetOptions};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const TOKEN_TEXT: &str = "IQoJb3JpZ2luX2VjEXAMPLE//+==";

fn credential(region: &str, service: &str, token: bool) -> Result<Credential, UnusableKeys> {
    let (secret, session_token) = (SecretString::from(SECRET), SecretString::from(TOKEN_TEXT));
    let session_token = token.then_some(&session_token);
    Credential::aws(&AwsKeys {
        access_key_id: "AKIDEXAMPLE",
        secret: &secret,
        session_token,
        region,
        service,
    })
}

fn target(base_url: &str, credential: Credential) -> Target {
    Target::new(base_url, TargetOptions { credential: Some(credential), ..TargetOptions::default() }).unwrap()
}

fn outgoing(
    target: &Target,
    method: Method,
    path: &str,
    content_type: Option<&str>,
    pieces: &[&'static str],
) -> Outgoing {
    let mut headers = HeaderMap::new();
    if let Some(content_type) = content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
    }
    target.apply(&mut headers);
    let body = Pieces::new(pieces.iter().map(|piece| Bytes::from_static(piece.as_bytes())));
    Outgoing { method, uri: target.uri(path), headers, body }
}

fn signature(outgoing: &Outgoing) -> &str {
    outgoing.headers["authorization"].to_str().unwrap()
}

#[test]
fn awss_own_example() {
    let target = target("http://example.amazonaws.com", credential("us-east-1", "service", false).unwrap());
    let mut request = outgoing(&target, Method::GET, "/", None, &[]);
    target.sign(&mut request, || 1_440_938_160);
    assert_eq!(request.headers["x-amz-date"], "20150830T123600Z");
    assert_eq!(
        signature(&request),
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    );
}

#[test]
fn a_conversation_as_botocore_signs_it() {
    let target = target(
        "http://bedrock-runtime.eu-west-1.amazonaws.com",
        credential("eu-west-1", "bedrock", false).unwrap(),
    );
    let pieces = [r#"{"messages":[{"role":"user","#, r#""content":[{"text":"Grö"#, r#"ße"}]}]}"#];
    let path = "/model/anthropic.claude-sonnet-5-v1%3A0/converse";
    let mut request = outgoing(&target, Method::POST, path, Some("application/json"), &pieces);
    request.headers.insert("user-agent", HeaderValue::from_static("not signed"));
    target.sign(&mut request, || 1_795_910_399);
    let expected = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261128/eu-west-1/bedrock/aws4_request, \
                    SignedHeaders=content-type;host;x-amz-date, \
                    Signature=02aaa345bbd5f3c9cff8afce5f6725ba1030d3cd6e1acfdb8521cfd6ea30adfb";
    assert_eq!(signature(&request), expected);

    // Signing anew, after what a client or an earlier attempt left there, is signing once.
    for (name, value) in [
        ("authorization", "Bearer x"),
        ("x-amz-date", "x"),
        ("x-amz-security-token", "x"),
        ("x-amz-content-sha256", "x"),
    ] {
        request.headers.insert(name, HeaderValue::from_static(value));
    }
    target.sign(&mut request, || 1_795_910_399);
    assert_eq!(signature(&request), expected);
    assert!(
        !request.headers.contains_key("x-amz-security-token")
            && !request.headers.contains_key("x-amz-content-sha256")
    );
}

#[test]
fn lent_keys_ports_queries_and_detours_as_botocore_signs_them() {
    let target = target(
        "http://bedrock-runtime.us-east-1.amazonaws.com:8443/base//x/..",
        credential("us-east-1", "bedrock", true).unwrap(),
    );
    let path = "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fx~y/converse-stream?b=2&a=1&a=0&c";
    let mut request =
        outgoing(&target, Method::POST, path, Some("application/json;  charset=utf-8"), &["{}"]);
    target.sign(&mut request, || 1_767_225_600);
    assert_eq!(request.headers["x-amz-security-token"], TOKEN_TEXT);
    assert_eq!(
        signature(&request),
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/bedrock/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, \
         Signature=e8910e55c919468adcad455ba9277ec63a26f8458c60472ac7cf16f9afc81402"
    );
}

#[test]
fn whatever_is_signed_counts() {
    let sign = |region: &str, method, path: &str, body: &'static str, at| {
        let target = target("http://example.com", credential(region, "bedrock", false).unwrap());
        let mut request = outgoing(&target, method, path, None, &[body]);
        target.sign(&mut request, || at);
        signature(&request).rsplit('=').next().unwrap().to_owned()
    };
    let usual = || sign("eu-west-1", Method::POST, "/model/a/converse", "{}", 1_767_225_600);
    assert_eq!(usual(), usual());
    for other in [
        sign("eu-west-2", Method::POST, "/model/a/converse", "{}", 1_767_225_600),
        sign("eu-west-1", Method::PUT, "/model/a/converse", "{}", 1_767_225_600),
        sign("eu-west-1", Method::POST, "/model/b/converse", "{}", 1_767_225_600),
        sign("eu-west-1", Method::POST, "/model/a/converse", "{ }", 1_767_225_600),
        sign("eu-west-1", Method::POST, "/model/a/converse", "{}", 1_767_225_601),
    ] {
        assert_ne!(usual(), other);
    }
}

#[test]
fn a_header_credential_is_not_changed_by_signing() {
    let target = target("http://example.com", Credential::bearer(&SecretString::from("k")).unwrap());
    let mut request = outgoing(&target, Method::POST, "/", None, &[]);
    target.sign(&mut request, || 0);
    assert_eq!(signature(&request), "Bearer k");
    assert!(!request.headers.contains_key("x-amz-date"));
}

#[test]
fn keys_cannot_be_printed() {
    let target = target("http://example.com", credential("eu-west-1", "bedrock", true).unwrap());
    let mut request = outgoing(&target, Method::POST, "/", None, &[]);
    target.sign(&mut request, || 0);
    let secret = SecretString::from(SECRET);
    let keys = AwsKeys {
        access_key_id: "AKIDEXAMPLE",
        secret: &secret,
        session_token: None,
        region: "r",
        service: "s",
    };
    let printed = format!("{target:?} {request:?} {keys:?}");
    for secret in [SECRET, TOKEN_TEXT, "Signature="] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[test]
fn keys_that_no_header_carries_are_refused() {
    let keys = |id: &str, secret: &str, token: Option<&str>, region: &str| {
        let (secret, token) = (SecretString::from(secret), token.map(SecretString::from));
        let keys = AwsKeys {
            access_key_id: id,
            secret: &secret,
            session_token: token.as_ref(),
            region,
            service: "bedrock",
        };
        Credential::aws(&keys).err()
    };
    assert_eq!(keys("AKIA1", "s", None, "eu-west-1"), None);
    for (id, secret, token) in [
        ("", "s", None),
        ("AK IA", "s", None),
        ("AKIA\n", "s", None),
        ("AKIA", "", None),
        ("AKIA", "s", Some("")),
        ("AKIA", "s", Some("x\n")),
    ] {
        assert_eq!(keys(id, secret, token, "eu-west-1"), Some(UnusableKeys::Key), "{id:?}");
    }
    for region in ["", "EU", "eu/west", "eu west"] {
        assert_eq!(keys("AKIA1", "s", None, region), Some(UnusableKeys::Place), "{region}");
    }
}
