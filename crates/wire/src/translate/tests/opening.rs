//! Conversations that begin as they do not everywhere: with the model's greeting, or with instructions and nothing else.

use super::*;

fn said(role: Role, text: &str) -> Turn {
    Turn { role, name: None, blocks: vec![Content::text(text).into()] }
}

/// What a supplier gets, and what is named as lost.
fn put(to: Protocol, turns: Vec<Turn>) -> (Value, Vec<String>) {
    let supplier = crate::codec(to).unwrap().translator().unwrap();
    let outbound = request(&Request { turns, ..Request::default() }, supplier, &target()).unwrap();
    let mut losses: Vec<String> = outbound.losses.into_iter().map(|loss| loss.what).collect();
    // Messages wants a limit, and no blanks.
    losses.retain(|loss| loss != "max_tokens" && loss != "text.blank");
    (serde_json::from_slice(&outbound.body).unwrap(), losses)
}

/// Who speaks, turn by turn, instructions left out.
fn speakers(body: &Value) -> Vec<String> {
    let turns = ["messages", "contents", "input"].into_iter().find_map(|name| body[name].as_array());
    let roles = turns.unwrap().iter().map(|turn| turn["role"].as_str().unwrap().to_owned());
    roles.filter(|role| role != "system" && role != "developer").collect()
}

#[test]
fn g01_a_greeting_is_the_models_own_first_word_everywhere() {
    for to in Protocol::ALL {
        let turns = vec![
            said(Role::System, "Be kind."),
            said(Role::Assistant, "Hello! How can I help?"),
            said(Role::User, "When is high water?"),
        ];
        let (body, losses) = put(to, turns);
        let model = if to == Protocol::Gemini { "model" } else { "assistant" };
        assert!(body.to_string().contains("Hello! How can I help?"), "{to}: {body}");
        if to == Protocol::BedrockConverse {
            assert_eq!(
                (speakers(&body), losses),
                (vec!["user".into(), model.into(), "user".into()], vec!["messages.first".into()])
            );
            assert_eq!(
                body["messages"][0]["content"][0]["text"],
                "(The conversation begins with the assistant.)"
            );
        } else {
            assert_eq!((speakers(&body), losses), (vec![model.into(), "user".into()], vec![]), "{to}");
        }
    }
}

#[test]
fn g01_the_last_of_instructions_alone_are_the_users_words_where_somebody_has_to_speak() {
    for to in Protocol::ALL {
        // Blank words are none.
        for more in [vec![], vec![said(Role::User, " ")]] {
            let turns = vec![said(Role::System, "Be kind."), said(Role::System, "Write a haiku.")];
            let (body, losses) = put(to, [turns, more].concat());
            let text = body.to_string();
            assert!(text.contains("Be kind.") && text.contains("Write a haiku."), "{to}: {text}");
            if matches!(to, Protocol::OpenaiChat | Protocol::OllamaChat) {
                assert_eq!(losses, [""; 0], "{to}");
            } else {
                assert_eq!(losses, ["messages.role"], "{to}");
                let users: Vec<_> = speakers(&body).into_iter().filter(|role| role == "user").collect();
                assert!(!users.is_empty(), "{to}: {text}");
            }
        }
    }
}

/// No word is put in anybody's mouth where both have spoken, or nobody has said anything at all.
#[test]
fn g01_other_conversations_begin_as_they_did() {
    for to in Protocol::ALL {
        let (_, losses) = put(to, vec![said(Role::System, "Be kind."), said(Role::User, "When?")]);
        assert_eq!(losses, [""; 0], "{to}");
    }
    let converse = crate::codec(Protocol::BedrockConverse).unwrap().translator().unwrap();
    let nothing = Request { turns: vec![said(Role::System, " ")], ..Request::default() };
    assert!(request(&nothing, converse, &target()).is_err());
}
