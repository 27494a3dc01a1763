use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Answer, Ask, NoSuchItem, Page, Turn, answered, last_response, list};
use crate::PeekError;

fn told(body: &str, former: &[Turn<'_>], items: &[&[u8]]) -> (String, String) {
    let body = Bytes::copy_from_slice(body.as_bytes());
    let told = Ask::read(&body).unwrap().told(&body, former, items);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&told.body), text(&told.input))
}

const FIRST: Turn<'static> = Turn {
    id: "resp_1",
    input: br#"[{"type":"message","role":"user","content":"hi"}]"#,
    response: br#"{"id":"resp_1","instructions":"Be kind.","output":[{"type":"reasoning","id":"rs_1","summary":[]}, {"type":"message","id":"msg_1","role":"assistant","content":[{"type":"output_text","text":"0.70","annotations":[]}]}]}"#,
};

const SAID: &str = r#"{"type":"message","role":"user","content":"hi"},{"type":"message","id":"msg_1","role":"assistant","content":[{"type":"output_text","text":"0.70","annotations":[]}]}"#;

#[test]
fn g22_the_turns_before_come_first_and_the_rest_stays_to_the_letter() {
    let (body, input) = told(
        r#"{ "model":"m", "input" : [ {"role":"user","content":"and now?"} ], "previous_response_id":"resp_1", "temperature": 0.70 }"#,
        &[FIRST],
        &[],
    );
    let expected = format!(
        r#"{{"store":false, "model":"m", "input" : [{SAID}, {{"role":"user","content":"and now?"}} ], "previous_response_id":null, "temperature": 0.70 }}"#
    );
    assert_eq!(body, expected);
    assert_eq!(input, r#"[{"role":"user","content":"and now?"}]"#);
}

#[test]
fn a_text_becomes_the_message_that_it_stands_for() {
    let (body, input) =
        told(r#"{"input":"a\"b","previous_response_id":"resp_1","store":true}"#, &[FIRST], &[]);
    let own = r#"{"type":"message","role":"user","content":"a\"b"}"#;
    let expected = format!(r#"{{"input":[{SAID},{own}],"previous_response_id":null,"store":false}}"#);
    assert_eq!(body, expected);
    assert_eq!(input, format!("[{own}]"));
}

#[test]
fn without_former_turns_only_store_changes() {
    let (body, _) = told(r#"{"input":[ 1 ],"store":null}"#, &[], &[]);
    assert_eq!(body, r#"{"input":[ 1 ],"store":false}"#);
    let (body, _) = told(r#"{"input":[]}"#, &[], &[]);
    assert_eq!(body, r#"{"store":false,"input":[]}"#);
    let (body, _) = told(r#"{"store":false,"input":"x"}"#, &[], &[]);
    assert_eq!(body, r#"{"store":false,"input":"x"}"#);
}

#[test]
fn a_turn_may_only_go_on() {
    let (body, input) = told(r#"{"previous_response_id":"resp_1"}"#, &[FIRST], &[]);
    let expected = format!(r#"{{"input":[{SAID}],"store":false,"previous_response_id":null}}"#);
    assert_eq!((body.as_str(), input.as_str()), (expected.as_str(), "[]"));
}

#[test]
fn references_become_what_they_refer_to() {
    let found = answered(FIRST).collect::<std::collections::BTreeMap<_, _>>();
    let item = found["msg_1"];
    let body =
        r#"{"input":[{"type":"item_reference","id":"rs_1"},{"id":"msg_1"},{"role":"user","content":"x"}]}"#;
    let ask = Ask::read(body.as_bytes()).unwrap();
    assert_eq!(ask.references, ["rs_1", "msg_1"]);
    let thought = found["rs_1"];
    let (_, input) = told(body, &[], &[thought, item]);
    let item = String::from_utf8_lossy(item);
    let expected = format!(r#"[{item},{{"role":"user","content":"x"}}]"#);
    assert_eq!(input, expected, "reasoning that nobody sealed cannot be said again");
    assert_eq!(found.len(), 2);
}

#[test]
fn reasoning_is_asked_for_in_a_form_that_can_be_given_back() {
    let asks = |more: &str| {
        told(&format!(r#"{{"input":[],"store":false,"reasoning":{{"effort":"low"}}{more}}}"#), &[], &[]).0
    };
    let sealed = "reasoning.encrypted_content";
    assert!(asks("").starts_with(&format!(r#"{{"include":["{sealed}"],"input""#)));
    assert!(asks(r#","include":null"#).contains(&format!(r#""include":["{sealed}"]"#)));
    assert!(asks(r#","include":["x"]"#).contains(&format!(r#""include":["{sealed}","x"]"#)));
    assert_eq!(asks(&format!(r#","include":["{sealed}"]"#)).matches(sealed).count(), 1);
    assert!(!told(r#"{"input":[],"reasoning":{"effort":"none"}}"#, &[], &[]).0.contains(sealed));
}

/// Who may reason unasked is known only once it is known who is asked.
#[test]
fn g22_a_model_that_reasons_unasked_can_be_asked_for_it_too() {
    let sealed = "reasoning.encrypted_content";
    let told = |body: &str| {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let told = Ask::read(&body).unwrap().told(&body, &[FIRST], &[]);
        let mut edits: Vec<_> = told.seals.into_iter().collect();
        let asked = crate::splice(&told.body, &mut edits).concat();
        (
            serde_json::from_slice::<Value>(&told.body).unwrap(),
            serde_json::from_slice::<Value>(&asked).unwrap(),
        )
    };
    for include in ["", r#""include":null,"#, r#""include":[],"#, r#""include": [ "x" ],"#] {
        for input in ["", r#""input":"hi","#, r#""input":[{"role":"user","content":"hi"}],"#] {
            for members in [format!("{include}{input}"), format!("{input}{include}")] {
                let body = format!(r#"{{{members}"previous_response_id":"resp_1","reasoning":null}}"#);
                let (mut before, after) = told(&body);
                let mut wanted = vec![json!(sealed)];
                wanted.extend(before["include"].as_array().cloned().unwrap_or_default());
                before["include"] = wanted.into();
                assert_eq!(after, before, "{body}");
            }
        }
    }
    // Who says how much is asked already, or wants none.
    for reasoning in [r#"{"effort":"low"}"#, r#"{"effort":"none"}"#] {
        let (before, after) = told(&format!(r#"{{"input":[],"reasoning":{reasoning}}}"#));
        assert_eq!(before, after);
        assert_eq!(before.to_string().contains(sealed), reasoning.contains("low"));
    }
    let (before, after) = told(&format!(r#"{{"input":[],"include":["{sealed}"]}}"#));
    assert_eq!(before, after);
}

#[test]
fn what_steers_stands_there_once_and_in_its_type() {
    let read = |body: &str| Ask::read(body.as_bytes()).map(drop);
    assert_eq!(read(r#"{"store":true,"store":false}"#), Err(PeekError::Duplicate { key: "store" }));
    assert_eq!(read(r#"{"store":"yes"}"#), Err(PeekError::WrongType { key: "store" }));
    let previous = "previous_response_id";
    assert_eq!(read(r#"{"previous_response_id":7}"#), Err(PeekError::WrongType { key: previous }));
    assert_eq!(read("[]"), Err(PeekError::NotAnObject));
    assert_eq!(read(r#"{"store":null,"previous_response_id":null,"conversation":null}"#), Ok(()));
    let ask = Ask::read(br#"{"conversation":{"id":"c"},"background":true}"#).unwrap();
    assert!(ask.has_conversation && ask.is_background);
}

#[test]
fn the_last_event_of_a_stream_holds_the_response() {
    let end = "event: response.output_text.done\ndata: {\"type\":\"response.output_text.done\",\"response\":{}}\n\n\
               event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_9\",\"output\":[{\"id\":\"msg_9\"}]}}\n\n";
    let response = last_response(&Bytes::from(end)).unwrap();
    let answer = Answer::read(&response).unwrap();
    assert_eq!((answer.id.as_str(), answer.items), ("resp_9", vec!["msg_9".to_owned()]));
    assert_eq!(
        last_response(&Bytes::from_static(b"data: {\"type\":\"response.failed\",\"response\":{}}\n\n")),
        None
    );
    let torn = last_response(&Bytes::from(end.trim_end().to_owned()));
    assert!(torn.is_some(), "the last blank line may be missing");
    assert_eq!(Answer::read(br#"{"output":[]}"#), None);
}

#[test]
fn input_items_are_listed_page_by_page() {
    let second = Turn {
        id: "resp_2",
        input: br#"[{"role":"user","content":"a"},{"type":"function_call_output","call_id":"c","output":"0.70"}]"#,
        response: br#"{"output":[{"id":"msg_2"}]}"#,
    };
    let turns = [FIRST, second];
    let page = |page: &Page| serde_json::from_slice::<Value>(&list(&turns, page).unwrap()).unwrap();
    let all = page(&Page { is_ascending: true, ..Page::default() });
    let ids: Vec<_> = all["data"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
    assert_eq!(ids, ["msg_1_0_0", "rs_1", "msg_1", "msg_2_0_0", "fco_2_0_1"]);
    let expected = json!({
        "id": "msg_2_0_0", "type": "message", "role": "user", "status": "completed",
        "content": [{ "type": "input_text", "text": "a" }],
    });
    assert_eq!(all["data"][3], expected);
    assert_eq!(all["data"][4]["status"], "completed");
    assert_eq!(all["has_more"], false);
    let newest = page(&Page { limit: 2, ..Page::default() });
    assert_eq!((&newest["first_id"], &newest["last_id"]), (&json!("fco_2_0_1"), &json!("msg_2_0_0")));
    assert_eq!(newest["has_more"], true);
    let next = page(&Page { limit: 2, after: Some("msg_2_0_0".into()), ..Page::default() });
    assert_eq!(next["first_id"], "msg_1");
    assert_eq!(list(&turns, &Page { after: Some("x".into()), ..Page::default() }), Err(NoSuchItem));
}

/// JSON with blanks in places where there may be some.
fn member(name: &'static str, values: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    let blank = prop_oneof![Just(""), Just(" "), Just("\n\t")];
    let value = prop::sample::select(values);
    prop::option::of(
        (blank.clone(), value, blank).prop_map(move |(before, value, after)| {
            format!("{before}\"{name}\"{after}:{before}{value}{after}")
        }),
    )
}

proptest! {
    /// Whatever a request is written like, it says the former turns and then its own input, and each turn stands where
    /// it is said to stand.
    #[test]
    fn a_told_request_says_it_all(
        model in member("model", &["\"m\""]),
        store in member("store", &["true", "false", "null"]),
        input in member("input", &["\"a\"", "[]", "[ ]", "[{\"role\":\"user\",\"content\":\"b\"} ]"]),
        include in member("include", &["null", "[]", "[\"x\"]"]),
        reasoning in member("reasoning", &["{}", "null", "{\"effort\":\"none\"}"]),
        previous in member("previous_response_id", &["\"resp_1\"", "null"]),
        order in any::<prop::sample::Index>(),
        former in 0_usize..3,
    ) {
        let mut members: Vec<_> =
            [model, store, input.clone(), include, reasoning, previous].into_iter().flatten().collect();
        if !members.is_empty() {
            let places = members.len();
            members.rotate_left(order.index(places));
        }
        let body = Bytes::from(format!("{{{}}}", members.join(",")));
        let before: Value = serde_json::from_slice(&body).unwrap();
        let turns = vec![FIRST; former];
        let told = Ask::read(&body).unwrap().told(&body, &turns, &[]);
        let after: Value = serde_json::from_slice(&told.body).unwrap();
        prop_assert_eq!(&after["store"], &json!(false));
        prop_assert!(after["previous_response_id"].is_null());
        prop_assert_eq!(&after["model"], &before["model"]);
        let own: Vec<Value> = serde_json::from_slice(&told.input).unwrap();
        if former > 0 {
            let all = after["input"].as_array().unwrap();
            prop_assert_eq!(all.len(), 2 * former + own.len());
            prop_assert_eq!(&all[2 * former..], own.as_slice());
        }
        for place in told.turns {
            prop_assert_eq!(&told.body[place], SAID.as_bytes());
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80), text in ".{0,80}") {
        for body in [bytes.as_slice(), text.as_bytes()] {
            let _ = Ask::read(body);
            let _ = Answer::read(body);
            let _ = last_response(&Bytes::copy_from_slice(body));
            let turn = Turn { id: "x", input: body, response: body };
            let _ = list(&[turn], &Page::default());
        }
    }
}
