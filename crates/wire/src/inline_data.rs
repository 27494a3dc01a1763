//! Media within a request, as clients write it: base64 in any form, alone or in a `data:` address.
//!
//! **Promises**: what comes out is padded base64 in the standard alphabet, which every supplier takes; and a media type as
//! suppliers know it, by the data itself where nothing is said.

use std::sync::Arc;

use bytes::Bytes;

use crate::conversation::MediaSource;

/// The type, where it is known, and where the data is.
pub(crate) type Found = (Option<Arc<str>>, MediaSource);

/// What an address leads to: itself, or the data in it.
///
/// # Errors
/// What is wrong with the data.
pub(crate) fn addressed(address: &str) -> Result<Found, &'static str> {
    if is_data_uri(address) { encoded(address) } else { Ok((None, MediaSource::Url(address.to_owned()))) }
}

/// A `data:` address, or bare base64.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn encoded(data: &str) -> Result<Found, &'static str> {
    if !is_data_uri(data) {
        return inline(None, data);
    }
    let (head, data) = data[5..].split_once(',').ok_or("a data URI without data")?;
    let (head, encoding) = head.rsplit_once(';').unwrap_or((head, ""));
    if !encoding.trim().eq_ignore_ascii_case("base64") {
        return Err("a data URI has to be in base64");
    }
    inline(Some(head), data)
}

/// Base64 with its media type, where that is said.
///
/// # Errors
/// That it is none.
pub(crate) fn inline(media_type: Option<&str>, data: &str) -> Result<Found, &'static str> {
    let base64 = standard_base64(data).ok_or("this is not base64")?;
    let said = media_type.filter(|said| !said.is_empty()).map(self::media_type);
    let media_type = said.or_else(|| by_first_bytes(&base64).map(Arc::from));
    Ok((media_type, MediaSource::Base64(base64)))
}

/// A media type as suppliers know it. What stands behind that of sound says how it is to be played.
pub(crate) fn media_type(said: &str) -> Arc<str> {
    if ["audio/", "video/"].iter().any(|kind| said.starts_with(kind)) {
        return said.into();
    }
    let essence = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "image/jpg" { "image/jpeg".into() } else { essence.into() }
}

fn is_data_uri(address: &str) -> bool {
    address.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
}

/// Base64 in its standard alphabet, padded. Clients write it in lines, for addresses, or without padding.
pub(crate) fn standard_base64(data: &str) -> Option<Bytes> {
    let is_standard = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let unpadded = data.trim_end_matches('=');
    if data.len().is_multiple_of(4) && data.len() - unpadded.len() <= 2 && unpadded.bytes().all(is_standard) {
        return Some(Bytes::copy_from_slice(data.as_bytes()));
    }
    let letters = data.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=');
    let mut repaired: Vec<u8> = letters
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        })
        .collect();
    if !repaired.iter().copied().all(is_standard) || repaired.len() % 4 == 1 {
        return None;
    }
    repaired.resize(repaired.len().next_multiple_of(4), b'=');
    Some(repaired.into())
}

/// The media type by the first bytes, which are as telling in base64.
fn by_first_bytes(base64: &[u8]) -> Option<&'static str> {
    let starts: [(&[u8], &str); 4] = [
        (b"/9j/", "image/jpeg"),
        (b"iVBORw0KGgo", "image/png"),
        (b"R0lGOD", "image/gif"),
        (b"JVBERi", "application/pdf"),
    ];
    // RIFF, whose kind stands behind its length.
    let riff = base64.starts_with(b"UklGR").then(|| base64.get(12..16)).flatten();
    match riff {
        Some(b"RUJQ") => Some("image/webp"),
        Some(b"QVZF") => Some("audio/wav"),
        _ => starts.into_iter().find(|(start, _)| base64.starts_with(start)).map(|(_, kind)| kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(address: &str) -> Result<(Option<String>, String), &'static str> {
        let (media_type, source) = addressed(address)?;
        let MediaSource::Base64(data) = source else { panic!("{source:?}") };
        Ok((media_type.map(|kind| kind.to_string()), String::from_utf8(data.to_vec()).unwrap()))
    }

    #[test]
    fn data_is_base64_in_any_form_and_comes_out_in_one() {
        let png = |data: &str| Ok((Some("image/png".to_owned()), data.to_owned()));
        assert_eq!(found("data:image/png;base64,AA+/"), png("AA+/"));
        assert_eq!(found("DATA:Image/PNG;Base64,AA-_"), png("AA+/"));
        assert_eq!(found("data:image/png;charset=utf-8;base64,AAA"), png("AAA="));
        assert_eq!(found("data:image/png;base64,AAAA\r\nAA==\n"), png("AAAAAA=="));
        assert_eq!(found("data:;base64,iVBORw0KGgoA"), png("iVBORw0KGgoA"));
        assert_eq!(found("data:image/jpg;base64,AAAA").unwrap().0.as_deref(), Some("image/jpeg"));
        assert_eq!(found("data:;base64,AAAA").unwrap().0, None);
        for (kind, data) in [("image/webp", "UklGRgAAAABXRUJQ"), ("audio/wav", "UklGRgAAAABXQVZF")] {
            assert_eq!(inline(None, data).unwrap().0.as_deref(), Some(kind));
        }
        let sound = "data:audio/L16;rate=24000;base64,AAAA";
        assert_eq!(found(sound).unwrap().0.as_deref(), Some("audio/L16;rate=24000"));
        for wrong in ["data:image/png;base64,@@@@", "data:image/png,abc", "data:image/png", "data:;base64,A"]
        {
            assert!(found(wrong).is_err(), "{wrong}");
        }
        let address = "https://a.example/b.png";
        assert_eq!(addressed(address), Ok((None, MediaSource::Url(address.to_owned()))));
    }
}
