//! G24, P8: no secret and no prompt is ever written down or said.

use std::process::Command;

use simulator::{After, Fault, Handle, HiddenError, Rule, Supplier};

use crate::client::{self, Dialect};
use crate::harness::{Config, Gateway, House, releve};

const ENV_SECRET: &str = "sk-canary-0d1f2e3a4b5c6d7e";
const FILE_SECRET: &str = "sk-ant-canary-9c8b7a6f5e4d";
const ADMIN_TOKEN: &str = "admin-canary-5a4b3c2d1e0f";
/// Stands in the configuration as it is: some gateways want keys in headers of their own.
const HEADER_SECRET: &str = "header-canary-3e2d1c0b9a88";
const PROMPT: &str = "prompt-canary-77aa88bb99cc";
/// The file that holds a secret by right.
const SECRET_FILE: &str = "supplier.key";

/// For each protocol a supplier that fails in each way, and one that does not; OpenAI's key is in a variable,
/// Anthropic's in a file.
async fn scene() -> (Vec<Handle>, Vec<(Dialect, String)>, Config) {
    let error = HiddenError::Quota;
    let faults = [
        Some(Fault::Refuse),
        Some(Fault::Unauthorized),
        Some(Fault::ServerError { status: 500 }),
        Some(Fault::Garbage { bytes: 500, after: None }),
        Some(Fault::ErrorIn200 { after: After::Tokens(2), error }),
        None,
    ];
    let (mut suppliers, mut routes) = (Vec::new(), Vec::new());
    let mut config = Config::new().and("admin_token = { env = \"ADMIN\" }");
    for dialect in Dialect::BOTH {
        let key = match dialect {
            Dialect::OpenAi => "api_key = { env = \"CANARY\" }".to_owned(),
            Dialect::Anthropic => format!("api_key = {{ file = \"{SECRET_FILE}\" }}"),
        };
        let key = format!("{key}\nheaders = {{ \"X-Gateway-Token\" = \"{HEADER_SECRET}\" }}");
        for (place, fault) in faults.iter().enumerate() {
            let script: Vec<_> = fault.clone().into_iter().map(Rule::always).collect();
            let supplier = Supplier::builder().script(script).spawn().await.unwrap();
            let name = format!("{}-{place}", dialect.protocol());
            config = config.provider_with(&name, dialect, &supplier, &key).route(&name, &[&name], "");
            routes.push((dialect, name));
            suppliers.push(supplier);
        }
    }
    (suppliers, routes, config.and("[products.office]"))
}

/// The binary with the secrets that its configuration asks for.
fn trusted() -> Command {
    let mut command = releve();
    command.env("CANARY", ENV_SECRET).env("ADMIN", ADMIN_TOKEN);
    command
}

/// All that clients are told of requests that hold the prompt. A good answer may repeat it; ours are errors.
async fn told_to_clients(gateway: &Gateway, routes: &[(Dialect, String)], key: &str) -> String {
    let mut told = String::new();
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("anthropic-version", "2023-06-01")];
    for (dialect, route) in routes {
        for stream in [true, false] {
            let body = dialect.hello(route, stream).replace("hello", PROMPT);
            assert!(body.contains(PROMPT));
            let reply = client::post(gateway.listen, dialect.path(), &headers, body.as_bytes()).await;
            told.push_str(&format!("{:?}", reply.headers));
            if reply.status != 200 {
                told.push_str(&reply.lossy());
            }
        }
    }
    told
}

/// All that operators are told, by the admin listener and by commands.
async fn told_to_operators(gateway: &Gateway, house: &House) -> String {
    let mut told = String::new();
    let bearer = format!("Bearer {ADMIN_TOKEN}");
    for path in ["/metrics", "/api/config", "/api/health"] {
        let wrong = client::get(gateway.admin, path, &[("authorization", "Bearer no")]).await;
        let right = client::get(gateway.admin, path, &[("authorization", &bearer)]).await;
        assert_eq!((wrong.status, right.status), (401, 200), "{path}");
        told.push_str(&(wrong.lossy() + &right.lossy()));
    }
    for arguments in [
        &["check"][..],
        &["routes"],
        &["config", "show"],
        &["explain"],
        &["ledger", "export", "--format", "jsonl"],
        &["ledger", "tail"],
        &["keys", "list"],
    ] {
        let output = trusted().arg("--config").arg(house.config()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        told.push_str(&String::from_utf8_lossy(&output.stdout));
        told.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    told
}

/// All that lies in the house, but for the files that hold a secret by right.
fn written_down(house: &House) -> String {
    let files = std::fs::read_dir(house.path()).unwrap().map(|file| file.unwrap());
    let ours = files.filter(|file| file.file_name() != SECRET_FILE && file.path() != house.config());
    ours.map(|file| String::from_utf8_lossy(&std::fs::read(file.path()).unwrap()).into_owned()).collect()
}

#[tokio::test]
async fn g24_a_canary_is_found_nowhere() {
    let (_suppliers, routes, config) = scene().await;
    let house = House::new(&config);
    std::fs::write(house.path().join(SECRET_FILE), FILE_SECRET).unwrap();
    let key = house.key("office");
    let mut command = trusted();
    command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "1");
    let gateway = Gateway::start_as(&house, command);
    let mut found = told_to_clients(&gateway, &routes, &key).await;
    house.write(&config.clone().and("[oops"));
    gateway.says("unchanged", 0).await;
    house.write(&config);
    assert_eq!(house.all_entries(24).await.len(), 24, "everything above has left its trace");
    found.push_str(&told_to_operators(&gateway, &house).await);
    found.push_str(&gateway.said());
    assert!(found.contains("X-Gateway-Token"), "that there is one is no secret");
    drop(gateway);
    found.push_str(&written_down(&house));
    for (canary, what) in [
        (ENV_SECRET, "the key in a variable"),
        (FILE_SECRET, "the key in a file"),
        (ADMIN_TOKEN, "the admin token"),
        (HEADER_SECRET, "the value of a header"),
        (key.as_str(), "the product's key"),
        (PROMPT, "a prompt"),
    ] {
        if let Some(at) = found.find(canary) {
            let start = found.floor_char_boundary(at.saturating_sub(200));
            panic!("{what} was found after: {}", &found[start..at]);
        }
    }
}
