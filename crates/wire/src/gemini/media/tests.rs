//! Where media is, and how it is said.

use serde_json::{Value, json};

use super::*;
use crate::conversation::testing::media;

fn written(media: &Media) -> Result<(Value, Vec<String>), String> {
    let (mut json, mut losses) = (Json::new(), Vec::new());
    json.object();
    write(&mut json, media, &mut losses).map_err(|error| error.to_string())?;
    json.end_object();
    let part = serde_json::from_slice(&json.finish()).unwrap();
    Ok((part, losses.into_iter().map(|loss| loss.what).collect()))
}

fn url(address: &str) -> MediaSource {
    MediaSource::Url(address.to_owned())
}

#[test]
fn f19_each_source_has_its_form() {
    let file = |media_type: Option<&str>, address: &str| match media_type {
        Some(media_type) => json!({"fileData": {"mimeType": media_type, "fileUri": address}}),
        None => json!({"fileData": {"fileUri": address}}),
    };
    let inline = |media_type: &str, data: &str| json!({"inlineData": {"mimeType": media_type, "data": data}});
    let held = "https://generativelanguage.googleapis.com/v1beta/files/abc";
    for (media, expected) in [
        (
            media(MediaKind::Image, Some("image/png"), MediaSource::Base64("AAAA".into())),
            inline("image/png", "AAAA"),
        ),
        (media(MediaKind::Document, None, MediaSource::Text("ä".into())), inline("text/plain", "w6Q=")),
        (
            media(MediaKind::Image, Some("image/webp"), url("https://e.com/x")),
            file(Some("image/webp"), "https://e.com/x"),
        ),
        (
            media(MediaKind::Image, None, url("https://e.com/a.b/x.JPG?y=z.png")),
            file(Some("image/jpeg"), "https://e.com/a.b/x.JPG?y=z.png"),
        ),
        (media(MediaKind::Image, None, url("gs://bucket/x")), file(None, "gs://bucket/x")),
        (media(MediaKind::Video, None, url("https://youtu.be/x")), file(None, "https://youtu.be/x")),
        (
            media(MediaKind::Document, Some("application/pdf"), MediaSource::Held("gs://b/x".into())),
            file(Some("application/pdf"), "gs://b/x"),
        ),
        (media(MediaKind::Document, None, MediaSource::Held(held.into())), file(None, held)),
    ] {
        assert_eq!(written(&media), Ok((expected, vec![])), "{media:?}");
    }
}

#[test]
fn f19_what_google_cannot_fetch_is_refused() {
    for (media, word) in [
        (media(MediaKind::Image, None, url("https://e.com/image")), "media_type"),
        (media(MediaKind::Image, None, url("https://e.png/image")), "media_type"),
        (media(MediaKind::Image, None, MediaSource::Base64("AAAA".into())), "media_type"),
        (media(MediaKind::Image, Some("image/png"), url("data:image/png;base64,AAAA")), "media.url"),
        (media(MediaKind::Image, Some("image/png"), url("file:///etc/passwd")), "media.url"),
        (media(MediaKind::Document, None, MediaSource::Held("file-abc".into())), "media.file_id"),
    ] {
        assert!(written(&media).unwrap_err().contains(word), "{media:?}");
    }
}

#[test]
fn names_and_details_are_lost_by_name() {
    let image = media(MediaKind::Image, Some("image/png"), MediaSource::Base64("AAAA".into()));
    let named = Media { name: Some("x.png".into()), detail: Some("low".into()), ..image.clone() };
    assert_eq!(written(&named).unwrap().1, ["media.name", "media.detail"]);
    let auto = Media { detail: Some("auto".into()), ..image };
    assert_eq!(written(&auto).unwrap().1, [""; 0]);
}

#[test]
fn f19_files_are_read_as_what_they_are() {
    let read = |json: Value| {
        let text = json.to_string();
        let mut scan = Scanner::new(text.as_bytes()).unwrap();
        let is_file = json.get("fileUri").is_some();
        let read =
            if is_file { read_file(&mut scan, &mut vec![]) } else { read_inline(&mut scan, &mut vec![]) };
        read.unwrap()
    };
    let held = |address: &str| MediaSource::Held(address.to_owned());
    for (json, expected) in [
        (
            json!({"fileUri": "gs://b/x.png", "mimeType": "image/png"}),
            media(MediaKind::Image, Some("image/png"), held("gs://b/x.png")),
        ),
        (
            json!({"fileUri": "https://www.youtube.com/watch?v=x"}),
            media(MediaKind::Video, None, url("https://www.youtube.com/watch?v=x")),
        ),
        (
            json!({"fileUri": "https://e.com/x.mp3", "mimeType": "audio/mp3"}),
            media(MediaKind::Audio, Some("audio/mp3"), url("https://e.com/x.mp3")),
        ),
        // The Python SDK writes bytes in the alphabet for URLs.
        (
            json!({"data": "-_8", "mimeType": "video/mp4"}),
            media(MediaKind::Video, Some("video/mp4"), MediaSource::Base64("+/8=".into())),
        ),
        (
            json!({"data": "w6Q", "mimeType": "text/plain; charset=utf-8"}),
            media(MediaKind::Document, Some("text/plain; charset=utf-8"), MediaSource::Text("ä".into())),
        ),
        (
            json!({"data": "/w==", "mimeType": "text/plain"}),
            media(MediaKind::Document, Some("text/plain"), MediaSource::Base64("/w==".into())),
        ),
    ] {
        assert_eq!(read(json.clone()), expected, "{json}");
    }
}
