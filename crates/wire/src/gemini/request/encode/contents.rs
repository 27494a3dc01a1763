//! The conversation of a request for a supplier.
//!
//! Google wants the results of a turn's calls right behind it, together and as many as there were calls; consecutive turns
//! of the model become one, and what the user says beside the results follows in a turn of its own. Instructions stand
//! outside, all in one place.

use catalogue::{Protocol, Quirks};

use crate::conversation::{
    Block, Content, Loss, Media, Opaque, Reasoning, Request, Role, Target, Text, ToolCall, ToolResult,
    TranslateError, Turn,
};
use crate::gemini::{ids, media, result, signature};
use crate::json::Json;
use crate::scan::is_object;
use crate::translate::note;

/// Why marks of caches are lost.
const CACHES_BY_ITSELF: &str = "Google caches what repeats by itself";

type Written = Result<(), TranslateError>;

/// Writes `systemInstruction` and `contents`.
pub(super) fn write(
    json: &mut Json,
    request: &Request,
    target: &Target<'_>,
    losses: &mut Vec<Loss>,
) -> Written {
    let mut writer = Writer { json, request, target, losses };
    let (system, others): (Vec<&Turn>, Vec<&Turn>) =
        request.turns.iter().partition(|turn| turn.role == Role::System);
    writer.note_promotion();
    if !system.is_empty() {
        if system.iter().any(|turn| turn.name.is_some()) {
            writer.lose("messages.name", "no names of speakers there");
        }
        writer.json.key("systemInstruction").object().key("parts").array();
        system.iter().flat_map(|turn| &turn.blocks).try_for_each(|block| writer.instruction(block))?;
        writer.json.end_array().end_object();
    }
    writer.json.key("contents").array();
    writer.turns(&others)?;
    writer.json.end_array();
    Ok(())
}

struct Writer<'w> {
    json: &'w mut Json,
    request: &'w Request,
    target: &'w Target<'w>,
    losses: &'w mut Vec<Loss>,
}

impl<'w> Writer<'w> {
    fn lose(&mut self, what: &str, why: &'static str) {
        note(self.losses, Loss::new(what, why));
    }

    /// Instructions within the conversation move to its start.
    fn note_promotion(&mut self) {
        let mut turns = self.request.turns.iter().skip_while(|turn| turn.role == Role::System);
        if turns.any(|turn| turn.role == Role::System) {
            self.lose("messages.order", "instructions within the conversation are moved to its start");
        }
    }

