//! Who is asking: from the key in the request to a product.

use std::sync::Arc;

use http::{HeaderMap, Uri, header};

use crate::headers::KEYS;
use crate::keys::KeyRing;
use crate::refusal::Refusal;
use crate::snapshot::{ProductIndex, Snapshot};
use crate::visitor;

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
        visitor::look(headers, uri, false)?;
        return Ok(Admitted { product, key_id: None });
    }
    let mut refusal = Refusal::NoKey;
    let key = secrets(headers, uri).find_map(|secret| {
        refusal = Refusal::WrongKey;
        keys.find(secret)
    });
    let key = key.ok_or(refusal)?;
    let product = snapshot.products.iter().position(|product| product.name == key.product);
    let product = product.ok_or_else(|| Refusal::NoProduct(Arc::clone(&key.product)))?;
    Ok(Admitted { product, key_id: Some(Arc::clone(&key.id)) })
}

/// What stands where each SDK puts its key: a bearer token, a header of its own, or a query parameter (Gemini's). Some
/// programs fill in more than one place, one of them with a stand-in; whichever is in force counts.
fn secrets<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> impl Iterator<Item = &'a [u8]> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| bearer(value.as_bytes()));
    let named =
        KEYS.into_iter().filter_map(|name| headers.get(name)).map(|value| value.as_bytes().trim_ascii());
    let pairs = uri.query().unwrap_or_default().split('&');
    let asked = pairs.filter_map(|pair| pair.strip_prefix("key=")).map(str::as_bytes).take(1);
    bearer.into_iter().chain(named).chain(asked).filter(|secret| !secret.is_empty())
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_found_where_each_sdk_puts_it() {
        let find = |name: &'static str, value: &str, uri: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            secrets(&headers, &uri.parse().unwrap()).next().map(<[u8]>::to_vec)
        };
        assert_eq!(find("authorization", "Bearer k", "/").unwrap(), b"k");
        assert_eq!(find("authorization", "bearer  k ", "/").unwrap(), b"k");
        assert_eq!(find("x-api-key", "k", "/").unwrap(), b"k");
        assert_eq!(find("api-key", "k", "/").unwrap(), b"k");
        assert_eq!(find("accept", "*/*", "/v1beta/models?alt=sse&key=k").unwrap(), b"k");
        assert_eq!(find("authorization", "Basic k", "/"), None);
        assert_eq!(find("accept", "*/*", "/"), None);
    }

    #[test]
    fn every_place_is_looked_at_and_an_empty_one_is_none() {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Bearer ".parse().unwrap());
        headers.insert("x-api-key", "one".parse().unwrap());
        headers.insert("api-key", "".parse().unwrap());
        let uri = "/?key=two&key=three".parse().unwrap();
        assert!(secrets(&headers, &uri).eq([b"one".as_slice(), b"two"]));
        headers.insert("authorization", "Bearer zero".parse().unwrap());
        assert!(secrets(&headers, &uri).eq([b"zero".as_slice(), b"one", b"two"]));
    }
}
