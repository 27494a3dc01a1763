//! Who is asking: from the key in the request to a product.

use std::sync::Arc;

use http::{HeaderMap, Uri, header};

use crate::keys::KeyRing;
use crate::refusal::Refusal;
use crate::snapshot::{ProductIndex, Snapshot};

/// A request that may go on.
#[derive(Debug, Clone)]
pub(crate) struct Admitted {
    pub(crate) product: ProductIndex,
    pub(crate) key_id: Option<Arc<str>>,
}

/// Finds the product that the request's key was issued to.
pub(crate) fn admit(
    snapshot: &Snapshot,
    keys: &KeyRing,
    headers: &HeaderMap,
    uri: &Uri,
) -> Result<Admitted, Refusal> {
    if keys.none_issued() {
        let product = snapshot.keyless.ok_or(Refusal::NoKey)?;
        return Ok(Admitted { product, key_id: None });
    }
    let secret = secret(headers, uri).ok_or(Refusal::NoKey)?;
    let key = keys.find(secret).ok_or(Refusal::WrongKey)?;
    let product = snapshot.products.iter().position(|product| product.name == key.product);
    let product = product.ok_or_else(|| Refusal::NoProduct(Arc::clone(&key.product)))?;
    Ok(Admitted { product, key_id: Some(Arc::clone(&key.id)) })
}

/// The key where each SDK puts it: a bearer token, a header of its own, or a query parameter (Gemini's).
fn secret<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a [u8]> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let value = value.as_bytes();
        let (scheme, token) = value.split_at_checked(7)?;
        return scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii());
    }
    ["x-api-key", "api-key", "x-goog-api-key"]
        .into_iter()
        .find_map(|name| headers.get(name))
        .map(http::HeaderValue::as_bytes)
        .or_else(|| uri.query()?.split('&').find_map(|pair| pair.strip_prefix("key=")).map(str::as_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_found_where_each_sdk_puts_it() {
        let find = |name: &'static str, value: &str, uri: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            secret(&headers, &uri.parse().unwrap()).map(<[u8]>::to_vec)
        };
        assert_eq!(find("authorization", "Bearer k", "/").unwrap(), b"k");
        assert_eq!(find("authorization", "bearer  k ", "/").unwrap(), b"k");
        assert_eq!(find("x-api-key", "k", "/").unwrap(), b"k");
        assert_eq!(find("api-key", "k", "/").unwrap(), b"k");
        assert_eq!(find("accept", "*/*", "/v1beta/models?alt=sse&key=k").unwrap(), b"k");
        assert_eq!(find("authorization", "Basic k", "/"), None);
        assert_eq!(find("accept", "*/*", "/"), None);
    }
}
