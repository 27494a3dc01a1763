//! The `messages` of a Converse request: roles that alternate, blocks that say something, and tool uses that the next
//! message answers.

use serde_json::{Map, Value};

use crate::{
    billing::Keep,
    prompt::{Talk, count_json, list},
    protocol::Refusal,
    seal::{self, BEDROCK},
};

pub(super) fn read(body: &Map<String, Value>) -> Result<Talk<'_>, Refusal> {
    let messages = list(body.get("messages"));
    let Some(last) = messages.last() else {
        return Err(Refusal::bad(
            "A conversation must start with a user message. Try again with a conversation that starts with a user message.",
        ));
    };
    check_roles(messages)?;
    for (index, message) in messages.iter().enumerate() {
        check(index, message)?;
    }
    check_results(messages)?;
    let uses_tools = |block: &Value| block.get("toolUse").or(block.get("toolResult")).is_some();
    if body.get("toolConfig").is_none() && messages.iter().flat_map(blocks).any(uses_tools) {
        return Err(Refusal::bad(
            "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
        ));
    }
    let is_user = role(last) == "user";
    let has_result = blocks(last).iter().any(|block| block.get("toolResult").is_some());
    let text: String = blocks(last).iter().filter_map(|block| block.get("text")?.as_str()).collect();
    if !is_user && text.ends_with(char::is_whitespace) {
        return Err(refused_by_model(
            "messages: final assistant content cannot end with trailing whitespace",
        ));
    }
    Ok(Talk {
        messages,
        wish: (is_user && !has_result).then(|| text.clone()),
        last_words: (!is_user).then_some(text),
    })
}

/// What the model's own checks say, as Bedrock passes it on.
pub(super) fn refused_by_model(message: &str) -> Refusal {
    Refusal::bad(format!("The model returned the following errors: {message}"))
}

/// The pieces of the prompt: tools, system prompt and blocks, each with the mark that a cache point after it sets.
pub(super) fn pieces<'a>(
    body: &'a Map<String, Value>,
    said: &'a [Value],
) -> Vec<(&'a Value, u64, Option<Keep>)> {
    let tools = list(body.get("toolConfig").and_then(|config| config.get("tools")));
    let mut pieces: Vec<(&Value, u64, Option<Keep>)> = Vec::new();
    for element in tools.iter().chain(list(body.get("system"))).chain(said.iter().flat_map(blocks)) {
        match (element.get("cachePoint"), pieces.last_mut()) {
            (None, _) => pieces.push((element, tokens(element), None)),
            (Some(point), Some((.., mark))) => {
                *mark = Some(if point["ttl"] == "1h" { Keep::Hour } else { Keep::Minutes5 });
            }
            (Some(_), None) => {}
        }
    }
    pieces
}

fn tokens(value: &Value) -> u64 {
    count_json(value, &|fields| {
        if fields.contains_key("image") {
            Some(1600)
        } else if fields.contains_key("document") || fields.contains_key("video") {
            Some(2500)
        } else {
            // Signatures are no text.
            let thought = fields.get("reasoningText")?;
            Some(thought.get("text").map_or(0, |text| count_json(text, &|_| None)))
        }
    })
}

fn role(message: &Value) -> &str {
    message.get("role").and_then(Value::as_str).unwrap_or_default()
}

fn blocks(message: &Value) -> &[Value] {
    list(message.get("content"))
}

fn check_roles(messages: &[Value]) -> Result<(), Refusal> {
    let roles: Vec<&str> = messages.iter().map(role).filter(|role| *role != "system").collect();
    if roles.first() != Some(&"user") {
        return Err(Refusal::bad(
            "A conversation must start with a user message. Try again with a conversation that starts with a user message.",
        ));
    }
    if roles.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Refusal::bad(
            "A conversation must alternate between user and assistant roles. Make sure the conversation alternates between \
             user and assistant roles and try again.",
        ));
    }
    Ok(())
}

fn check(index: usize, message: &Value) -> Result<(), Refusal> {
    if blocks(message).is_empty() {
        return Err(Refusal::bad(format!(
            "The content field in the Message object at messages.{index} is empty. Add a ContentBlock object to the content \
             field and try again."
        )));
    }
    for (place, block) in blocks(message).iter().enumerate() {
        let at = format!("messages.{index}.content.{place}");
        if block.get("text").and_then(Value::as_str).is_some_and(|text| text.trim().is_empty()) {
            return Err(Refusal::bad(format!(
                "The text field in the ContentBlock object at {at} is blank. Add text to the text field, and try again."
            )));
        }
        if block.get("toolUse").is_some_and(|used| !used["input"].is_object()) {
            return Err(Refusal::bad(format!(
                "The format of the value at {at}.toolUse.input is invalid. Provide a json object for the field and try again."
            )));
        }
        let thought = block.get("reasoningContent").and_then(|content| content.get("reasoningText"));
        if let Some(thought) = thought {
            let part = |name: &str| thought[name].as_str().unwrap_or_default();
            if !seal::is_ours(BEDROCK, part("text"), part("signature")) {
                return Err(refused_by_model(&format!("{at}: Invalid `signature` in `thinking` block")));
            }
        }
        let wrong = match (block.get("toolUse"), block.get("toolResult")) {
            (Some(_), _) if role(message) == "user" => {
                "toolUse blocks may only be used in assistant messages"
            }
            (_, Some(_)) if role(message) == "assistant" => {
                "toolResult blocks may only be used in user messages"
            }
            _ => continue,
        };
        return Err(Refusal::bad(format!(
            "{wrong} ({at}). Try again with the block in a message of the right role."
        )));
    }
    Ok(())
}

fn ids<'a>(message: &'a Value, kind: &str) -> Vec<&'a str> {
    blocks(message).iter().filter_map(|block| block.get(kind)?["toolUseId"].as_str()).collect()
}

/// Each tool use is answered in the very next message, and nothing else is.
fn check_results(messages: &[Value]) -> Result<(), Refusal> {
    let mut open: Vec<&str> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let results = ids(message, "toolResult");
        if results.len() > open.len() {
            return Err(Refusal::bad(format!(
                "The number of toolResult blocks at messages.{index}.content exceeds the number of toolUse blocks of previous \
                 turn."
            )));
        }
        let missing: Vec<&str> = open.iter().copied().filter(|id| !results.contains(id)).collect();
        if !missing.is_empty() {
            return Err(Refusal::bad(format!(
                "Expected toolResult blocks at messages.{index}.content for the following Ids: {}",
                missing.join(", ")
            )));
        }
        open = ids(message, "toolUse");
        let mut known = open.iter().enumerate();
        if let Some((_, twice)) = known.find(|(place, id)| open[..*place].contains(*id)) {
            return Err(Refusal::bad(format!(
                "The toolUse blocks at messages.{index}.content contain duplicate Ids: {twice}"
            )));
        }
    }
    if open.is_empty() {
        return Ok(());
    }
    Err(Refusal::bad(format!(
        "Expected toolResult blocks at messages.{}.content for the following Ids: {}",
        messages.len(),
        open.join(", ")
    )))
}
