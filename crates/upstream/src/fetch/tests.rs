//! What is fetched and what is not, against a server on this machine.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::*;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\npicture";

fn fetcher(allowed: &[&str]) -> Fetcher {
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    let tls = tls.with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    let allowed: Vec<IpNet> = allowed.iter().map(|network| network.parse().unwrap()).collect();
    Fetcher::new(Arc::new(tls), allowed)
}

/// A server that answers by path, and the request lines that it got.
async fn server() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::<Mutex<Vec<String>>>::default();
    let lines = Arc::clone(&seen);
    tokio::task::spawn_local(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let mut socket = BufReader::new(socket);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if socket.read_line(&mut head).await.unwrap() == 0 {
                    return;
                }
            }
            let path = head.split(' ').nth(1).unwrap().to_owned();
            lines.lock().unwrap().push(head);
            let redirect = |to: &str| {
                format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n").into_bytes()
            };
            let body = |body: &[u8]| {
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                [head.as_bytes(), body].concat()
            };
            let answer = match path.as_str() {
                "/picture?size=1" => body(PNG),
                "/page" => body(b"<html>"),
                "/large" => body(&[PNG, &[0; 5000][..]].concat()),
                "/here" => redirect("/picture?size=1"),
                "/metadata" => redirect("http://169.254.169.254/latest/meta-data"),
                "/file" => redirect("file:///etc/passwd"),
                "/neighbour" => redirect(&format!("http://127.0.0.2:{}/picture", address.port())),
                "/loop" => redirect("/loop"),
                "/silent" => {
                    std::mem::forget(socket);
                    continue;
                }
                _ => b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec(),
            };
            socket.get_mut().write_all(&answer).await.unwrap();
        }
    });
    (address, seen)
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, test);
}

async fn fetch(fetcher: &Fetcher, url: &str) -> Result<Fetched, FetchError> {
    fetcher.fetch(url, 4096, Duration::from_millis(700), |_| true).await
}

#[test]
fn g25_what_the_configuration_allows_is_fetched() {
    run(async {
        let (address, seen) = server().await;
        let fetcher = fetcher(&["127.0.0.1/32"]);
        for path in ["/picture?size=1", "/here"] {
            let fetched = fetch(&fetcher, &format!("http://{address}{path}")).await.unwrap();
            assert_eq!(fetched, Fetched { media_type: "image/png", bytes: Bytes::from_static(PNG) });
        }
        let head = seen.lock().unwrap()[0].to_lowercase();
        assert!(!head.contains("authorization") && !head.contains("cookie"), "{head}");
        assert!(head.contains(&format!("host: {address}\r\n")), "{head}");
    });
}

#[test]
fn g25_nothing_else_is() {
    run(async {
        let closed = fetcher(&[]);
        // At the usual ports, so that it is the address alone that is refused: whoever asked there would hear another error.
        for url in [
            "http://127.0.0.1/picture",
            "https://127.0.0.1/picture",
            "http://localhost/picture",
            "http://[::1]/picture",
            "http://[::ffff:127.0.0.1]/picture",
            "http://2130706433/picture",
            "http://10.0.0.1/picture",
            "http://169.254.169.254/latest/meta-data",
            "http://[fd00:ec2::254]/latest/meta-data",
            "https://8.8.8.8:22/",
        ] {
            let refused = fetch(&closed, url).await;
            assert!(matches!(refused, Err(FetchError::Forbidden)), "{url}: {refused:?}");
        }
        for url in [
            "ftp://8.8.8.8/",
            "file:///etc/passwd",
            "/etc/passwd",
            "http://user:pass@8.8.8.8/",
            "gopher://8.8.8.8",
        ] {
            let refused = fetch(&closed, url).await;
            assert!(matches!(refused, Err(FetchError::Address(_))), "{url}: {refused:?}");
        }
    });
}

#[test]
fn g25_each_redirect_is_looked_at() {
    run(async {
        let (address, seen) = server().await;
        let fetcher = fetcher(&["127.0.0.1/32"]);
        let at = |path: &str| format!("http://{address}{path}");
        for path in ["/metadata", "/neighbour"] {
            assert!(matches!(fetch(&fetcher, &at(path)).await, Err(FetchError::Forbidden)), "{path}");
        }
        assert!(matches!(fetch(&fetcher, &at("/file")).await, Err(FetchError::Address(_))));
        seen.lock().unwrap().clear();
        assert!(matches!(fetch(&fetcher, &at("/loop")).await, Err(FetchError::Redirects)));
        assert_eq!(seen.lock().unwrap().len(), 4);
    });
    let secure = Place::of("https://example.com/a").unwrap();
    assert!(secure.leads_to("http://example.com/a").is_err());
    assert_eq!(secure.leads_to("/b?c").unwrap().path, "/b?c");
}

#[test]
fn g25_size_time_and_kind_are_bounded() {
    run(async {
        let (address, _) = server().await;
        let fetcher = fetcher(&["127.0.0.0/8"]);
        let at = |path: &str| format!("http://{address}{path}");
        assert!(matches!(fetch(&fetcher, &at("/large")).await, Err(FetchError::TooLarge)));
        assert!(matches!(fetch(&fetcher, &at("/page")).await, Err(FetchError::Kind)));
        assert!(matches!(fetch(&fetcher, &at("/none")).await, Err(FetchError::Status(404))));
        let mut room = PNG.len() - 1;
        let take = |bytes| room.checked_sub(bytes).map(|left| room = left).is_some();
        let poor = fetcher.fetch(&at("/here"), 4096, Duration::from_millis(700), take).await;
        assert!(matches!(poor, Err(FetchError::NoRoom)), "{poor:?}");
        assert!(matches!(fetch(&fetcher, &at("/silent")).await, Err(FetchError::TimedOut)));
    });
}
