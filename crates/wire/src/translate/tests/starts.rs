//! A conversation whose last word is the model's: who goes on with it, and who does otherwise.

use super::*;
use crate::translate::check_start;

/// What becomes of it between a client and a supplier, of which `known` is known.
fn checked(from: Protocol, to: Protocol, known: Capabilities) -> Result<(), TranslateError> {
    let translator = |protocol| crate::codec(protocol).unwrap().translator().unwrap();
    let word = |role, text: &str| Turn { role, name: None, blocks: vec![Content::text(text).into()] };
    let request =
        Request { turns: vec![word(Role::User, "When?"), word(Role::Assistant, "At")], ..Request::default() };
    let target = Target { capabilities: known, ..target() };
    check_start(&request, translator(from).client().unwrap(), translator(to), &target)
}

#[test]
fn b23_a_given_start_goes_only_to_who_goes_on_with_it() {
    let (nothing, goes_on) = (Capabilities::default(), Capabilities { yes: Needs::PREFILL, no: Needs::NONE });
    for from in [Protocol::AnthropicMessages, Protocol::BedrockConverse, Protocol::Gemini] {
        for to in
            [Protocol::AnthropicMessages, Protocol::BedrockConverse, Protocol::Gemini, Protocol::OllamaChat]
        {
            assert_eq!(checked(from, to, nothing), Ok(()), "{from} {to}");
            let never = Capabilities { yes: Needs::NONE, no: Needs::PREFILL };
            assert!(checked(from, to, never).is_err(), "{from} {to}");
        }
        for to in [Protocol::OpenaiChat, Protocol::OpenaiResponses, Protocol::CohereChat] {
            let refused = checked(from, to, nothing).unwrap_err();
            assert!(
                matches!(refused, TranslateError::Unsayable { what, .. } if what == "prefill"),
                "{from} {to}"
            );
            assert_eq!(checked(from, to, goes_on), Ok(()), "{from} {to}");
        }
    }
}

#[test]
fn b23_instructions_behind_it_make_it_no_start_but_where_they_stand_in_front() {
    let said = |role, text: &str| Turn { role, name: None, blocks: vec![Content::text(text).into()] };
    let turns =
        vec![said(Role::User, "When?"), said(Role::Assistant, "At six."), said(Role::System, "Go on.")];
    let request = Request { turns, ..Request::default() };
    let translator = |protocol| crate::codec(protocol).unwrap().translator().unwrap();
    let client = translator(Protocol::AnthropicMessages).client().unwrap();
    let checked = |to| check_start(&request, client, translator(to), &target());
    assert_eq!(checked(Protocol::OpenaiChat), Ok(()));
    assert!(checked(Protocol::CohereChat).is_err());
}

#[test]
fn b23_between_openais_dialects_the_answer_is_a_message_of_its_own() {
    let nothing = Capabilities::default();
    assert_eq!(checked(Protocol::OpenaiChat, Protocol::OpenaiResponses, nothing), Ok(()));
    assert_eq!(checked(Protocol::OpenaiResponses, Protocol::OpenaiChat, nothing), Ok(()));
    assert!(checked(Protocol::OpenaiChat, Protocol::CohereChat, nothing).is_err());
}
