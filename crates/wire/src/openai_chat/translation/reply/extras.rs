//! What stands beside a message's text: sources, probabilities, Google's signatures.

use super::super::read::Losses;
use super::said;
use crate::conversation::{Citation, Logprob, TokenLogprob};
use crate::scan::{Kind, ScanError, Scanner};

/// Reads a list of annotations.
pub(super) fn read_citations(
    scan: &mut Scanner<'_>,
    losses: &mut Losses,
) -> Result<Vec<Citation>, ScanError> {
    let mut citations = Vec::new();
    if scan.kind()? != Kind::Array {
        scan.skip()?;
        return Ok(citations);
    }
    scan.array(|scan| {
        if scan.kind()? != Kind::Object {
            return scan.skip();
        }
        let mut found = None;
        scan.object(|scan, name| {
            if name == b"url_citation" && scan.kind()? == Kind::Object {
                found = Some(read_citation(scan)?);
                return Ok(());
            }
            scan.skip()
        })?;
        match found {
            Some(citation) => citations.push(citation),
            None => losses.note("annotations", "not the address of a source"),
        }
        Ok(())
    })?;
    Ok(citations)
}

/// Reads `{url, title, start_index, end_index}`; `content`, the passage, is `OpenRouter`'s.
fn read_citation(scan: &mut Scanner<'_>) -> Result<Citation, ScanError> {
    let mut citation = Citation::default();
    let (mut start, mut end) = (None, None);
    scan.object(|scan, name| {
        match name {
            b"url" => citation.url = said(scan)?,
            b"title" => citation.title = said(scan)?,
            b"content" => citation.quote = said(scan)?,
            b"start_index" => start = scan.integer()?,
            b"end_index" => end = scan.integer()?,
            _ => scan.skip()?,
        }
        Ok::<_, ScanError>(())
    })?;
    citation.range = start.zip(end);
    Ok(citation)
}

/// Reads `{content, refusal}`.
pub(super) fn read_logprobs(
    scan: &mut Scanner<'_>,
    losses: &mut Losses,
) -> Result<Vec<TokenLogprob>, ScanError> {
    let mut tokens = Vec::new();
    if scan.kind()? != Kind::Object {
        scan.skip()?;
        return Ok(tokens);
    }
    scan.object(|scan, name| {
        if name != b"content" || scan.kind()? != Kind::Array {
            return losses.unknown(scan, "logprobs", name);
        }
        scan.array(|scan| {
            if scan.kind()? == Kind::Object {
                let mut top = Vec::new();
                if let Some(chosen) = read_token(scan, Some(&mut top))? {
                    tokens.push(TokenLogprob { chosen, top });
                }
                return Ok(());
            }
            scan.skip()
        })
    })?;
    Ok(tokens)
}

/// A token; `None` where it has no probability. `top` takes the list in it.
fn read_token(
    scan: &mut Scanner<'_>,
    mut top: Option<&mut Vec<Logprob>>,
) -> Result<Option<Logprob>, ScanError> {
    let mut token = String::new();
    let mut logprob = None;
    let mut bytes = None;
    scan.object(|scan, name| {
        let kind = scan.kind()?;
        match (name, kind) {
            (b"token", Kind::String) => token = scan.string()?.unescape().into_owned(),
            (b"logprob", Kind::Number) => {
                let range = scan.range()?;
                logprob = Some(String::from_utf8_lossy(scan.slice(range)).into_owned());
            }
            (b"bytes", Kind::Array) => bytes = read_bytes(scan)?,
            (b"top_logprobs", Kind::Array) if top.is_some() => scan.array(|scan| {
                if scan.kind()? != Kind::Object {
                    return scan.skip();
                }
                let token = read_token(scan, None)?;
                if let Some(top) = top.as_deref_mut() {
                    top.extend(token);
                }
                Ok(())
            })?,
            _ => scan.skip()?,
        }
        Ok::<_, ScanError>(())
    })?;
    Ok(logprob.map(|logprob| Logprob { token, logprob, bytes }))
}

/// A list of bytes; `None` where a number in it is none.
fn read_bytes(scan: &mut Scanner<'_>) -> Result<Option<Vec<u8>>, ScanError> {
    let mut bytes = Some(Vec::new());
    scan.array(|scan| {
        let byte = scan.integer()?.and_then(|byte| u8::try_from(byte).ok());
        match (byte, &mut bytes) {
            (Some(byte), Some(bytes)) => bytes.push(byte),
            _ => bytes = None,
        }
        Ok::<_, ScanError>(())
    })?;
    Ok(bytes)
}

/// The signature in `{google: {thought_signature}}`, which Google's compatible endpoint puts into calls and messages.
pub(in super::super) fn read_signature(scan: &mut Scanner<'_>) -> Result<Option<String>, ScanError> {
    let mut signature = None;
    if scan.kind()? != Kind::Object {
        scan.skip()?;
        return Ok(None);
    }
    scan.object(|scan, name| {
        if name != b"google" || scan.kind()? != Kind::Object {
            return scan.skip();
        }
        scan.object(|scan, name| {
            if name == b"thought_signature" {
                signature = said(scan)?;
                return Ok(());
            }
            scan.skip()
        })
    })?;
    Ok(signature)
}
