//! G25, G10: media that a client points at reaches suppliers that take only bytes, where the configuration wants that and
//! the address may be asked; otherwise nothing is asked.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Handle, Supplier};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::client::{Reply, post};
use crate::harness::{Config, Gateway, House, within};

/// The smallest PNG: one pixel.
const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0,
    0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89,
];

async fn gallery() -> (SocketAddr, Arc<AtomicUsize>) {
    gallery_of(PNG.to_vec()).await
}

/// Shows the picture to everybody, and counts who came.
async fn gallery_of(picture: Vec<u8>) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let visits = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&visits);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let mut head = [0; 2048];
            let _ = socket.read(&mut head).await.unwrap();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", picture.len());
            // Who has enough does not take the rest.
            let _ = socket.write_all(&[answer.as_bytes(), &picture].concat()).await;
        }
    });
    (address, visits)
}

async fn house(protocol: &str, policy: &str) -> (Handle, House, Gateway) {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let config = Config::new().and(&format!(
        "[providers.a]\nprotocol = \"{protocol}\"\nbase_url = \"{}\"\napi_key = {{ file = \"key\" }}",
        supplier.base_url()
    ));
    let house = House::new(&config.route("r", &["a"], policy));
    std::fs::write(house.path().join("key"), "k").unwrap();
    let gateway = Gateway::start(&house);
    (supplier, house, gateway)
}

async fn ask(gateway: &Gateway, picture: &str) -> Reply {
    let content = json!([
        { "type": "text", "text": "What is this?" },
        { "type": "image_url", "image_url": { "url": picture } },
    ]);
    let body = json!({ "model": "r", "messages": [{ "role": "user", "content": content }] });
    post(gateway.listen, "/v1/chat/completions", &[], body.to_string().as_bytes()).await
}

#[tokio::test]
async fn g10_a_picture_reaches_suppliers_that_take_only_bytes() {
    let (gallery, visits) = gallery().await;
    let policy = "fetch_media = true\nfetch_media_from = [\"127.0.0.1/32\"]";
    for (protocol, place) in [
        ("bedrock-converse", "/messages/0/content/1/image/source/bytes"),
        ("ollama-chat", "/messages/1/images/0"),
        ("gemini", "/contents/0/parts/1/inlineData/data"),
    ] {
        visits.store(0, Ordering::SeqCst);
        let (supplier, _house, gateway) = house(protocol, policy).await;
        let reply = ask(&gateway, &format!("http://{gallery}/picture")).await;
        assert_eq!(reply.status, 200, "{protocol}: {}", reply.lossy());
        assert_eq!(reply.header("x-releve-edits"), Some("translated, media"), "{protocol}");
        let seen: Value = serde_json::from_slice(&supplier.recorded()[0].body).unwrap();
        let data = seen.pointer(place).unwrap_or_else(|| panic!("{protocol}: {seen}")).as_str().unwrap();
        assert!(data.starts_with("iVBORw0KGgo"), "{protocol}: {data}");
        assert_eq!(visits.load(Ordering::SeqCst), 1, "{protocol}");
    }
}

/// What stands there often is counted as often: one address must not become a request of any size.
#[tokio::test]
async fn g25_a_picture_counts_as_often_as_it_is_pointed_at() {
    let (gallery, visits) = gallery_of([PNG, &vec![0; 1 << 20]].concat()).await;
    let policy = "fetch_media = true\nfetch_media_from = [\"127.0.0.1/32\"]";
    let (supplier, _house, gateway) = house("bedrock-converse", policy).await;
    let picture = json!({ "type": "image_url", "image_url": { "url": format!("http://{gallery}/picture") } });
    for (times, status) in [(2, 200), (100, 400)] {
        let body = json!({ "model": "r", "messages": [{ "role": "user", "content": vec![picture.clone(); times] }] });
        let body = body.to_string();
        let reply = post(gateway.listen, "/v1/chat/completions", &[], body.as_bytes()).await;
        assert_eq!(reply.status, status, "{times}: {}", reply.lossy());
    }
    assert_eq!((supplier.recorded().len(), visits.load(Ordering::SeqCst)), (1, 2));
}

/// G13: what fetching takes is not booked to the supplier.
#[tokio::test]
async fn g25_the_time_to_fetch_is_not_the_suppliers() {
    const SLOW: Duration = Duration::from_millis(400);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        tokio::time::sleep(SLOW).await;
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", PNG.len());
        socket.write_all(&[answer.as_bytes(), PNG].concat()).await.unwrap();
    });
    let policy = "fetch_media = true\nfetch_media_from = [\"127.0.0.1/32\"]";
    let (_supplier, house, gateway) = house("bedrock-converse", policy).await;
    let reply = ask(&gateway, &format!("http://{address}/")).await;
    assert_eq!(reply.status, 200, "{}", reply.lossy());
    let entry = house.entry(reply.header("x-request-id").unwrap()).await;
    assert!(entry.attempts[0].started_us >= 400_000, "{:?}", entry.attempts);
}