    fn turns(&mut self, turns: &[&'w Turn]) -> Written {
        let mut calls = Vec::new();
        for group in
            turns.chunk_by(|one, next| (one.role == Role::Assistant) == (next.role == Role::Assistant))
        {
            if group.first().is_some_and(|turn| turn.role == Role::Assistant) {
                self.turn(group, "model")?;
                let blocks = group.iter().flat_map(|turn| &turn.blocks);
                calls = blocks.filter_map(Block::call).map(|call| call.id.as_str()).collect();
            } else {
                self.results(group, &std::mem::take(&mut calls))?;
                for turn in group {
                    self.turn(&[turn], "user")?;
                }
            }
        }
        Ok(())
    }

    /// The results in a group of the user's turns, in the order of the calls.
    fn results(&mut self, group: &[&'w Turn], calls: &[&str]) -> Written {
        let blocks = || group.iter().flat_map(|turn| &turn.blocks).filter(|block| result_of(block).is_some());
        if blocks().any(|block| block.cache.is_some()) {
            self.lose("cache_control", CACHES_BY_ITSELF);
        }
        let mut results: Vec<&ToolResult> = blocks().filter_map(result_of).collect();
        results
            .sort_by_key(|result| calls.iter().position(|id| *id == result.call_id).unwrap_or(calls.len()));
        if results.is_empty() {
            return Ok(());
        }
        self.json.object().key("role").text("user").key("parts").array();
        results.iter().try_for_each(|result| self.result(result))?;
        self.json.end_array().end_object();
        if !self.takes_media_in_results() {
            self.media_beside(&results)?;
        }
        Ok(())
    }

    /// Models before Gemini 3 see media only beside a result.
    fn takes_media_in_results(&self) -> bool {
        self.target.quirks.contains(Quirks::THINKING_LEVEL)
    }

    fn media_beside(&mut self, results: &[&ToolResult]) -> Written {
        let media: Vec<&Media> = results.iter().flat_map(|result| media_of(result)).collect();
        if media.is_empty() {
            return Ok(());
        }
        self.lose("tool_result.media", "said beside the result, not in it");
        self.json.object().key("role").text("user").key("parts").array();
        for media in media {
            self.media(media)?;
        }
        self.json.end_array().end_object();
        Ok(())
    }

    /// One content of all that the turns say beside results; none where that is nothing.
    fn turn(&mut self, turns: &[&'w Turn], role: &str) -> Written {
        if turns.iter().any(|turn| turn.name.is_some()) {
            self.lose("messages.name", "no names of speakers there");
        }
        let blocks: Vec<&Block> = turns.iter().flat_map(|turn| &turn.blocks).collect();
        let mut parts = Json::new();
        parts.array();
        let mut inner =
            Writer { json: &mut parts, request: self.request, target: self.target, losses: self.losses };
        let mut is_first_call = true;
        for block in blocks.into_iter().filter(|block| result_of(block).is_none()) {
            inner.block(block, &mut is_first_call)?;
        }
        parts.end_array();
        let parts = parts.finish();
        if parts != b"[]" {
            self.json.object().key("role").text(role).key("parts").raw(parts).end_object();
        }
        Ok(())
    }

    fn instruction(&mut self, block: &Block) -> Written {
        match &block.content {
            Content::Text(_) | Content::Refusal(_) => self.block(block, &mut true),
            _ => Err(TranslateError::unsayable("turns.system", "instructions are text there")),
        }
    }

    fn block(&mut self, block: &Block, is_first_call: &mut bool) -> Written {
        if block.cache.is_some() {
            self.lose("cache_control", CACHES_BY_ITSELF);
        }
        match &block.content {
            Content::Text(text) => self.text(text),
            Content::Refusal(text) => {
                self.lose("refusal", "said as text");
                self.text(&Text { text: text.clone(), ..Text::default() });
            }
            Content::Media(media) => self.media(media)?,
            Content::ToolCall(call) => self.call(call, std::mem::take(is_first_call)),
            Content::ToolResult(_) => {}
            Content::Reasoning(reasoning) => self.reasoning(reasoning),
            Content::Search(_) => self.lose("web_search", "a search that somebody else made"),
            Content::Opaque(opaque) => self.opaque(opaque)?,
        }
        Ok(())
    }

    fn text(&mut self, text: &Text) {
        if !text.citations.is_empty() {
            self.lose("citations", "no place in a conversation there");
        }
        let proof = self.own(text.proof.as_ref());
        // Vertex AI refuses texts without a letter.
        if !text.text.is_empty() || proof.is_some() {
            self.json.object().key("text").text(&text.text).optional("thoughtSignature", proof).end_object();
        }
    }

    fn reasoning(&mut self, reasoning: &Reasoning) {
        let proof = self.own(reasoning.proof.as_ref());
        if !reasoning.text.is_empty() || proof.is_some() {
            self.json.object().key("text").text(&reasoning.text).key("thought").boolean(true);
            self.json.optional("thoughtSignature", proof).end_object();
        }
    }

    /// The signature, where it is the target's own.
    fn own<'o>(&mut self, proof: Option<&'o Opaque>) -> Option<&'o str> {
        let proof = proof?;
        if proof.kind == signature::KIND && proof.is_for(Protocol::Gemini, self.target.owner) {
            return Some(&proof.data);
        }
        self.lose("reasoning.proof", "only the account that made it can read it");
        None
    }

    fn media(&mut self, media: &Media) -> Written {
        self.json.object();
        media::write(self.json, media, self.losses)?;
        self.json.end_object();
        Ok(())
    }

    fn call(&mut self, call: &ToolCall, is_first: bool) {
        let own = self.own(call.proof.as_ref());
        // From Gemini 3 on the first call of a step is refused without its signature. One that came from elsewhere has
        // none, and Google says what to write in its place.
        let wants = is_first && self.target.quirks.contains(Quirks::THINKING_LEVEL);
        let proof = own.or_else(|| wants.then_some(signature::BYPASS));
        self.json.object().key("functionCall").object();
        self.json.optional("id", Some(&call.id).filter(|id| ids::is_given(id)));
        let (arguments, lost) = call.input.as_object();
        self.json.key("name").text(&call.name).key("args").raw(arguments.as_ref());
        if let Some(lost) = lost {
            note(self.losses, lost);
        }
        self.json.end_object().optional("thoughtSignature", proof).end_object();
    }

    fn result(&mut self, result: &ToolResult) -> Written {
        let name = result.name.as_deref().filter(|name| !name.is_empty());
        let name = name.or_else(|| self.request.tool_name(&result.call_id)).ok_or_else(|| {
            TranslateError::unsayable(
                "tool_result.name",
                "the result of a call that is not in the conversation",
            )
        })?;
        let mut texts = Vec::new();
        for block in &result.blocks {
            if block.cache.is_some() {
                self.lose("cache_control", CACHES_BY_ITSELF);
            }
            match &block.content {
                Content::Text(text) if text.text.is_empty() => {}
                Content::Text(text) => texts.push(text.text.as_str()),
                Content::Media(_) => {}
                Content::Refusal(words) => {
                    self.lose("refusal", "said as text");
                    texts.push(words);
                }
                Content::Opaque(opaque) => self.lose(&opaque.kind, "only its own maker can read it"),
                Content::Search(_) => self.lose("web_search", "a search that somebody else made"),
                Content::Reasoning(_) => self.lose("reasoning", "a result is text and media"),
                Content::ToolCall(_) | Content::ToolResult(_) => {
                    self.lose("tool_result", "a result is text and media");
                }
            }
        }
        self.json.object().key("functionResponse").object();
        self.json.optional("id", Some(&result.call_id).filter(|id| ids::is_given(id)));
        self.json.key("name").text(name).key("response");
        result::write(self.json, &texts.join("\n"), result.is_error);
        if self.takes_media_in_results() && media_of(result).next().is_some() {
            self.json.key("parts").array();
            for media in media_of(result) {
                self.media(media)?;
            }
            self.json.end_array();
        }
        self.json.end_object().end_object();
        Ok(())
    }

    fn opaque(&mut self, opaque: &Opaque) -> Written {
        if !opaque.is_for(Protocol::Gemini, self.target.owner) {
            self.lose(&opaque.kind, "a block of another supplier's");
            return Ok(());
        }
        // It went through the client's hands.
        if !is_object(opaque.data.as_bytes()) {
            return Err(TranslateError::malformed(&*opaque.kind, "a part was expected"));
        }
        self.json.raw(&opaque.data);
        Ok(())
    }
}

const fn result_of(block: &Block) -> Option<&ToolResult> {
    match &block.content {
        Content::ToolResult(result) => Some(result),
        _ => None,
    }
}

fn media_of(result: &ToolResult) -> impl Iterator<Item = &Media> {
    result.blocks.iter().filter_map(|block| match &block.content {
        Content::Media(media) => Some(media),
        _ => None,
    })
}
