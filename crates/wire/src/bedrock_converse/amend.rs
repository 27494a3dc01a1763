//! A deployment's changes in a Converse request. Claude takes members of its own beside Converse's.

use super::request::is_claude;
use crate::amend::claude::{Fit, Said, answers_tool};
use crate::amend::{AmendTo, Amended, Amendments, Instructions, Members, Wanted, member, quoted};

pub(super) fn amend(body: &[u8], amendments: &Amendments, to: &AmendTo<'_>) -> Amended {
    let ours = &amendments.parameters;
    let mut losses = Vec::new();
    let fit = if is_claude(to.model) {
        let is_forced = || {
            let choice = member(body, "toolConfig").and_then(|config| member(config, "toolChoice"));
            choice.is_some_and(|choice| member(choice, "any").or(member(choice, "tool")).is_some())
        };
        let answers_tool = || answers_tool(body, |block| member(block, "toolResult").is_some());
        let more = member(body, "additionalModelRequestFields");
        let thinking = more.and_then(|more| member(more, "thinking"));
        Fit::new(ours, to, Said { thinking, is_forced, answers_tool }, &mut losses)
    } else {
        Fit::of_another(ours, to, &mut losses)
    };
    let (mut inference, mut more) = (Members::default(), Members::default());
    inference
        .want(&["temperature"], fit.temperature)
        .want(&["topP"], fit.top_p)
        .set(&["maxTokens"], fit.max_tokens)
        .set(&["stopSequences"], ours.stop_json());
    more.want(&["top_k"], fit.top_k).want(&["thinking"], fit.thinking);
    let mut members = Members::default();
    members
        .want(&["system"], amendments.system_prefix.as_deref().map(front))
        .want(&["inferenceConfig"], inference.object())
        .want(&["outputConfig"], fit.output)
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
