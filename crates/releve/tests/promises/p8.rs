//! P8, G25: no one gets in, and no client chooses where we connect or as whom.

use std::process::{ExitStatus, Stdio};

use simulator::Supplier;

use crate::client::{self, Dialect};
use crate::harness::{Config, Gateway, House, eventually, releve, within};

#[tokio::test]
async fn p8_only_keys_in_force_open_the_door() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let mut config = Config::new();
    for dialect in Dialect::BOTH {
        let name = dialect.protocol();
        config = config.provider(name, dialect, &supplier).route(name, &[name], "");
    }
    let product = "[products.office]\nroutes = [\"openai-chat\", \"anthropic-messages\"]\n[products.lab]\nroutes = [\"openai-chat\"]";
    let house = House::new(&config.and(product));
    let gateway = Gateway::start(&house);
    let key = house.key("office");
    let listen = gateway.listen;
    let ask = async |dialect: Dialect, header: &str, value: &str| {
        let body = dialect.hello(dialect.protocol(), false);
        client::post(listen, dialect.path(), &[(header, value)], body.as_bytes()).await
    };
    for dialect in Dialect::BOTH {
        for wrong in ["Bearer rlv_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "Bearer ", "Basic eDp4", ""] {
            let reply = ask(dialect, "authorization", wrong).await;
            assert_eq!(reply.status, 401, "{wrong}: {}", reply.lossy());
            assert!(reply.json()["error"]["message"].is_string());
        }
        assert_eq!(ask(dialect, "x-api-key", &key[..key.len() - 1]).await.status, 401);
        assert_eq!(ask(dialect, "accept", "*/*").await.status, 401);
        assert_eq!(ask(dialect, "authorization", &format!("Bearer {key}")).await.status, 200);
        assert_eq!(ask(dialect, "x-api-key", &key).await.status, 200);
    }
    let lab = house.key("lab");
    let reply = ask(Dialect::Anthropic, "x-api-key", &lab).await;
    assert_eq!(reply.status, 403, "another product's route: {}", reply.lossy());
    let listed = house.command(&["keys", "list", "--json"]);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    let row = listed.as_array().unwrap().iter().find(|row| row["product"] == "office").unwrap();
    let revoked = house.command(&["keys", "revoke", row["id"].as_str().unwrap()]);
    assert!(revoked.status.success(), "{revoked:?}");
    for dialect in Dialect::BOTH {
        assert_eq!(ask(dialect, "x-api-key", &key).await.status, 401, "revoked means at once");
    }
    assert_eq!(supplier.counters().requests, 4);
}

/// Who is refused while still sending hears why, and may ask again on the same connection.
#[tokio::test]
async fn p8_a_refusal_does_not_break_the_connection() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    for dialect in Dialect::BOTH {
        let config = Config::new().provider("a", dialect, &supplier).route("r", &["a"], "");
        let house = House::new(&config.and("[products.office]"));
        let gateway = Gateway::start(&house);
        let key = house.key("office");
        let (hello, long) = (dialect.hello("r", false), "x".repeat(1 << 20));
        let mut socket = client::connect(gateway.listen).await.unwrap();
        for (path, key, body, status) in [
            (dialect.path(), "rlv_of-nobody", &hello, 401),
            ("/v1/nowhere", &key, &hello, 404),
            (dialect.path(), "rlv_of-nobody", &long, 401),
            (dialect.path(), &key, &hello, 200),
        ] {
            let headers = [("x-api-key", key)];
            let asking = client::open_in_two(socket, path, &headers, body.as_bytes());
            let (reply, same) = within(async { asking.await.unwrap().finish().await }).await;
            assert_eq!(reply.status, status, "{path}: {}", reply.lossy());
            socket = same;
        }
    }
}

/// How a start that must fail ends, and what it says.
async fn refused_start(config: &Config) -> (ExitStatus, String) {
    let house = House::new(config);
    let mut command = releve();
    command.arg("--config").arg(house.config()).arg("serve");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let status = eventually("its end", || child.try_wait().unwrap()).await;
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    (status, said.into_owned())
}

