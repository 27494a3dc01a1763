//! G22: what only its owner can read goes back to nobody else, and the turn succeeds all the same.

use ledger::AttemptOutcome;
use serde_json::json;
use simulator::Supplier;
use wire::Failure;

use crate::client::{Dialect, post};
use crate::harness::{Config, Gateway, House};

/// A conversation whose second turn was thought by an account that is not asked now.
fn conversation(signature: &str) -> Vec<u8> {
    let thought = json!({ "type": "thinking", "thinking": "A port, then.", "signature": signature });
    let said = json!({ "type": "text", "text": "Which port?" });
    let body = json!({
        "model": "r", "max_tokens": 200,
        "messages": [
            { "role": "user", "content": "Plan a trip." },
            { "role": "assistant", "content": [thought, said] },
            { "role": "user", "content": "Brest." },
        ],
    });
    body.to_string().into_bytes()
}

#[tokio::test]
async fn g22_a_signature_of_another_account_is_left_out_once_it_is_refused() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let house =
        House::new(&Config::new().provider("a", Dialect::Anthropic, &supplier).route("r", &["a"], ""));
    let gateway = Gateway::start(&house);
    let version = [("anthropic-version", "2023-06-01")];
    let reply =
        post(gateway.listen, Dialect::Anthropic.path(), &version, &conversation("bm90IHRoZWlycw==")).await;
    assert_eq!(reply.status, 200, "{}", reply.lossy());
    assert_eq!(reply.header("x-releve-edits"), Some("model, reasoning"));
    assert_eq!(reply.header("x-releve-dropped"), Some("reasoning.proof"));
    let entry = house.entry(reply.header("request-id").unwrap()).await;
    let outcomes: Vec<_> = entry.attempts.iter().map(|attempt| attempt.outcome).collect();
    assert_eq!(outcomes, [AttemptOutcome::Failed(Failure::ForeignProof), AttemptOutcome::Served]);
    assert_eq!(entry.attempts[1].dropped, ["reasoning.proof".into()]);
}

#[tokio::test]
async fn g22_a_seal_is_taken_out_before_anybody_has_to_refuse_it() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let house =
        House::new(&Config::new().provider("a", Dialect::Anthropic, &supplier).route("r", &["a"], ""));
    let gateway = Gateway::start(&house);
    let kind = "encrypted_content";
    let seal = wire::conversation::Opaque::new(catalogue::Protocol::OpenaiResponses, kind, "gAAAA").seal();
    let version = [("anthropic-version", "2023-06-01")];
    let reply = post(gateway.listen, Dialect::Anthropic.path(), &version, &conversation(&seal)).await;
    assert_eq!(reply.status, 200, "{}", reply.lossy());
    assert_eq!(reply.header("x-releve-attempts"), Some("1"));
    assert_eq!(reply.header("x-releve-dropped"), Some("reasoning.proof"));
}
