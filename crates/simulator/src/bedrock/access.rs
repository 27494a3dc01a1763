//! Who asks: a signature of AWS Signature Version 4, or a Bedrock API key (guide "Signing AWS API requests", read
//! 2026-11-28). The form is checked, and whose key it is; the signature too, where the key's secret is known.

use super::signature::Claim;
use crate::{
    http::Request,
    protocol::{Desk, Reason, Refusal},
};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

pub(super) fn authorise(request: &Request, desk: &Desk<'_>) -> Result<(), Refusal> {
    let Some(given) = request.header("authorization") else {
        return Err(refuse("MissingAuthenticationTokenException", "Missing Authentication Token"));
    };
    if let Some(key) = given.strip_prefix("Bearer ") {
        let message = "Authentication failed: Please make sure your API Key is valid.";
        return if is_known(key, desk) { Ok(()) } else { Err(refuse("AccessDeniedException", message)) };
    }
    let Some(fields) = given.strip_prefix(ALGORITHM) else {
        let message =
            format!("Unsupported AWS 'algorithm': '{}'.", given.split(' ').next().unwrap_or_default());
        return Err(refuse("IncompleteSignatureException", message));
    };
    let Signed { access_key, time, claim } =
        signed(fields, request).map_err(|message| refuse("IncompleteSignatureException", message))?;
    if !is_known(access_key, desk) {
        let message = "The security token included in the request is invalid.";
        return Err(refuse("UnrecognizedClientException", message));
    }
    let secret = desk.settings.signing_secret.as_ref();
    if secret.is_none_or(|secret| claim.holds(request, time, secret)) {
        return Ok(());
    }
    let message = "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                   Access Key and signing method. Consult the service documentation for details.";
    Err(refuse("InvalidSignatureException", message))
}

fn is_known(key: &str, desk: &Desk<'_>) -> bool {
    !key.is_empty() && desk.settings.key.as_ref().is_none_or(|known| known == key)
}

/// A signature that has everything a signature must have.
struct Signed<'a> {
    access_key: &'a str,
    time: &'a str,
    claim: Claim<'a>,
}

fn signed<'a>(fields: &'a str, request: &'a Request) -> Result<Signed<'a>, String> {
    let field = |name: &str| {
        let mut given = fields.split(',').map(str::trim);
        let found = given.find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
        found.ok_or_else(|| {
            format!("Authorization header requires '{name}' parameter. Authorization={ALGORITHM}")
        })
    };
    let (credential, signed, signature) =
        (field("Credential")?, field("SignedHeaders")?, field("Signature")?);
    let scope: Vec<&str> = credential.split('/').collect();
    let &[access_key, date, region, service, last @ "aws4_request"] = scope.as_slice() else {
        return Err(format!("Credential must have at least 5 elements separated by '/', got '{credential}'"));
    };
    if service != "bedrock" {
        return Err(format!("Credential should be scoped to correct service: 'bedrock', not '{service}'."));
    }
    if date.len() != 8 || !date.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("Date in Credential scope is not a date: '{date}'"));
    }
    if signature.len() != 64 || !signature.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err("The request signature does not conform to AWS standards.".to_owned());
    }
    let Some(time) = request.header("x-amz-date") else {
        return Err(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.".to_owned()
        );
    };
    if !time.starts_with(date) {
        return Err(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{date}' != '{time}'."
        ));
    }
    let token = request.header("x-amz-security-token").map(|_| "x-amz-security-token");
    for name in ["host", "x-amz-date"].into_iter().chain(token) {
        if !signed.split(';').any(|signed| signed == name) {
            return Err(format!("'{name}' must be a 'SignedHeader' in the AWS Authorization."));
        }
    }
    Ok(Signed { access_key, time, claim: Claim { scope: [date, region, service, last], signed, signature } })
}

fn refuse(code: &'static str, message: impl Into<String>) -> Refusal {
    let is_form = code == "IncompleteSignatureException";
    let reason = if is_form { Reason::BadRequest } else { Reason::Unauthorized };
    Refusal { code: Some(code), ..Refusal::new(reason, message) }
}
