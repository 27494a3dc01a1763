//! What a message says: a string, or a list of parts.

use super::super::super::media;
use super::super::super::read::{Losses, NO_PLACE, Read, elements, members, text, wrong};
use super::super::super::words::{read_breakpoint, read_mark};
use crate::conversation::{Block, CacheMark, Content, Media, MediaKind, Opaque, Reasoning, TranslateError};
use crate::scan::{Kind, Scanner};
use catalogue::Protocol;

/// Reads `content`. Empty texts say nothing, and some suppliers refuse them.
pub(super) fn read(scan: &mut Scanner<'_>, losses: &mut Losses) -> Read<Vec<Block>> {
    let mut blocks = Vec::new();
    if scan.kind()? == Kind::String {
        let text = text(scan)?.filter(|text| !text.is_empty());
        blocks.extend(text.map(|text| Block::from(Content::text(text))));
        return Ok(blocks);
    }
    elements(scan, |scan| {
        blocks.extend(Part::read(scan, losses)?.block(losses)?);
        Ok(())
    })?;
    Ok(blocks)
}

/// One part, member by member.
#[derive(Debug, Default)]
struct Part {
    kind: Option<String>,
    text: Option<String>,
    refusal: Option<String>,
    thinking: Option<String>,
    signature: Option<String>,
    media: Option<Media>,
    cache: Option<CacheMark>,
}

impl Part {
    fn read(scan: &mut Scanner<'_>, losses: &mut Losses) -> Read<Self> {
        if scan.kind()? != Kind::Object {
            return Err(wrong("an object was expected"));
        }
        let mut part = Self::default();
        // A part of a kind that we do not know is refused as a whole, whatever is in it.
        let mut unknown = Losses::default();
        members(scan, |scan, name| {
            match name {
                b"type" => part.kind = text(scan)?,
                b"text" => part.text = text(scan)?,
                b"refusal" => part.refusal = text(scan)?,
                b"image_url" => {
                    part.media = Some(media::read_address(scan, MediaKind::Image, &mut unknown)?);
                }
                b"video_url" => {
                    part.media = Some(media::read_address(scan, MediaKind::Video, &mut unknown)?);
                }
                b"audio_url" => {
                    part.media = Some(media::read_address(scan, MediaKind::Audio, &mut unknown)?);
                }
                b"input_audio" => part.media = Some(media::read_audio(scan, &mut unknown)?),
                b"file" => part.media = Some(media::read_file(scan, &mut unknown)?),
                b"cache_control" => part.cache = read_mark(scan, &mut unknown)?.or(part.cache),
                b"prompt_cache_breakpoint" => {
                    part.cache = part.cache.or(read_breakpoint(scan, &mut unknown)?);
                }
                b"thinking" => part.thinking = Some(thought(scan)?),
                b"signature" => part.signature = text(scan)?,
                _ => unknown.unknown(scan, "messages.content", name)?,
            }
            Ok(())
        })?;
        for loss in unknown.as_slice() {
            losses.note(&loss.what, loss.why);
        }
        Ok(part)
    }

    /// The block that it is; `None` where it says nothing.
    fn block(self, losses: &mut Losses) -> Read<Option<Block>> {
        let missing = || wrong("what the part is to hold is missing");
        let cache = self.cache;
        let content = match self.kind.as_deref() {
            Some("text") => {
                let text = self.text.ok_or_else(missing)?;
                if text.is_empty() && cache.is_none() {
                    return Ok(None);
                }
                Content::text(text)
            }
            Some("refusal") => Content::Refusal(self.refusal.ok_or_else(missing)?),
            Some("image_url" | "video_url" | "audio_url" | "input_audio" | "file") => {
                Content::Media(self.media.ok_or_else(missing)?)
            }
            // Mistral's and Anthropic's, within the content.
            Some("thinking") => {
                if cache.is_some() {
                    losses.note("messages.content.cache_control", "reasoning carries none");
                }
                let proof = self.signature.filter(|signature| !signature.is_empty());
                let content = Content::Reasoning(Reasoning {
                    text: self.thinking.unwrap_or_default(),
                    proof: proof.map(|text| Opaque::given_back(Protocol::OpenaiChat, "signature", &text)),
                    is_summary: false,
                });
                return Ok(Some(content.into()));
            }
            Some(kind) => {
                let what = format!("messages.content.{kind}");
                return Err(TranslateError::unsayable(what, NO_PLACE).into());
            }
            None => return Err(wrong("`type` is missing")),
        };
        Ok(Some(Block { content, cache }))
    }
}

/// The text of a thought: a string, or a list of text parts.
fn thought(scan: &mut Scanner<'_>) -> Read<String> {
    if scan.kind()? != Kind::Array {
        return Ok(text(scan)?.unwrap_or_default());
    }
    let mut whole = String::new();
    elements(scan, |scan| {
        members(scan, |scan, name| {
            match name {
                b"text" => whole.push_str(&text(scan)?.unwrap_or_default()),
                _ => scan.skip()?,
            }
            Ok(())
        })
    })?;
    Ok(whole)
}