/// P10: whoever points at what cannot be fetched is told so.
#[tokio::test]
async fn p10_a_failed_fetch_is_explained() {
    let (gallery, visits) = gallery_of(b"<html>".to_vec()).await;
    let policy = "fetch_media = true\nfetch_media_from = [\"127.0.0.1/32\"]";
    let (supplier, house, gateway) = house("bedrock-converse", policy).await;
    let url = format!("http://{gallery}/page");
    let reply = ask(&gateway, &url).await;
    let why = "number 1 could not be fetched: what is there is no PNG, JPEG, GIF, WebP or PDF";
    assert_eq!((reply.status, reply.text().contains(why)), (400, true), "{}", reply.lossy());
    let entry = house.entry(reply.header("x-request-id").unwrap()).await;
    assert!(entry.attempts[0].dropped[0].ends_with(why), "{:?}", entry.attempts);

    visits.store(0, Ordering::SeqCst);
    let body = json!({ "model": "r", "n": 2, "messages": [{ "role": "user", "content": [
        { "type": "image_url", "image_url": { "url": url } },
    ] }] });
    let reply = post(gateway.listen, "/v1/chat/completions", &[], body.to_string().as_bytes()).await;
    assert_eq!((reply.status, visits.load(Ordering::SeqCst)), (400, 0), "{}", reply.lossy());
    assert!(supplier.recorded().is_empty());
}

#[tokio::test]
async fn g25_addresses_that_may_not_be_asked_are_not() {
    let (gallery, visits) = gallery().await;
    let url = format!("http://{gallery}/picture");
    // At a port that may be asked, so that it is the address alone that is refused.
    let usual = "http://127.0.0.1/picture".to_owned();
    let metadata = "http://169.254.169.254/latest/meta-data/iam".to_owned();
    let forbidden = "the address leads to nowhere that may be asked";
    let cases = [
        ("", &url, ""),
        ("fetch_media = true", &url, forbidden),
        ("fetch_media = true", &usual, forbidden),
        ("fetch_media = true\nfetch_media_from = [\"10.0.0.0/8\"]", &usual, forbidden),
        ("fetch_media_from = [\"127.0.0.1/32\"]", &url, ""),
        ("fetch_media = true\nfetch_media_from = [\"127.0.0.1/32\"]", &metadata, forbidden),
    ];
    for (policy, url, why) in cases {
        let (supplier, house, gateway) = house("bedrock-converse", policy).await;
        let reply = ask(&gateway, url).await;
        assert!((400..500).contains(&reply.status), "{policy}: {}", reply.lossy());
        assert!(reply.text().contains(why), "{policy}: {}", reply.lossy());
        assert!(
            supplier.recorded().is_empty() && !reply.text().contains("meta-data"),
            "{policy}: {}",
            reply.lossy()
        );
        house.verify();
    }
    assert_eq!(visits.load(Ordering::SeqCst), 0);
}

/// A slow host of pictures must not keep others from a supplier that takes few at a time.
#[tokio::test]
async fn g25_who_waits_for_a_picture_holds_no_place_at_the_supplier() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (show, shown) = tokio::sync::oneshot::channel::<()>();
    let (came, visitor) = tokio::sync::oneshot::channel::<()>();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        came.send(()).unwrap();
        shown.await.unwrap();
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", PNG.len());
        socket.write_all(&[answer.as_bytes(), PNG].concat()).await.unwrap();
    });
    let supplier = Supplier::builder().spawn().await.unwrap();
    let config = Config::new().and(&format!(
        "[providers.a]\nprotocol = \"bedrock-converse\"\nbase_url = \"{}\"\napi_key = {{ file = \"key\" }}\n[routes.r]\n\
         deployments = [{{ use = \"a/m\", max_in_flight = 1, price = {{ input = \"1\", output = \"1\" }} }}]\n[routes.r.policy]\n\
         fetch_media = true\nfetch_media_from = [\"127.0.0.1/32\"]",
        supplier.base_url()
    ));
    let house = House::new(&config);
    std::fs::write(house.path().join("key"), "k").unwrap();
    let gateway = Gateway::start(&house);
    let picture = format!("http://{address}/slow");
    let waiting = ask(&gateway, &picture);
    let others = async {
        within(visitor).await.unwrap();
        let body = json!({ "model": "r", "messages": [{ "role": "user", "content": "Hello." }] }).to_string();
        let reply = post(gateway.listen, "/v1/chat/completions", &[], body.as_bytes()).await;
        assert_eq!((reply.status, supplier.recorded().len()), (200, 1), "{}", reply.lossy());
        show.send(()).unwrap();
    };
    let (reply, ()) = tokio::join!(waiting, others);
    assert_eq!((reply.status, reply.header("x-releve-attempts")), (200, Some("1")), "{}", reply.lossy());
    assert_eq!(supplier.recorded().len(), 2);
    house.verify();
}
