//! Who asks: a signature of AWS Signature Version 4, or a Bedrock API key (guide "Signing AWS API requests", read
//! 2026-11-28). The form is checked, and whose key it is; not the signature's arithmetic.

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
    let access_key =
        signer(fields, request).map_err(|message| refuse("IncompleteSignatureException", message))?;
    if is_known(access_key, desk) {
        return Ok(());
    }
    Err(refuse("UnrecognizedClientException", "The security token included in the request is invalid."))
}

fn is_known(key: &str, desk: &Desk<'_>) -> bool {
    !key.is_empty() && desk.settings.key.as_ref().is_none_or(|known| known == key)
}

/// The access key of a signature that has everything a signature must have.
fn signer<'a>(fields: &'a str, request: &Request) -> Result<&'a str, String> {
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
    let [access_key, date, _region, service, "aws4_request"] = scope.as_slice() else {
        return Err(format!("Credential must have at least 5 elements separated by '/', got '{credential}'"));
    };
    if *service != "bedrock" {
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
    for name in ["host", "x-amz-date"] {
        if !signed.split(';').any(|signed| signed == name) {
            return Err(format!("'{name}' must be a 'SignedHeader' in the AWS Authorization."));
        }
    }
    Ok(access_key)
}

fn refuse(code: &'static str, message: impl Into<String>) -> Refusal {
    let is_form = code == "IncompleteSignatureException";
    let reason = if is_form { Reason::BadRequest } else { Reason::Unauthorized };
    Refusal { code: Some(code), ..Refusal::new(reason, message) }
}
