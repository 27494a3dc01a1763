//! What is said about documents, and how they get to suppliers of other protocols.

use super::*;

use Protocol::{
    AnthropicMessages as Messages, BedrockConverse as Converse, CohereChat, Gemini, OllamaChat, OpenaiChat,
    OpenaiResponses,
};

/// A client's request as a supplier gets it, and what is named as lost.
fn try_sent(from: Protocol, to: Protocol, body: &Value) -> Result<(Value, Vec<String>), TranslateError> {
    let client = crate::codec(from).unwrap().translator().unwrap().client().unwrap();
    let read = client.decode_request(body.to_string().as_bytes())?;
    let sent = request(&read, crate::codec(to).unwrap().translator().unwrap(), &target())?;
    let lost = sent.losses.into_iter().map(|loss| loss.what).collect();
    Ok((serde_json::from_slice(&sent.body).unwrap(), lost))
}

fn sent(from: Protocol, to: Protocol, body: &Value) -> (Value, Vec<String>) {
    try_sent(from, to, body).unwrap()
}

/// The same documents in Messages and in Converse: in the user's words, and in a tool's result.
fn alike() -> (Vec<Value>, Vec<Value>) {
    let cited = json!({"enabled": true});
    let messages = vec![
        json!({"type": "document", "title": "Tides", "context": "of 2026", "citations": cited,
            "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQK"}}),
        json!({"type": "document", "title": "Berths", "citations": cited,
            "source": {"type": "content", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]}}),
        json!({"type": "search_result", "source": "https://harbour.example/1", "title": "Harbour", "citations": cited,
            "content": [{"type": "text", "text": "deep"}, {"type": "text", "text": "wide"}]}),
        json!({"type": "search_result", "source": "row 7 of the pilots' book", "title": "Pilots",
            "content": [{"type": "text", "text": "call first"}]}),
    ];
    let converse = vec![
        json!({"document": {"name": "Tides", "context": "of 2026", "citations": cited, "format": "pdf",
            "source": {"bytes": "JVBERi0xLjQK"}}}),
        json!({"document": {"name": "Berths", "citations": cited, "source": {"content": [{"text": "one"}, {"text": "two"}]}}}),
        json!({"searchResult": {"source": "https://harbour.example/1", "title": "Harbour", "citations": cited,
            "content": [{"text": "deep"}, {"text": "wide"}]}}),
        json!({"searchResult": {"source": "row 7 of the pilots' book", "title": "Pilots", "content": [{"text": "call first"}]}}),
    ];
    (messages, converse)
}

/// Both requests, with these blocks in the user's turn and in a tool's result.
fn asked(messages: &[Value], converse: &[Value]) -> (Value, Value) {
    let beside = |blocks: &[Value], text: Value| {
        let mut blocks = blocks.to_vec();
        blocks.push(text);
        blocks
    };
    let messages = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": beside(messages, json!({"type": "text", "text": "?"}))},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "look", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": &messages[2..]}]},
    ], "tools": [{"name": "look", "input_schema": {"type": "object"}}]});
    let converse = json!({"inferenceConfig": {"maxTokens": 9}, "messages": [
        {"role": "user", "content": beside(converse, json!({"text": "?"}))},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t1", "name": "look", "input": {}}}]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "t1", "content": &converse[2..]}}]},
    ], "toolConfig": {"tools": [{"toolSpec": {"name": "look", "inputSchema": {"json": {"type": "object"}}}}]}});
    (messages, converse)
}

#[test]
fn g10_what_is_said_about_documents_is_carried_between_messages_and_converse() {
    let (messages, converse) = alike();
    let (messages, converse) = asked(&messages, &converse);
    for (from, to, said, heard) in
        [(Messages, Converse, &messages, &converse), (Converse, Messages, &converse, &messages)]
    {
        let (body, lost) = sent(from, to, said);
        assert_eq!(body["messages"], heard["messages"], "{from} to {to}");
        assert_eq!(lost, [""; 0], "{from} to {to}");
    }
}

