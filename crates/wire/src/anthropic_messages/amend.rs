//! A deployment's changes in a Messages request.

use memchr::memmem;

use crate::amend::claude::{self, THINKS};
use crate::amend::{
    AmendTo, Amended, Amendments, Instructions, Members, Wanted, last, member, quoted, without_place,
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
        member(body, "messages")
            .and_then(last)
            .is_some_and(|last| memmem::find(last, b"\"tool_result\"").is_some())
    };
    let thinking = claude::thinking(ours, to, is_forced, answers_tool, &mut losses);
    let is_on = thinking.as_ref().is_some_and(|thinking| thinking.is_on);
    let gives_way = |given: &Option<String>| match given {
        Some(ours) => Some(Wanted::Value(ours.clone().into())),
        None => is_on.then_some(Wanted::Gone(Some(THINKS))),
    };
    let mut output = Members::default();
    output.set(&["effort"], thinking.as_ref().and_then(|thinking| thinking.effort.map(quoted)));
    let mut members = Members::default();
    members
        .want(&["system"], amendments.system_prefix.as_deref().map(front))
        .want(&["temperature"], gives_way(&ours.temperature))
        .want(&["top_p"], gives_way(&ours.top_p))
        .want(&["top_k"], gives_way(&ours.top_k))
        .set(&["max_tokens"], ours.max_tokens_json())
        .set(&["stop_sequences"], ours.stop_json())
        .set(&["thinking"], thinking.map(|thinking| thinking.json))
        .want(&["output_config"], output.object());
    Amended::of(body, members, losses)
}

fn block(prefix: &str) -> Vec<u8> {
    [b"{\"type\":\"text\",\"text\":", &quoted(prefix)[..], b"}"].concat()
}