#[tokio::test]
async fn p8_it_does_not_start_open_to_all_without_a_key() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    for address in ["0.0.0.0:0", "[::]:0"] {
        let config =
            Config::raw(&format!("[server]\nlisten = \"{address}\"\nadmin_listen = \"127.0.0.1:0\"\n"));
        let config = config.provider("a", Dialect::OpenAi, &supplier).route("r", &["a"], "");
        let (status, said) = refused_start(&config).await;
        assert!(matches!(status.code(), Some(1 | 2)), "{status}: {said}");
        assert!(said.contains("releve keys create"), "{said}");
    }
}

#[tokio::test]
async fn g25_it_does_not_start_with_a_key_that_it_does_not_know() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let base = || Config::new().provider("a", Dialect::OpenAi, &supplier).route("r", &["a"], "");
    for (wrong, named) in [
        ("[products.office]\nroute = [\"r\"]", "routes"),
        ("[product.office]", "products"),
        (
            "[providers.b]\nprotocol = \"openai-chat\"\nbase_url = \"http://127.0.0.1:1/v1\"\nclient_ca = \"x.pem\"",
            "client_ca",
        ),
    ] {
        let (status, said) = refused_start(&base().and(wrong)).await;
        assert_eq!(status.code(), Some(2), "{said}");
        assert!(said.contains(named), "{said}");
    }
}

#[tokio::test]
async fn p8_nothing_smuggled_reaches_the_supplier() {
    let supplier = Supplier::builder().key("sk-ours").spawn().await.unwrap();
    let elsewhere = Supplier::builder().spawn().await.unwrap();
    let more = "api_key = { env = \"OURS\" }\nheaders = { \"OpenAI-Organization\" = \"org-ours\" }";
    let config = Config::new().provider_with("a", Dialect::OpenAi, &supplier, more).route("r", &["a"], "");
    let house = House::new(&config);
    let mut command = releve();
    command.env("OURS", "sk-ours");
    let gateway = Gateway::start_as(&house, command);
    let evil = elsewhere.address().to_string();
    let headers = [
        ("host", evil.as_str()),
        ("authorization", "Bearer sk-canary"),
        ("x-api-key", "sk-canary"),
        ("api-key", "sk-canary"),
        ("x-goog-api-key", "sk-canary"),
        ("openai-organization", "canary"),
        ("openai-project", "canary"),
        ("cookie", "canary=1"),
        ("x-forwarded-host", "canary"),
        ("forwarded", "host=canary"),
        ("proxy-authorization", "Basic canary"),
        ("x-releve-user", "canary"),
        ("x-releve-tags", "canary"),
        ("x-http-method-override", "canary"),
        ("te", "trailers"),
        ("openai-beta", "wanted"),
    ];
    let body = Dialect::OpenAi.hello("r", false);
    let paths = ["/v1/chat/completions".to_owned(), format!("http://{evil}/v1/chat/completions")];
    for path in &paths {
        let reply = client::post(gateway.listen, path, &headers, body.as_bytes()).await;
        assert_eq!(reply.status, 200, "{}", reply.lossy());
    }
    for path in ["/v1/chat/completions/../models", "/v1/chat/completions%2f..", "//v1/chat/completions"] {
        let reply = client::post(gateway.listen, path, &headers, body.as_bytes()).await;
        assert_eq!(reply.status, 404, "{path}: {}", reply.lossy());
    }
    let recorded = supplier.recorded();
    assert_eq!(recorded.len(), paths.len());
    for request in recorded {
        let head = String::from_utf8_lossy(&request.head).to_lowercase();
        assert!(!head.contains("canary"), "{head}");
        assert_eq!(request.header("authorization"), Some("Bearer sk-ours"));
        assert_eq!(request.header("openai-organization"), Some("org-ours"));
        assert_eq!(request.header("openai-beta"), Some("wanted"));
        assert_eq!(request.header("host"), Some(supplier.address().to_string().as_str()));
        assert_eq!(request.target, "/v1/chat/completions");
    }
    assert_eq!(elsewhere.counters().connections_opened, 0, "no client says where we connect");
}

