//! A deployment's changes in a Messages request.

use crate::amend::claude::{Fit, Said};
use crate::amend::{
    AmendTo, Amended, Amendments, Instructions, Members, Wanted, any_element, last, member, quoted,
    without_place,
};

pub(super) fn amend(body: &[u8], amendments: &Amendments, to: &AmendTo<'_>) -> Amended {
    let ours = &amendments.parameters;
    let mut losses = Vec::new();
    without_place(ours, &["seed", "frequency_penalty", "presence_penalty"], &mut losses);
    let front = |prefix: &str| Wanted::Front(Instructions::new(prefix, quoted, Some(block)));
    let is_forced = || {
        let kind = member(body, "tool_choice").and_then(|choice| member(choice, "type"));
        kind.is_some_and(|kind| kind == b"\"any\"" || kind == b"\"tool\"")
    };
    let answers_tool = || {
        let is_result = |block: &[u8]| member(block, "type") == Some(b"\"tool_result\"");
        let content = member(body, "messages").and_then(last).and_then(|message| member(message, "content"));
        content.is_some_and(|content| any_element(content, is_result))
    };
    let said = Said { thinking: member(body, "thinking"), is_forced, answers_tool };
    let fit = Fit::new(ours, to, said, &mut losses);
    let mut output = Members::default();
    output.set(&["effort"], fit.effort.map(quoted));
    let mut members = Members::default();
    members
        .want(&["system"], amendments.system_prefix.as_deref().map(front))
        .want(&["temperature"], fit.drawn("temperature", ours.temperature.as_ref(), &mut losses))
        .want(&["top_p"], fit.drawn("top_p", ours.top_p.as_ref(), &mut losses))
        .want(&["top_k"], fit.drawn("top_k", ours.top_k.as_ref(), &mut losses))
        .set(&["max_tokens"], fit.max_tokens)
        .set(&["stop_sequences"], ours.stop_json())
        .want(&["thinking"], fit.thinking)
        .want(&["output_config"], output.object());
    Amended::of(body, members, losses)
}

fn block(prefix: &str) -> Vec<u8> {
    [b"{\"type\":\"text\",\"text\":", &quoted(prefix)[..], b"}"].concat()
}
