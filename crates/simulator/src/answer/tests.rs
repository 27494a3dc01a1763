use std::sync::Arc;

use super::*;
use crate::{
    billing::Input,
    prompt::{Reasoning, Tools},
    settings::Model,
};

fn prompt() -> Prompt {
    Prompt {
        model: Arc::new(Model::from("m")),
        fingerprint: 5,
        stream: false,
        shows_usage: false,
        max_tokens: 1000,
        choices: 1,
        stops: Vec::new(),
        tools: Tools::default(),
        form: Form::Prose,
        reasoning: Reasoning::default(),
        prefill: None,
        logprobs: None,
        input: Input::default(),
        request: serde_json::Value::Null,
    }
}

fn answer(prompt: &Prompt) -> Choice {
    Answer::to(prompt, 1, &AnswerStyle::default()).choices.remove(0)
}

fn tools(names: &[&str], wish: Option<&str>, choice: ToolChoice, parallel: bool) -> Prompt {
    let schema = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
    let known = names.iter().map(|name| Tool { name: (*name).to_owned(), schema: schema.clone() });
    let wish = wish.map(str::to_owned);
    Prompt { tools: Tools { known: known.collect(), choice, parallel, wish, announced: false }, ..prompt() }
}

fn called(prompt: &Prompt) -> Vec<String> {
    answer(prompt).calls.into_iter().map(|call| call.name).collect()
}

#[test]
fn the_same_weights_say_the_same_and_others_do_not() {
    let same =
        Prompt { model: Arc::new(Model { weights: "m".into(), ..Model::from("other id") }), ..prompt() };
    assert_eq!(answer(&prompt()).text, answer(&same).text);
    assert_ne!(answer(&prompt()).text, answer(&Prompt { fingerprint: 6, ..prompt() }).text);
    assert_ne!(answer(&prompt()).text, Answer::to(&prompt(), 2, &AnswerStyle::default()).choices[0].text);
    let two = Answer::to(&Prompt { choices: 2, ..prompt() }, 1, &AnswerStyle::default());
    assert_ne!(two.choices[0].text, two.choices[1].text);
}

#[test]
fn an_answer_goes_on_exactly_from_any_of_its_own_beginnings() {
    let whole = answer(&prompt()).text.concat();
    for (cut, _) in whole.char_indices().chain([(whole.len(), ' ')]) {
        let said = Prompt { prefill: Some(whole[..cut].to_owned()), ..prompt() };
        assert_eq!(answer(&said).text.concat(), whole[cut..], "after {cut} bytes");
    }
    let foreign = Prompt { prefill: Some("Something else".to_owned()), ..prompt() };
    assert!(answer(&foreign).text.concat().starts_with(' '));
}

#[test]
fn max_tokens_cuts_reasoning_first_then_text_then_calls() {
    let whole = answer(&prompt());
    assert_eq!(whole.finish, Finish::Stop);
    let short = answer(&Prompt { max_tokens: 5, ..prompt() });
    assert_eq!((short.text.as_slice(), &short.finish), (&whole.text[..5], &Finish::Length));
    let exact = answer(&Prompt { max_tokens: whole.text.len() as u64, ..prompt() });
    assert_eq!(exact.finish, Finish::Stop);
    let reasoning = Reasoning { tokens: 7, ..Reasoning::default() };
    let thinking = answer(&Prompt { max_tokens: 9, reasoning, ..prompt() });
    assert_eq!((thinking.reasoning.len(), thinking.text.len()), (7, 2));
    let calls = answer(&Prompt {
        max_tokens: 1,
        ..tools(&["get_weather"], Some("weather?"), ToolChoice::AtWill, true)
    });
    assert_eq!((calls.calls[0].arguments.len(), calls.finish), (1, Finish::Length));
}

#[test]
fn stop_sequences_end_the_text_before_them() {
    let whole = answer(&prompt()).text.concat();
    let stop: String = whole.chars().skip(10).take(3).collect();
    let at = whole.find(&stop).unwrap();
    let stopped = answer(&Prompt { stops: vec!["never said".into(), stop.clone()], ..prompt() });
    assert_eq!(stopped.text.concat(), whole[..at]);
    assert_eq!(stopped.finish, Finish::StopSequence(stop));
}

#[test]
fn tools_are_called_when_meant_or_forced() {
    let names = ["get_weather", "send_mail"];
    let at_will = |wish| called(&tools(&names, wish, ToolChoice::AtWill, true));
    assert_eq!(at_will(Some("Hello")), [""; 0]);
    assert_eq!(at_will(None), [""; 0]);
    assert_eq!(at_will(Some("How is the Weather?")), ["get_weather"]);
    assert_eq!(at_will(Some("mail me the weather")), ["get_weather", "send_mail"]);
    assert_eq!(at_will(Some("weather in both cities")), ["get_weather", "get_weather"]);
    assert_eq!(
        called(&tools(&names, Some("mail me the weather"), ToolChoice::AtWill, false)),
        ["get_weather"]
    );
    assert_eq!(called(&tools(&names, Some("hi"), ToolChoice::Any, true)), ["get_weather"]);
    assert_eq!(called(&tools(&names, Some("mail"), ToolChoice::Any, true)), ["send_mail"]);
    assert_eq!(called(&tools(&names, Some("hi"), ToolChoice::This("send_mail".into()), true)), ["send_mail"]);
    assert_eq!(called(&tools(&names, Some("weather"), ToolChoice::Never, true)), [""; 0]);
}

#[test]
fn calls_and_structured_answers_are_valid_json() {
    let both = tools(&["get_weather"], Some("weather in both"), ToolChoice::AtWill, true);
    for call in answer(&both).calls {
        let arguments: serde_json::Value = serde_json::from_str(&call.arguments.concat()).unwrap();
        assert!(arguments["city"].is_string());
    }
    let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } } });
    for form in [Form::Json, Form::Schema(schema)] {
        let text = answer(&Prompt { form, ..prompt() }).text.concat();
        assert!(serde_json::from_str::<serde_json::Value>(&text).unwrap().is_object(), "{text}");
    }
}

#[test]
fn a_script_is_called_step_by_step_until_each_has_had_its_effect() {
    let step = |tool: &str, until: &str| ScriptedCall {
        tool: tool.into(),
        arguments: json!({ "path": tool }),
        until: until.into(),
    };
    let script = vec![step("read", "the tide is high"), step("absent", "x"), step("write", "written")];
    let style = AnswerStyle { script, words: Some("Done.".into()), ..AnswerStyle::default() };
    let say = |body: &str, choice| {
        let prompt = tools(&["read", "write"], None, choice, true);
        let said = Answer::to(&prompt, 1, &style.after(body.as_bytes())).choices.remove(0);
        (said.calls.iter().map(|call| call.name.clone()).collect::<Vec<_>>(), said.text.concat())
    };
    assert_eq!(say("{}", ToolChoice::AtWill).0, ["read"]);
    let read = r#"{"content":"so the tide is high"}"#;
    assert_eq!(say(read, ToolChoice::AtWill).0, ["write"]);
    assert_eq!(say(read, ToolChoice::Never), (vec![], "Done.".into()));
    assert_eq!(say("the tide is high, written", ToolChoice::AtWill), (vec![], "Done.".into()));
}
