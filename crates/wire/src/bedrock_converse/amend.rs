//! A deployment's changes in a Converse request. Claude takes members of its own beside Converse's.

use super::request::is_claude;
use crate::amend::claude::{Fit, Said};
use crate::amend::{
    AmendTo, Amended, Amendments, Instructions, Members, Wanted, any_element, last, member, quoted,
    without_place,
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
        let is_result = |block: &[u8]| member(block, "toolResult").is_some();
        let content = member(body, "messages").and_then(last).and_then(|message| member(message, "content"));
        content.is_some_and(|content| any_element(content, is_result))
    };
    let fit = if is_claude {
        let more = member(body, "additionalModelRequestFields");
        let thinking = more.and_then(|more| member(more, "thinking"));
        Fit::new(ours, to, Said { thinking, is_forced, answers_tool }, &mut losses)
    } else {
        let lost = || Loss::new("reasoning_effort", "how this model is asked to think is not known");
        losses.extend(ours.reasoning_effort.as_ref().map(|_| lost()));
        Fit::thoughtless(ours, to)
    };
    let (mut inference, mut output, mut more) = (Members::default(), Members::default(), Members::default());
    inference
        .want(&["temperature"], fit.drawn("temperature", ours.temperature.as_ref(), &mut losses))
        .want(&["topP"], fit.drawn("top_p", ours.top_p.as_ref(), &mut losses))
        .set(&["maxTokens"], fit.max_tokens.clone())
        .set(&["stopSequences"], ours.stop_json());
    output.set(&["effort"], fit.effort.map(quoted));
    let top_k = ours.top_k.as_ref().filter(|_| is_claude);
    more.want(&["top_k"], fit.drawn("top_k", top_k, &mut losses)).want(&["thinking"], fit.thinking);
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
