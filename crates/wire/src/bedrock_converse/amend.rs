//! A deployment's changes in a Converse request. Claude takes members of its own beside Converse's.

use memchr::memmem;

use super::request::is_claude;
use crate::amend::claude::{self, THINKS};
use crate::amend::{
    AmendTo, Amended, Amendments, Instructions, Members, Wanted, last, member, quoted, without_place,
};
use crate::conversation::Loss;

pub(super) fn amend(body: &[u8], amendments: &Amendments, to: &AmendTo<'_>) -> Amended {
    let ours = &amendments.parameters;
    let is_claude = is_claude(to.model);
    let mut losses = Vec::new();
    let absent: &[&str] = if is_claude { &[] } else { &["top_k"] };
    without_place(ours, &[&["seed", "frequency_penalty", "presence_penalty"], absent].concat(), &mut losses);
    let is_forced = || {
        let choice = member(body, "toolConfig").and_then(|config| member(config, "toolChoice"));
        choice.is_some_and(|choice| member(choice, "any").or(member(choice, "tool")).is_some())
    };
    let answers_tool = || {
        member(body, "messages")
            .and_then(last)
            .is_some_and(|last| memmem::find(last, b"\"toolResult\"").is_some())
    };
    let thinking = if is_claude {
        claude::thinking(ours, to, is_forced, answers_tool, &mut losses)
    } else {
        let lost = || Loss::new("reasoning_effort", "how this model is asked to think is not known");
        losses.extend(ours.reasoning_effort.as_ref().map(|_| lost()));
        None
    };
    let is_on = thinking.as_ref().is_some_and(|thinking| thinking.is_on);
    let gives_way = |given: &Option<String>| match given {
        Some(ours) => Some(Wanted::Value(ours.clone().into())),
        None => is_on.then_some(Wanted::Gone(Some(THINKS))),
    };
    let (mut inference, mut output, mut more) = (Members::default(), Members::default(), Members::default());
    inference
        .want(&["temperature"], gives_way(&ours.temperature))
        .want(&["topP"], gives_way(&ours.top_p))
        .set(&["maxTokens"], ours.max_tokens_json())
        .set(&["stopSequences"], ours.stop_json());
    output.set(&["effort"], thinking.as_ref().and_then(|thinking| thinking.effort.map(quoted)));
    more.want(&["top_k"], gives_way(&ours.top_k).filter(|_| is_claude))
        .set(&["thinking"], thinking.map(|thinking| thinking.json));
    let mut members = Members::default();
    members
        .want(&["system"], amendments.system_prefix.as_deref().map(front))
        .want(&["inferenceConfig"], inference.object())
        .want(&["outputConfig"], output.object())
        .want(&["additionalModelRequestFields"], more.object());
    Amended::of(body, members, losses)
}

fn front(prefix: &str) -> Wanted {
    let alone = |prefix: &str| [b"[", &block(prefix)[..], b"]"].concat();
    Wanted::Front(Instructions::new(prefix, alone, Some(block)))
}

fn block(prefix: &str) -> Vec<u8> {
    [b"{\"text\":", &quoted(prefix)[..], b"}"].concat()
}
