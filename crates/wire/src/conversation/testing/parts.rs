//! What both requests and answers are made of.

use std::sync::Arc;

use catalogue::Protocol;
use proptest::prelude::*;

use super::texts::{any_text, some_text};
use crate::conversation::{
    CacheMark, Citation, Logprob, Media, MediaKind, MediaSource, Opaque, Reasoning, Text, TokenLogprob,
};

/// One in `odds`, or nothing.
pub(crate) fn rarely<T: std::fmt::Debug + Clone>(
    odds: u32,
    some: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<T>> {
    prop::option::weighted(1.0 / f64::from(odds), some)
}

/// What proves something to its maker: of any protocol, made by anybody.
pub(crate) fn any_proof() -> impl Strategy<Value = Opaque> {
    let owner = prop::sample::select(&[None, Some("account"), Some("another")][..]);
    (prop::sample::select(&Protocol::ALL[..]), owner, "[A-Za-z0-9+/]{4,12}={0,2}").prop_map(
        |(protocol, owner, data)| {
            let kind = match protocol {
                Protocol::OpenaiResponses => "encrypted_content",
                Protocol::Gemini => "thought_signature",
                _ => "signature",
            };
            Opaque { owner: owner.map(Arc::from), ..Opaque::new(protocol, kind, data) }
        },
    )
}

pub(crate) fn any_mark() -> impl Strategy<Value = CacheMark> {
    prop::sample::select(&[CacheMark::Short, CacheMark::Hour][..])
}

/// Text with what is known about it: sources whose passages are in it, and probabilities that are of its characters.
pub(crate) fn any_said(cites: bool, weighs: bool) -> impl Strategy<Value = Text> {
    let citations = prop::collection::vec(any_citation(), if cites { 0..3 } else { 0..1 });
    let weighed = prop::bool::weighted(if weighs { 0.2 } else { 0.0 });
    (some_text(), rarely(3, citations), weighed).prop_map(move |(text, citations, weighed)| {
        let length = text.chars().count() as u64;
        let citations = citations.unwrap_or_default().into_iter().map(|(citation, start, end)| {
            let (start, end) =
                (start.index(text.chars().count()) as u64, end.index(text.chars().count()) as u64);
            Citation { range: Some((start.min(end), (start.max(end) + 1).min(length))), ..citation }
        });
        let mut citations: Vec<Citation> = if cites { citations.collect() } else { Vec::new() };
        citations.dedup_by(|next, last| next.url == last.url);
        let logprobs = if weighed { text.chars().map(token).collect() } else { Vec::new() };
        Text { text, citations, logprobs, proof: None }
    })
}

fn token(letter: char) -> TokenLogprob {
    let one = |token: String, logprob: &str| Logprob {
        bytes: Some(token.clone().into_bytes()),
        token,
        logprob: logprob.to_owned(),
    };
    let chosen = one(letter.to_string(), "-0.10");
    TokenLogprob { top: vec![chosen.clone(), one("x".to_owned(), "-1e-3")], chosen }
}

type Place = prop::sample::Index;

fn any_citation() -> impl Strategy<Value = (Citation, Place, Place)> {
    let url = prop::sample::select(&["https://example.com/a?b=1", "https://example.org/ü"][..]);
    let source = (url, rarely(2, some_text()), rarely(2, some_text()));
    let citation = source.prop_map(|(url, title, quote)| Citation {
        url: Some(url.to_owned()),
        title,
        quote,
        range: None,
        place: None,
    });
    (citation, any::<Place>(), any::<Place>())
}

/// Media of every kind, from everywhere.
pub(crate) fn any_media() -> impl Strategy<Value = Media> {
    let kinds = &[
        (MediaKind::Image, "image/png"),
        (MediaKind::Image, "image/jpeg"),
        (MediaKind::Audio, "audio/wav"),
        (MediaKind::Document, "application/pdf"),
        (MediaKind::Video, "video/mp4"),
    ][..];
    let source = prop_oneof![
        4 => prop::sample::select(&["aGk=", "AAECAwQF"][..]).prop_map(|data| MediaSource::Base64(data.into())),
        2 => Just(MediaSource::Url("https://example.com/file?a=\"b\"".to_owned())),
        1 => Just(MediaSource::Held("file-123".to_owned())),
    ];
    let name = rarely(2, Just("report.pdf".to_owned()));
    let file = (prop::sample::select(kinds), source, name).prop_map(|((kind, media_type), source, name)| {
        let name = name.filter(|_| kind == MediaKind::Document);
        Media { kind, media_type: Some(media_type.into()), source, name, detail: None, about: None }
    });
    let note = (some_text(), rarely(3, some_text())).prop_map(|(text, name)| Media {
        kind: MediaKind::Document,
        media_type: Some("text/plain".into()),
        source: MediaSource::Text(text),
        name,
        detail: None,
        about: None,
    });
    prop_oneof![
        3 => an_image(),
        3 => file,
        1 => note,
    ]
}

/// A picture in its own bytes, which most take.
pub(crate) fn an_image() -> impl Strategy<Value = Media> {
    let detail = rarely(4, prop::sample::select(&["low", "high", "auto"][..]).prop_map(str::to_owned));
    detail.prop_map(|detail| Media {
        kind: MediaKind::Image,
        media_type: Some("image/png".into()),
        source: MediaSource::Base64("iVBORw0KGgo=".into()),
        name: None,
        detail,
        about: None,
    })
}

/// Reasoning: shown, proved, both, or as a summary.
pub(crate) fn any_reasoning() -> impl Strategy<Value = Reasoning> {
    (some_text(), any_text(), rarely(2, any_proof()), prop::bool::weighted(0.2)).prop_map(
        |(shown, kept, proof, is_summary)| {
            let text = if proof.is_some() && kept.len() < 4 { String::new() } else { shown };
            Reasoning { text, proof, is_summary }
        },
    )
}
