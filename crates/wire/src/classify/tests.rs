//! Errors as suppliers send them, and what they mean.

use std::time::Duration;

use super::*;

fn means(status: u16, body: &str) -> Failure {
    failed_reply(status, &|_| None, body.as_bytes(), 0)
}

fn rated(ms: u64) -> Failure {
    Failure::RateLimited { retry_after: Some(Duration::from_millis(ms)) }
}

const RATE: Failure = Failure::RateLimited { retry_after: None };
const OVERLOADED: Failure = Failure::Overloaded { retry_after: None };

#[test]
fn i02_errors_as_suppliers_send_them() {
    let lines = include_str!("tests/errors.txt").lines();
    let mut checked = 0;
    for line in lines.filter(|line| !line.starts_with('#')) {
        let (expected, rest) = line.split_once(' ').unwrap();
        let (status, body) = rest.split_once(' ').unwrap();
        let failure = means(status.parse().unwrap(), body);
        let wait = failure.retry_after().map(|wait| format!("+{}", wait.as_millis())).unwrap_or_default();
        assert_eq!(format!("{}{wait}", failure.as_str()), expected, "{line}");
        checked += 1;
    }
    assert!(checked > 70, "{checked}");
}

#[test]
fn i04_what_the_client_wrote_takes_no_provider_out() {
    for quoted in [
        "Your credit balance is too low",
        "Incorrect API key",
        "invalid model",
        "insufficient_quota",
        "You exceeded your current quota",
    ] {
        let body = format!(
            r#"{{"error":{{"message":"Invalid value: '{quoted}'.","type":"invalid_request_error","code":"invalid_value"}}}}"#
        );
        assert_eq!(means(400, &body), Failure::Client, "{body}");
        let body = format!(
            r#"{{"detail":[{{"msg":"field required","input":{{"error":{{"code":"insufficient_quota","message":"{quoted}"}}}}}}]}}"#
        );
        assert_eq!(means(422, &body), Failure::Client, "{body}");
    }
}

#[test]
fn pages_of_proxies_are_nobodys_verdict() {
    let page = "<html><head><title>Attention Required! | Cloudflare</title></head></html>";
    for (status, meaning) in [
        (400, Failure::Broken(Broken::NotJson)),
        (403, Failure::Broken(Broken::NotJson)),
        (401, Failure::Credential),
        (404, Failure::ModelMissing),
        (413, Failure::BodyTooLarge),
        (429, RATE),
        (500, Failure::Server),
        (502, Failure::Server),
        (503, OVERLOADED),
        (522, Failure::Server),
        (301, Failure::Server),
        (101, Failure::Server),
    ] {
        assert_eq!(means(status, page), meaning, "{status}");
    }
    assert_eq!(means(400, " \n"), Failure::Broken(Broken::Empty));
    assert_eq!(means(403, r#"{"unknown":"shape"}"#), Failure::Broken(Broken::NotJson));
}

#[test]
fn i03_the_wait_comes_from_headers_first() {
    let header = |name: &str| (name == "retry-after").then_some("30");
    let body = br#"{"error":{"message":"Please try again in 2s.","code":"rate_limit_exceeded"}}"#;
    assert_eq!(failed_reply(429, &header, body, 0), rated(30_000));
    assert_eq!(
        failed_reply(503, &header, b"", 0),
        Failure::Overloaded { retry_after: Some(Duration::from_secs(30)) }
    );
    assert_eq!(
        failed_reply(529, &header, b"", 0),
        Failure::Overloaded { retry_after: Some(Duration::from_secs(30)) }
    );
    assert_eq!(failed_reply(400, &header, br#"{"error":"x"}"#, 0), Failure::Client);
}

#[test]
fn errors_without_a_status() {
    for (body, meaning) in [
        (r#"{"error":{"message":"The server had an error","type":"server_error"}}"#, Failure::Server),
        (r#"{"error":{"message":"x","type":"invalid_request_error","code":null}}"#, Failure::Client),
        (r#"{"error":{"message":"x","type":"BadRequestError","code":400}}"#, Failure::Client),
        (
            r#"{"error":{"message":"Provider disconnected","code":502},"choices":[{"finish_reason":"error"}]}"#,
            Failure::Server,
        ),
        (r#"{"error":{"message":"Rate limit exceeded","code":429}}"#, RATE),
        (r#"{"error":{"message":"x","code":"insufficient_quota"}}"#, Failure::Quota),
        (r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, OVERLOADED),
        (r#"{"type":"error","error":{"type":"rate_limit_error","message":"x"}}"#, RATE),
        (r#"{"type":"error","error":{"type":"api_error","message":"x"}}"#, Failure::Server),
        (r#"{"error":"something broke"}"#, Failure::Server),
        (r#"{"error":{}}"#, Failure::Server),
        ("nonsense", Failure::Server),
    ] {
        assert_eq!(hidden_error(body.as_bytes()), meaning, "{body}");
    }
}

#[test]
fn the_name_of_an_aws_error_may_stand_in_a_header() {
    let named = |name: &'static str, status, body: &str| {
        let header = |asked: &str| (asked == "x-amzn-errortype").then_some(name);
        failed_reply(status, &header, body.as_bytes(), 0)
    };
    let message = r#"{"message":"Too many requests, please wait before trying again."}"#;
    assert_eq!(named("ThrottlingException", 429, message), RATE);
    assert_eq!(
        named("ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/", 400, message),
        RATE
    );
    assert_eq!(named("ModelTimeoutException", 408, ""), Failure::Timeout);
    assert_eq!(named("ServiceUnavailableException", 503, "<html></html>"), OVERLOADED);
    assert_eq!(
        named("ModelErrorException", 424, r#"{"message":"x","originalStatusCode":400}"#),
        Failure::Server
    );
    let long = r#"{"message":"Input is too long for requested model."}"#;
    assert_eq!(named("ValidationException", 400, long), Failure::ContextExceeded);
    assert_eq!(named("ValidationException", 400, r#"{"message":"x"}"#), Failure::Client);
    assert_eq!(named("SomethingNewException", 500, "{}"), Failure::Server);
    assert_eq!(named("SomethingNewException", 403, r#"{"message":"x"}"#), Failure::Credential);
}

#[test]
fn what_the_client_wrote_is_no_verdict_on_an_aws_account() {
    for quoted in
        ["Operation not allowed", "The provided model identifier is invalid.", "Invocation of model ID x"]
    {
        let body = format!(r#"{{"__type":"ValidationException","message":"Invalid value: '{quoted}'"}}"#);
        assert_eq!(means(400, &body), Failure::Client, "{body}");
    }
}

#[test]
fn k10_exceptions_in_a_stream_have_their_name_outside() {
    for (name, body, meaning) in [
        ("throttlingException", r#"{"message":"Too many tokens, please wait before trying again."}"#, RATE),
        ("serviceUnavailableException", "{}", OVERLOADED),
        ("modelStreamErrorException", r#"{"message":"x","originalStatusCode":400}"#, Failure::Server),
        ("internalServerException", "", Failure::Server),
        (
            "validationException",
            r#"{"message":"Input is too long for requested model."}"#,
            Failure::ContextExceeded,
        ),
        ("validationException", r#"{"message":"x"}"#, Failure::Client),
        ("modelTimeoutException", r#"{"message":"x"}"#, Failure::Timeout),
        ("InternalFailure", "", Failure::Server),
        ("somethingNew", "not json", Failure::Server),
        ("", "", Failure::Server),
    ] {
        assert_eq!(named_error(name, body.as_bytes()), meaning, "{name} {body}");
    }
}