#[test]
fn p4_what_is_said_about_documents_is_named_where_it_has_no_place() {
    let (messages, converse) = alike();
    for (from, said) in [
        (Messages, asked(&messages[1..], &converse[1..]).0),
        (Converse, asked(&messages[1..], &converse[1..]).1),
    ] {
        for to in [OpenaiChat, OpenaiResponses, Gemini, CohereChat, OllamaChat] {
            let (body, lost) = sent(from, to, &said);
            for name in ["document.citations", "document.passages", "search_result.source"] {
                assert!(lost.iter().any(|lost| lost == name), "{from} to {to}: {name}: {lost:?}");
            }
            assert!(!body.to_string().contains("harbour.example"), "{to}: {body}");
        }
    }
    let context = json!({"type": "document", "context": "of 2026",
        "source": {"type": "text", "media_type": "text/plain", "data": "six"}});
    let said = json!({"max_tokens": 9, "messages": [{"role": "user", "content": [context]}]});
    for to in [OpenaiChat, OpenaiResponses, Gemini, CohereChat, OllamaChat] {
        let (_, lost) = sent(Messages, to, &said);
        assert!(lost.iter().any(|lost| lost == "document.context"), "{to}: {lost:?}");
    }
}

#[test]
fn p4_a_documents_name_is_named_where_its_text_alone_is_said() {
    let source = json!({"type": "text", "media_type": "text/plain", "data": "deep"});
    let named = |title: &Value| {
        let document = json!({"type": "document", "title": title, "source": source});
        json!({"max_tokens": 9, "messages": [{"role": "user", "content": [document]}]})
    };
    for supplier in [OpenaiChat, CohereChat, OllamaChat] {
        let (_, lost) = sent(Messages, supplier, &named(&json!("Berths")));
        assert_eq!(lost, ["document", "media.name"], "{supplier}");
        let (_, lost) = sent(Messages, supplier, &named(&Value::Null));
        assert_eq!(lost, ["document"], "{supplier}");
    }
}

#[test]
fn g10_a_text_in_a_file_is_words_to_suppliers_without_files() {
    let data = "data:text/plain;base64,SGlnaCB3YXRlciBhdCBzaXgu";
    let bare = "SGlnaCB3YXRlciBhdCBzaXgu";
    let chat = |data: &str| {
        let file = json!({"type": "file", "file": {"filename": "tides.txt", "file_data": data}});
        json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "When?"}, file]}]})
    };
    let responses = |data: &str| {
        let file = json!({"type": "input_file", "filename": "tides.txt", "file_data": data});
        json!({"input": [{"role": "user", "content": [{"type": "input_text", "text": "When?"}, file]}]})
    };
    let source = json!({"type": "base64", "media_type": "text/plain", "data": bare});
    let messages = json!({"max_tokens": 9, "messages": [{"role": "user", "content": [
        {"type": "text", "text": "When?"}, {"type": "document", "title": "tides.txt", "source": source}]}]});
    for (from, said) in [
        (OpenaiChat, chat(data)),
        (OpenaiChat, chat(bare)),
        (OpenaiResponses, responses(data)),
        (OpenaiResponses, responses(bare)),
        (Messages, messages),
    ] {
        let (body, lost) = sent(from, CohereChat, &said);
        let document = json!({"data": {"title": "tides.txt", "text": "High water at six."}});
        assert_eq!(body["documents"], json!([document]), "{from}");
        assert!(lost.contains(&"document".to_owned()), "{from}: {lost:?}");
        let (body, lost) = sent(from, OllamaChat, &said);
        assert_eq!(body["messages"][0]["content"], "When?\n\nHigh water at six.", "{from}");
        assert!(lost.contains(&"document".to_owned()), "{from}: {lost:?}");
    }
    // What is no text has no words.
    let binary = chat("data:text/plain;base64,/////w==");
    for to in [CohereChat, OllamaChat] {
        assert!(matches!(try_sent(OpenaiChat, to, &binary), Err(TranslateError::Unsayable { .. })), "{to}");
    }
}

#[test]
fn g10_an_address_that_does_not_tell_the_type_is_media_to_be_fetched_for_gemini() {
    for (address, tells) in [
        ("https://cdn.example/harbour.png", true),
        ("https://cdn.example/img?id=3", false),
        ("https://cdn.example/harbour.php", false),
        // A picture, says the client.
        ("https://cdn.example/render.html", false),
    ] {
        let image = json!({"type": "image_url", "image_url": {"url": address}});
        let said = json!({"messages": [{"role": "user", "content": [image]}]});
        match try_sent(OpenaiChat, Gemini, &said) {
            Ok((body, _)) => {
                assert!(tells, "{address}");
                let file = &body["contents"][0]["parts"][0]["fileData"];
                assert_eq!(file, &json!({"mimeType": "image/png", "fileUri": address}));
            }
            Err(error) => assert!(!tells && error.is_of_media(), "{address}: {error}"),
        }
    }
}