#[tokio::test]
async fn p8_the_admin_listener_obeys_no_other_site() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let config = Config::new().provider("a", Dialect::OpenAi, &supplier).route("r", &["a"], "");
    let house = House::new(&config);
    let gateway = Gateway::start(&house);
    let own = format!("http://{}", gateway.admin);
    let host = gateway.admin.to_string();
    for path in ["/metrics", "/api/config", "/api/health"] {
        let get = async |headers: &[(&str, &str)]| client::get(gateway.admin, path, headers).await.status;
        assert_eq!(get(&[("host", &host)]).await, 200);
        assert_eq!(get(&[("host", &host), ("origin", &own)]).await, 200);
        assert_eq!(get(&[("host", "evil.example")]).await, 421);
        assert_eq!(get(&[("host", &host), ("origin", "http://evil.example")]).await, 403);
        assert_eq!(get(&[("host", &host), ("origin", "null")]).await, 403);
    }
    // Nor does the listener of products show what is the admin's.
    assert_eq!(client::get(gateway.listen, "/metrics", &[]).await.status, 404);
}

/// Whatever bytes come, it answers with an error or hangs up, and goes on.
/// Without keys whoever gets through spends the money: a page in a browser on this machine must not.
#[tokio::test]
async fn p8_without_keys_no_web_page_is_served() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let dialect = Dialect::OpenAi;
    let house = House::new(&Config::new().provider("a", dialect, &supplier).route("r", &["a"], ""));
    let gateway = Gateway::start(&house);
    let ask = async |headers: &[(&str, &str)]| {
        let body = dialect.hello("r", false);
        client::post(gateway.listen, dialect.path(), headers, body.as_bytes()).await
    };
    for (header, status) in [
        (("host", "evil.example"), 421),
        (("origin", "https://evil.example"), 403),
        (("origin", "null"), 403),
        (("host", "localhost:4100"), 200),
        (("origin", "http://127.0.0.1"), 200),
    ] {
        let reply = ask(&[header, ("content-type", "text/plain")]).await;
        assert_eq!(reply.status, status, "{header:?}: {}", reply.lossy());
    }
    assert_eq!(client::get(gateway.listen, "/v1/models", &[("host", "evil.example")]).await.status, 421);
    assert_eq!(client::get(gateway.listen, "/livez", &[("host", "probe.example")]).await.status, 200);
    assert_eq!(supplier.counters().requests, 2);
}

#[tokio::test]
async fn p8_untrusted_bytes_never_take_it_down() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let supplier = Supplier::builder().spawn().await.unwrap();
    let config = Config::new().provider("a", Dialect::OpenAi, &supplier).route("r", &["a"], "");
    let house = House::new(&config);
    let gateway = Gateway::start(&house);
    let deep = "[".repeat(100_000);
    let long = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n",
        "y".repeat(200_000)
    );
    let smuggled = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET";
    for bytes in [
        "\0\x01\x02\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        &long,
        smuggled,
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0",
    ] {
        let mut socket = client::connect(gateway.listen).await.unwrap();
        // May fail: it may hang up before it has read everything.
        socket.get_mut().write_all(bytes.as_bytes()).await.ok();
        socket.get_mut().shutdown().await.ok();
        let mut said = Vec::new();
        crate::harness::within(socket.read_to_end(&mut said)).await.ok();
        assert!(!said.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&said));
    }
    let twice = "{\"model\":\"r\",\"model\":\"x\",\"messages\":[]}";
    let escaped = "{\"model\":\"r\",\"mod\\u0065l\":\"x\",\"messages\":[]}";
    for body in [
        "",
        "null",
        "{",
        "[]",
        "\u{feff}{}",
        &deep,
        twice,
        escaped,
        "{\"model\":1}",
        "{\"model\":\"r\",\"stream\":\"yes\"}",
    ] {
        let reply = client::post(gateway.listen, Dialect::OpenAi.path(), &[], body.as_bytes()).await;
        assert_eq!(reply.status, 400, "{:.60}: {}", body, reply.lossy());
    }
    assert_eq!(supplier.counters().requests, 0);
    assert_eq!(client::ask(gateway.listen, Dialect::OpenAi, "r", true).await.status, 200);
}
