//! The path to a model's method.

use std::fmt::Write as _;

/// Collections of which a model's name may already say that it is in them.
/// Source: `t_model` in `_transformers.py` of google-genai 3.4.0, read 2026-11-28.
const COLLECTIONS: [&str; 2] = ["models/", "tunedModels/"];

/// What is appended to the base URL. All that is not unreserved in a URL is percent-encoded in the name, slashes and
/// colons included, so a name stays one segment and cannot name another method.
pub(super) fn of(model: &str, method: &str) -> String {
    let (collection, name) = COLLECTIONS
        .iter()
        .find_map(|collection| Some((*collection, model.strip_prefix(collection)?)))
        .unwrap_or((COLLECTIONS[0], model));
    let mut path = format!("/v1beta/{collection}");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            write!(path, "%{byte:02X}").expect("a string takes everything");
        }
    }
    path.push(':');
    path.push_str(method);
    path
}
