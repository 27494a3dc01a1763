//! P2, A11: streams of protocols without a terminal event. They are whole when the finish reason came and the body ends in
//! order; anything else is a break, in the client's own protocol, native or translated.

use ledger::Outcome;
use serde_json::{Value, json};
use simulator::{After, CutWith, Ending, Fault, Rule, Supplier};

use crate::client::{Reply, post};
use crate::harness::{Config, Gateway, House};

/// What the supplier speaks: neither says in an event that its stream is over.
const UNENDED: [&str; 2] = ["gemini", "ollama-chat"];

#[derive(Debug, Clone, Copy)]
enum Client {
    Gemini,
    Chat,
    Messages,
}

impl Client {
    const ALL: [Self; 3] = [Self::Gemini, Self::Chat, Self::Messages];

    async fn ask(self, gateway: &Gateway) -> Reply {
        let words = "Say hello to everybody.";
        let messages = json!([{ "role": "user", "content": words }]);
        let (path, body) = match self {
            Self::Gemini => (
                "/v1beta/models/r:streamGenerateContent?alt=sse",
                json!({ "contents": [{ "role": "user", "parts": [{ "text": words }] }] }),
            ),
            Self::Chat => {
                ("/v1/chat/completions", json!({ "model": "r", "stream": true, "messages": messages }))
            }
            Self::Messages => (
                "/v1/messages",
                json!({ "model": "r", "stream": true, "max_tokens": 200, "messages": messages }),
            ),
        };
        let headers = [("anthropic-version", "2023-06-01")];
        let reply = post(gateway.listen, path, &headers, body.to_string().as_bytes()).await;
        assert_eq!(reply.status, 200, "{self:?}: {}", reply.lossy());
        assert!(reply.broken.is_none(), "{self:?}: the HTTP body itself ends in order");
        reply
    }

    /// Whether anything in the stream says that the answer is whole.
    fn is_told_an_end(self, reply: &Reply) -> bool {
        let words = match self {
            Self::Gemini => ["finishReason\":\"STOP", "finishReason\": \"STOP"],
            Self::Chat => ["data: [DONE]", "\"finish_reason\":\""],
            Self::Messages => ["message_stop", "\"stop_reason\":\""],
        };
        words.iter().any(|words| reply.text().contains(words))
    }
}

async fn streams(protocol: &str, script: Vec<Rule>) -> (Vec<(Client, Reply)>, House) {
    let supplier = Supplier::builder().script(script).spawn().await.unwrap();
    let url = supplier.base_url();
    let provider = format!(
        "[providers.a]\nprotocol = \"{protocol}\"\nbase_url = \"{url}\"\napi_key = {{ file = \"key\" }}"
    );
    let house = House::new(&Config::new().and(&provider).route("r", &["a"], "token_gap_timeout = \"1s\""));
    std::fs::write(house.path().join("key"), "k").unwrap();
    let gateway = Gateway::start(&house);
    let mut replies = Vec::new();
    for client in Client::ALL {
        replies.push((client, client.ask(&gateway).await));
    }
    (replies, house)
}

#[tokio::test]
async fn p2_a_stream_without_a_terminal_event_breaks_as_loudly_as_others() {
    let after = After::Tokens(4);
    let faults = [
        Fault::Cut { after, with: CutWith::Fin },
        Fault::Cut { after, with: CutWith::Rst },
        Fault::CleanEnd { after, says: Ending::Nothing },
        // All of the text came, and no reason why it ended.
        Fault::CleanEnd { after: After::Tokens(1_000_000), says: Ending::Nothing },
        Fault::Stall { after, pings_ms: 0 },
    ];
    for protocol in UNENDED {
        for fault in &faults {
            let (replies, house) = streams(protocol, vec![Rule::always(fault.clone())]).await;
            for (client, reply) in &replies {
                let what = format!("{protocol} to {client:?}, {fault:?}: {}", reply.lossy());
                let events = reply.events();
                assert!(events.len() > 1, "something was said before: {what}");
                let last: Value = serde_json::from_str(events.last().unwrap()).unwrap();
                assert!(last["error"]["message"].is_string(), "{what}");
                assert!(!client.is_told_an_end(reply), "{what}");
            }
            for entry in house.all_entries(replies.len()).await {
                assert_eq!(entry.outcome, Outcome::BrokenOff, "{protocol}, {fault:?}");
                assert!(
                    entry.finish.is_none() && entry.usage.output_text > 0,
                    "{protocol}, {fault:?}: {entry:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn p2_a_stream_without_a_terminal_event_ends_well_when_its_body_does() {
    for protocol in UNENDED {
        let (replies, house) = streams(protocol, Vec::new()).await;
        for (client, reply) in &replies {
            assert!(client.is_told_an_end(reply), "{protocol} to {client:?}: {}", reply.lossy());
            assert!(!reply.text().contains("\"error\""), "{protocol} to {client:?}: {}", reply.lossy());
        }
        assert!(
            house.all_entries(replies.len()).await.iter().all(|entry| entry.outcome == Outcome::Answered)
        );
    }
}
