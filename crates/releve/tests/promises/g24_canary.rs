//! G24, P8: no secret and no prompt is ever written down or said.

use simulator::{After, Fault, HiddenError, Rule, Supplier};

use crate::client::{self, Dialect};
use crate::harness::{Config, Gateway, House, releve};

const SECRET: &str = "sk-canary-0d1f2e3a4b5c6d7e";
const PROMPT: &str = "prompt-canary-77aa88bb99cc";

#[tokio::test]
async fn g24_a_canary_is_found_nowhere() {
    let (mut suppliers, mut config, mut names) = (Vec::new(), Config::new(), Vec::new());
    let error = HiddenError::Quota;
    let faults = [
        Some(Fault::Refuse),
        Some(Fault::Unauthorized),
        Some(Fault::ServerError { status: 500 }),
        Some(Fault::Garbage { bytes: 500, after: None }),
        Some(Fault::ErrorIn200 { after: After::Tokens(2), error }),
        None,
    ];
    for (place, fault) in faults.into_iter().enumerate() {
        let script: Vec<_> = fault.into_iter().map(Rule::always).collect();
        let supplier = Supplier::builder().script(script).spawn().await.unwrap();
        let name = format!("p{place}");
        let more = "api_key = { env = \"CANARY\" }";
        config = config.provider_with(&name, Dialect::OpenAi, &supplier, more);
        config = config.route(&name, &[&name], "");
        names.push(name);
        suppliers.push(supplier);
    }
    let list: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let config = config.and(&format!("[products.office]\nroutes = [{}]", list.join(", ")));
    let house = House::new(&config);
    let key = house.key("office");
    let mut command = releve();
    command.env("CANARY", SECRET).env("RUST_LOG", "trace").env("RUST_BACKTRACE", "1");
    let gateway = Gateway::start_as(&house, command);
    let mut found = String::new();
    let bearer = format!("Bearer {key}");
    for name in &names {
        for stream in [true, false] {
            let body = Dialect::OpenAi.hello(name, stream).replace("hello", PROMPT);
            let path = Dialect::OpenAi.path();
            let headers = [("authorization", bearer.as_str())];
            let reply = client::post(gateway.listen, path, &headers, body.as_bytes()).await;
            found.push_str(&format!("{:?}", reply.headers));
            // A good answer may repeat a prompt; ours are errors.
            if reply.status != 200 {
                found.push_str(&reply.lossy());
            }
        }
    }
    for path in ["/metrics", "/api/config", "/api/health"] {
        found.push_str(&client::get(gateway.admin, path, &[]).await.lossy());
    }
    house.write(&config.clone().and("[oops"));
    gateway.says("unchanged", 0).await;
    house.write(&config);
    for arguments in [
        &["check"][..],
        &["routes"],
        &["config", "show"],
        &["ledger", "export", "--format", "jsonl"],
        &["ledger", "tail"],
        &["keys", "list"],
    ] {
        let output = house.command(arguments);
        found.push_str(&String::from_utf8_lossy(&output.stdout));
        found.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    found.push_str(&gateway.said());
    assert_eq!(house.all_entries(12).await.len(), 12, "everything above has left its trace");
    drop(gateway);
    for file in std::fs::read_dir(house.path()).unwrap() {
        let file = file.unwrap();
        found.push_str(&String::from_utf8_lossy(&std::fs::read(file.path()).unwrap()));
    }
    for (canary, what) in
        [(SECRET, "the provider's key"), (key.as_str(), "the product's key"), (PROMPT, "a prompt")]
    {
        if let Some(at) = found.find(canary) {
            let near: String =
                found[..at].chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect();
            panic!("{what} was found after: {near}");
        }
    }
}
