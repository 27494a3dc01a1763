//! G22: what only its owner can read goes back to nobody else, and the turn succeeds all the same.

use ledger::AttemptOutcome;
use serde_json::{Value, json};
use simulator::{Handle, Supplier};
use wire::Failure;

use crate::client::{Dialect, post};
use crate::harness::{Config, Gateway, House};

/// A conversation whose second turn was thought by an account that is not asked now.
fn conversation(signature: &str) -> Vec<u8> {
    conversation_after("A port, then.", signature)
}

fn conversation_after(thought: &str, signature: &str) -> Vec<u8> {
    let thought = json!({ "type": "thinking", "thinking": thought, "signature": signature });
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

/// A route over two accounts that speak Responses and Chat Completions, for a product that keeps its responses.
fn keeping(one: &Handle, other: &Handle, more: &str) -> Config {
    let (url, product) = (one.openai_base_url(), "[products.office]\nstore = true\n");
    Config::new()
        .and(&format!("[providers.a]\nprotocol = \"openai-responses\"\nbase_url = \"{url}\"\n"))
        .provider("b", Dialect::OpenAi, other)
        .route("r", &["a", "b"], "")
        .and(product)
        .and(more)
}

async fn turn(gateway: &Gateway, text: &str, previous: Option<&str>) -> Value {
    let body = json!({ "model": "r", "input": text, "previous_response_id": previous }).to_string();
    let reply = post(gateway.listen, "/v1/responses", &[], body.as_bytes()).await;
    assert_eq!(reply.status, 200, "{}", reply.lossy());
    serde_json::from_slice(&reply.body).unwrap()
}

fn id(response: &Value) -> &str {
    response["id"].as_str().unwrap()
}

#[tokio::test]
async fn g22_a_turn_that_was_answered_is_there_after_kill_9() {
    let one = Supplier::builder().spawn().await.unwrap();
    let other = Supplier::builder().spawn().await.unwrap();
    let house = House::new(&keeping(&one, &other, ""));
    let gateway = Gateway::start(&house);
    let first = turn(&gateway, "My boat is called Relief.", None).await;
    gateway.kill();
    one.cut().await;
    let gateway = Gateway::start(&house);
    let second = turn(&gateway, "What is it called?", Some(id(&first))).await;
    let told = String::from_utf8(other.recorded().last().unwrap().body.to_vec()).unwrap();
    assert!(told.contains("My boat is called Relief.") && told.contains("What is it called?"), "{told}");
    gateway.kill();
    let gateway = Gateway::start(&house);
    turn(&gateway, "And now?", Some(id(&second))).await;
    let told = String::from_utf8(other.recorded().last().unwrap().body.to_vec()).unwrap();
    assert!(told.contains("My boat is called Relief.") && told.contains("And now?"), "{told}");
}

#[tokio::test]
async fn g22_under_another_key_it_does_not_start_and_says_what_to_do() {
    let one = Supplier::builder().spawn().await.unwrap();
    let house = House::new(&keeping(&one, &one, ""));
    let gateway = Gateway::start(&house);
    turn(&gateway, "Hello.", None).await;
    gateway.kill();
    std::fs::write(house.path().join("other"), "ab".repeat(32)).unwrap();
    house.write(&keeping(&one, &one, "[state]\nkey = { file = \"other\" }"));
    let refused = house.command(&["serve"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success(), "{said}");
    assert!(said.contains("releve.db.state was written under another key than the configured one"), "{said}");
    assert!(said.contains("give back the key"), "{said}");
    std::fs::remove_file(house.path().join("releve.db.state.key")).unwrap();
    house.write(&keeping(&one, &one, ""));
    let refused = house.command(&["serve"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("releve.db.state.key is not"), "{said}");
}

#[tokio::test]
async fn g22_a_reload_begins_to_keep_nothing_before_a_restart() {
    let one = Supplier::builder().spawn().await.unwrap();
    let without = |config: Config| Config::raw(&config.text().replace("store = true", ""));
    let house = House::new(&without(keeping(&one, &one, "")));
    let gateway = Gateway::start(&house);
    house.write(&keeping(&one, &one, ""));
    gateway.says("needs a restart: products.office.store", 0).await;
    turn(&gateway, "Hello.", None).await;
    assert!(!house.path().join("releve.db.state").exists());
}

#[tokio::test]
async fn g22_items_are_referred_to_once_each_and_within_bounds() {
    let one = Supplier::builder().spawn().await.unwrap();
    let house = House::new(&keeping(&one, &one, ""));
    let gateway = Gateway::start(&house);
    let first = turn(&gateway, "My boat is called Relief.", None).await;
    let message = first["output"].as_array().unwrap().iter().find(|item| item["type"] == "message").unwrap();
    let item = json!({ "type": "item_reference", "id": message["id"] });
    let asked = async |input: Vec<Value>| {
        let body = json!({ "model": "r", "input": input }).to_string();
        post(gateway.listen, "/v1/responses", &[], body.as_bytes()).await
    };
    let named = |id: usize| json!({ "type": "item_reference", "id": format!("msg_{id}") });
    assert_eq!(asked(vec![item.clone(), json!({ "role": "user", "content": "And?" })]).await.status, 200);
    for (input, status, word) in [
        (vec![item.clone(), item.clone()], 400, "more than once"),
        (vec![named(1)], 404, "msg_1"),
        ((0..1_001).map(named).collect(), 400, "1,000"),
    ] {
        let reply = asked(input).await;
        assert_eq!(reply.status, status, "{}", reply.lossy());
        assert!(reply.lossy().contains(word), "{}", reply.lossy());
    }
}

/// The thought that a client of Messages got, whole or streamed, and its signature.
fn thought(reply: &crate::client::Reply, stream: bool) -> (String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if !stream {
        let thought = &reply.json()["content"][0];
        return (text(&thought["thinking"]), text(&thought["signature"]));
    }
    let all = String::from_utf8_lossy(&reply.body);
    let events = all.lines().filter_map(|line| line.strip_prefix("data:"));
    let deltas: Vec<Value> = events.map(|event| serde_json::from_str(event).unwrap()).collect();
    let part = |name: &str| deltas.iter().map(|event| text(&event["delta"][name])).collect::<String>();
    (part("thinking"), part("signature"))
}

#[tokio::test]
async fn g22_a_signature_goes_to_nobody_but_the_account_that_made_it() {
    for stream in [false, true] {
        let (one, other) =
            (Supplier::builder().spawn().await.unwrap(), Supplier::builder().spawn().await.unwrap());
        let config = Config::new()
            .provider("a", Dialect::Anthropic, &one)
            .provider("b", Dialect::Anthropic, &other)
            .route("r", &["a", "b"], "");
        let house = House::new(&config);
        let gateway = Gateway::start(&house);
        let version = [("anthropic-version", "2023-06-01")];
        let first = json!({
            "model": "r", "max_tokens": 4_000, "stream": stream,
            "thinking": { "type": "enabled", "budget_tokens": 2_000 },
            "messages": [{ "role": "user", "content": "Plan a trip." }],
        });
        let path = Dialect::Anthropic.path();
        let reply = post(gateway.listen, path, &version, first.to_string().as_bytes()).await;
        assert_eq!(reply.status, 200, "{}", reply.lossy());
        let (thought, signature) = thought(&reply, stream);
        assert!(!signature.is_empty());
        let conversation = conversation_after(&thought, &signature);
        let reply = post(gateway.listen, path, &version, &conversation).await;
        assert_eq!(reply.header("x-releve-edits"), Some("model"), "its maker gets it back");
        one.cut().await;
        let reply = post(gateway.listen, path, &version, &conversation).await;
        assert_eq!(reply.status, 200, "{}", reply.lossy());
        assert_eq!(reply.header("x-releve-edits"), Some("model, reasoning"));
        assert_eq!(reply.header("x-releve-dropped"), Some("reasoning.proof"));
        for seen in other.recorded() {
            assert!(!String::from_utf8_lossy(&seen.body).contains(&signature), "the other account saw it");
        }
        assert_eq!(other.recorded().len(), 1);
    }
}

#[tokio::test]
async fn e12_a_turn_goes_on_with_the_account_that_keeps_the_one_before() {
    let (one, other) = (
        Supplier::builder().seed(1).spawn().await.unwrap(),
        Supplier::builder().seed(2).spawn().await.unwrap(),
    );
    let mut config = Config::new();
    for (name, supplier) in [("a", &one), ("b", &other)] {
        let url = supplier.openai_base_url();
        config = config
            .and(&format!("[providers.{name}]\nprotocol = \"openai-responses\"\nbase_url = \"{url}\"\n"));
    }
    let config = config.route("r", &["b", "a"], "prefer = \"weighted\"");
    let house = House::new(&config);
    let gateway = Gateway::start(&house);
    for stream in [false, true] {
        let body = json!({ "model": "r", "input": "Hello.", "stream": stream }).to_string();
        let reply = post(gateway.listen, "/v1/responses", &[], body.as_bytes()).await;
        assert_eq!(reply.status, 200, "{}", reply.lossy());
        let keeper = reply.header("x-releve-deployment").unwrap().to_owned();
        let text = reply.lossy();
        let id = text.split('"').find(|word| word.starts_with("resp_")).unwrap();
        let body = json!({ "model": "r", "input": "And?", "previous_response_id": id }).to_string();
        for _ in 0..12 {
            // The simulator keeps nothing, so it says that it is not there; what counts is who is asked.
            let reply = post(gateway.listen, "/v1/responses", &[], body.as_bytes()).await;
            assert_eq!(reply.status, 400, "{}", reply.lossy());
            assert_eq!(reply.header("x-releve-deployment"), Some(&*keeper));
        }
    }
}

#[tokio::test]
async fn g22_tokens_are_counted_with_the_turns_before() {
    let one = Supplier::builder().spawn().await.unwrap();
    let house = House::new(&keeping(&one, &one, ""));
    let gateway = Gateway::start(&house);
    let first = turn(&gateway, &"My boat is called Relief. ".repeat(40), None).await;
    let count = async |previous: &str| {
        let body = json!({ "model": "r", "input": "And?", "previous_response_id": previous }).to_string();
        post(gateway.listen, "/v1/responses/input_tokens", &[], body.as_bytes()).await
    };
    let reply = count(id(&first)).await;
    assert_eq!(reply.status, 200, "{}", reply.lossy());
    assert_eq!(reply.header("x-releve-estimate"), None, "its supplier counted");
    assert!(reply.json()["input_tokens"].as_u64().unwrap() > 200, "{}", reply.lossy());
    let seen: Value = serde_json::from_slice(&one.recorded().last().unwrap().body).unwrap();
    assert!(seen["input"].to_string().contains("Relief") && seen["store"].is_null(), "{seen}");
    assert_eq!(count("resp_none").await.status, 400);
}

#[tokio::test]
async fn g22_input_items_are_whole_or_an_error() {
    let one = Supplier::builder().spawn().await.unwrap();
    let house = House::new(&keeping(&one, &one, ""));
    let gateway = Gateway::start(&house);
    let first = turn(&gateway, &"My boat is called Relief. ".repeat(200), None).await;
    let second = turn(&gateway, "And?", Some(id(&first))).await;
    let path = format!("/v1/responses/{}/input_items", id(&second));
    let listed = async |gateway: &Gateway| crate::client::get(gateway.listen, &path, &[]).await;
    let all = listed(&gateway).await.json()["data"].as_array().unwrap().len();
    assert!(all > 1, "{all}");
    gateway.kill();
    house.write(&keeping(&one, &one, "[policy]\nmax_request_body = \"2KiB\"\n"));
    let gateway = Gateway::start(&house);
    let reply = listed(&gateway).await;
    assert_eq!(reply.status, 413, "a part of it is not all: {}", reply.lossy());
}

#[tokio::test]
async fn g22_reasoning_by_reference_goes_to_nobody_but_its_maker_and_is_kept_for_it_alone() {
    let (one, other) = (
        Supplier::builder().seed(1).spawn().await.unwrap(),
        Supplier::builder().seed(2).spawn().await.unwrap(),
    );
    let mut config = Config::new().and("[products.office]\nstore = true\n");
    for (name, supplier) in [("a", &one), ("b", &other)] {
        let url = supplier.openai_base_url();
        config = config
            .and(&format!("[providers.{name}]\nprotocol = \"openai-responses\"\nbase_url = \"{url}\"\n"));
    }
    let house = House::new(&config.route("r", &["a", "b"], ""));
    let gateway = Gateway::start(&house);
    let asked = async |gateway: &Gateway, body: Value| {
        let reply = post(gateway.listen, "/v1/responses", &[], body.to_string().as_bytes()).await;
        assert_eq!(reply.status, 200, "{}", reply.lossy());
        reply.json()
    };
    let first = json!({ "model": "r", "input": "Plan a trip.", "reasoning": { "effort": "high" } });
    let first = asked(&gateway, first).await;
    let thought =
        first["output"].as_array().unwrap().iter().find(|item| item["type"] == "reasoning").unwrap();
    let sealed = thought["encrypted_content"].as_str().unwrap();
    // What memory knew is gone.
    gateway.kill();
    one.cut().await;
    let gateway = Gateway::start(&house);
    let item = json!({ "type": "item_reference", "id": thought["id"] });
    let input = json!([item, { "role": "user", "content": "And?" }]);
    let second = asked(&gateway, json!({ "model": "r", "input": input })).await;
    asked(&gateway, json!({ "model": "r", "input": "And now?", "previous_response_id": second["id"] })).await;
    assert!(other.recorded().len() >= 2);
    for seen in other.recorded() {
        assert!(!String::from_utf8_lossy(&seen.body).contains(sealed), "the other account saw it");
    }
}

/// A model that reasons unasked would keep its reasoning to itself, and begin anew in the middle of calling tools.
#[tokio::test]
async fn g22_a_model_that_reasons_unasked_is_asked_for_reasoning_that_can_be_given_back() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let url = supplier.openai_base_url();
    let price = "price = { input = \"1\", output = \"1\" }";
    let config = Config::new().and(&format!(
        "[products.office]\nstore = true\n[providers.a]\nprotocol = \"openai-responses\"\nbase_url = \"{url}\"\n\
         [routes.reasons]\ndeployments = [{{ use = \"a/deep\", supports = [\"reasoning\"], {price} }}]\n\
         [routes.told]\ndeployments = [{{ use = \"a/told\", parameters = {{ reasoning_effort = \"low\" }}, {price} }}]\n\
         [routes.plain]\ndeployments = [{{ use = \"a/plain\", {price} }}]"
    ));
    let house = House::new(&config);
    let gateway = Gateway::start(&house);
    let included = async |route: &str, more: Value| {
        let mut body = json!({ "model": route, "input": "Plan a trip." });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let reply = post(gateway.listen, "/v1/responses", &[], body.to_string().as_bytes()).await;
        assert_eq!(reply.status, 200, "{}", reply.lossy());
        let seen: Value = serde_json::from_slice(&supplier.recorded().last().unwrap().body).unwrap();
        seen["include"].clone()
    };
    let (sealed, logprobs) = ("reasoning.encrypted_content", "message.output_text.logprobs");
    assert_eq!(included("reasons", json!({})).await, json!([sealed]));
    assert_eq!(included("reasons", json!({ "include": [logprobs] })).await, json!([sealed, logprobs]));
    assert_eq!(included("told", json!({})).await, json!([sealed]), "its configuration has it reason");
    assert_eq!(included("reasons", json!({ "reasoning": { "effort": "none" } })).await, Value::Null);
    assert_eq!(
        included("reasons", json!({ "store": false })).await,
        json!([sealed]),
        "the product keeps all"
    );
    assert_eq!(included("plain", json!({})).await, Value::Null, "who is not known to reason may refuse it");
}
