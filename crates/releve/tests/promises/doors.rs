//! The ways in and out that are not plain HTTP/1.1: HTTP/2 with and without TLS, and a proxy on the way to a supplier.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Version};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use simulator::Supplier;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::client::{Dialect, Reply, ask};
use crate::harness::{Config, Gateway, House, releve, within};
use crate::p1::assert_whole;

/// Writes an authority (`ca.pem`) and a certificate for `localhost` that it vouches for (`chain.pem`, `key.pem`).
fn write_certificates(folder: &Path) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    for (name, pem) in [("ca.pem", issuer.pem()), ("chain.pem", leaf.pem()), ("key.pem", key.serialize_pem())]
    {
        std::fs::write(folder.join(name), pem).unwrap();
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Connects with TLS, offering these protocols; the one that was agreed on comes back too.
async fn secured(
    to: SocketAddr,
    folder: &Path,
    offered: &[&[u8]],
) -> (tokio_rustls::client::TlsStream<TcpStream>, Option<Vec<u8>>) {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.join("ca.pem")).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let mut config = config.unwrap().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = offered.iter().map(|name| name.to_vec()).collect();
    let name = ServerName::try_from("localhost").unwrap();
    let socket = TcpStream::connect(to).await.unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, socket).await.unwrap();
    let agreed = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
    (stream, agreed)
}

fn question(dialect: Dialect, route: &str, stream: bool) -> Request<Full<Bytes>> {
    let uri = format!("http://localhost{}", dialect.path());
    let request = Request::post(uri).header("anthropic-version", "2023-06-01");
    request.body(Full::from(dialect.hello(route, stream))).unwrap()
}

async fn whole(response: http::Response<hyper::body::Incoming>) -> Reply {
    let (parts, body) = response.into_parts();
    let headers = parts.headers.iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Reply { status: parts.status.as_u16(), headers, body, broken: None }
}

/// All kinds of answers at once over one HTTP/2 connection.
async fn converse_over_h2(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    let (sender, connection) = builder.handshake(TokioIo::new(io)).await.unwrap();
    tokio::spawn(connection);
    let mut open = Vec::new();
    for dialect in Dialect::BOTH {
        for stream in [true, false] {
            let mut sender = sender.clone();
            let asked = question(dialect, dialect.protocol(), stream);
            let answering = tokio::spawn(async move {
                let response = sender.send_request(asked).await.unwrap();
                assert_eq!(response.version(), Version::HTTP_2);
                whole(response).await
            });
            open.push((dialect, stream, answering));
        }
    }
    for (dialect, stream, answering) in open {
        let reply = within(answering).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.lossy());
        assert_whole(&reply, dialect, stream, "over HTTP/2");
    }
}

async fn both_protocols(server: &str) -> (simulator::Handle, House) {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let mut config = Config::new().and(server);
    for dialect in Dialect::BOTH {
        let name = dialect.protocol();
        config = config.provider(name, dialect, &supplier).route(name, &[name], "");
    }
    (supplier, House::new(&config))
}

#[tokio::test]
async fn clients_speak_http_2_with_prior_knowledge() {
    let (_supplier, house) = both_protocols("").await;
    let gateway = Gateway::start(&house);
    converse_over_h2(TcpStream::connect(gateway.listen).await.unwrap()).await;
    assert_eq!(house.all_entries(4).await.len(), 4);
}

#[tokio::test]
async fn clients_agree_on_a_protocol_over_tls() {
    let (_supplier, house) = both_protocols("tls = { cert = \"chain.pem\", key = \"key.pem\" }").await;
    write_certificates(house.path());
    let gateway = Gateway::start(&house);
    let (stream, agreed) = secured(gateway.listen, house.path(), &[b"h2", b"http/1.1"]).await;
    assert_eq!(agreed.as_deref(), Some(&b"h2"[..]));
    converse_over_h2(stream).await;
    for offered in [&[&b"http/1.1"[..]][..], &[]] {
        let (stream, agreed) = secured(gateway.listen, house.path(), offered).await;
        assert_eq!(agreed.as_deref(), offered.first().copied());
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let dialect = Dialect::OpenAi;
        let mut asked = question(dialect, dialect.protocol(), true);
        *asked.uri_mut() = dialect.path().parse().unwrap();
        asked.headers_mut().insert("host", "localhost".parse().unwrap());
        let reply = whole(within(sender.send_request(asked)).await.unwrap()).await;
        assert_whole(&reply, dialect, true, "over HTTP/1.1 and TLS");
    }
    // In the clear nothing is said.
    let mut plain = TcpStream::connect(gateway.listen).await.unwrap();
    plain.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut said = Vec::new();
    within(tokio::io::AsyncReadExt::read_to_end(&mut plain, &mut said)).await.ok();
    assert!(!said.starts_with(b"HTTP/"), "{}", String::from_utf8_lossy(&said));
}

/// A certificate that was renewed in its place is shown without a restart; one that is half written changes nothing.
#[tokio::test]
async fn p7_a_renewed_certificate_is_taken_with_a_reload() {
    let (_supplier, house) = both_protocols("tls = { cert = \"chain.pem\", key = \"key.pem\" }").await;
    write_certificates(house.path());
    let gateway = Gateway::start(&house);
    let old_ca = tempfile::tempdir().unwrap();
    std::fs::copy(house.path().join("ca.pem"), old_ca.path().join("ca.pem")).unwrap();
    std::fs::write(house.path().join("key.pem"), "nothing yet").unwrap();
    gateway.signal("-HUP");
    gateway.says("the configuration in force is unchanged", 0).await;
    secured(gateway.listen, old_ca.path(), &[b"h2"]).await;
    write_certificates(house.path());
    gateway.signal("-HUP");
    gateway.says("a new certificate is shown", 0).await;
    secured(gateway.listen, house.path(), &[b"h2"]).await;
}

/// Ends TLS in front of `to`, as a supplier's own front door does.
async fn front_door(folder: &Path, to: SocketAddr) -> SocketAddr {
    let chain = CertificateDer::from_pem_file(folder.join("chain.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let config = config.unwrap().with_no_client_auth().with_single_cert(vec![chain], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // Some do not like what they are shown.
                let Ok(mut client) = acceptor.accept(socket).await else { return };
                let mut supplier = TcpStream::connect(to).await.unwrap();
                tokio::io::copy_bidirectional(&mut client, &mut supplier).await.ok();
            });
        }
    });
    address
}

/// A proxy that lets through whoever shows `pass`, and keeps the heads that it was sent.
async fn proxy(pass: &'static str) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heads = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let seen = Arc::clone(&seen);
            tokio::spawn(async move {
                let mut client = BufReader::new(socket);
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    assert_ne!(client.read_line(&mut head).await.unwrap(), 0);
                }
                let to = head.split(' ').nth(1).unwrap().to_owned();
                let welcome = head.contains(pass);
                seen.lock().unwrap().push(head);
                if !welcome {
                    return client.write_all(b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n").await.unwrap();
                }
                client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await.unwrap();
                let mut supplier = TcpStream::connect(to).await.unwrap();
                tokio::io::copy_bidirectional(&mut client, &mut supplier).await.ok();
            });
        }
    });
    (address, heads)
}

/// A supplier behind TLS that only a proxy reaches; the proxy's password is a secret as others are.
#[tokio::test]
async fn suppliers_are_reached_through_a_proxy() {
    let certificates = tempfile::tempdir().unwrap();
    write_certificates(certificates.path());
    let supplier = Supplier::builder().spawn().await.unwrap();
    let door = front_door(certificates.path(), supplier.address()).await;
    // "user:pass word", as the proxy reads it.
    let (proxy, heads) = proxy("Basic dXNlcjpwYXNzIHdvcmQ=").await;
    let ca = certificates.path().join("ca.pem");
    let config = Config::new().and(&format!(
        "[providers.far]\nprotocol = \"openai-chat\"\nbase_url = \"https://localhost:{}/v1\"\nca_file = {ca:?}\n\
         proxy = {{ env = \"WAY_OUT\" }}",
        door.port()
    ));
    let house = House::new(&config.route("r", &["far"], ""));
    let mut command = releve();
    command.env("WAY_OUT", format!("http://user:pass%20word@{proxy}"));
    let gateway = Gateway::start_as(&house, command);
    for stream in [true, false] {
        let reply = ask(gateway.listen, Dialect::OpenAi, "r", stream).await;
        assert_eq!(reply.status, 200, "{}", reply.lossy());
        assert_whole(&reply, Dialect::OpenAi, stream, "through a proxy");
    }
    let heads = heads.lock().unwrap();
    assert!(!heads.is_empty());
    for head in heads.iter() {
        assert!(head.starts_with(&format!("CONNECT localhost:{} HTTP/1.1\r\n", door.port())), "{head}");
    }
}

/// A certificate that nobody vouches for is no better a moment later; the next supplier is asked at once.
#[tokio::test]
async fn p1_a_refused_certificate_is_tried_once() {
    let (strange, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_certificates(strange.path());
    write_certificates(own.path());
    let supplier = Supplier::builder().spawn().await.unwrap();
    let door = front_door(strange.path(), supplier.address()).await;
    let config = Config::new().provider("near", Dialect::OpenAi, &supplier).and(&format!(
        "[providers.far]\nprotocol = \"openai-chat\"\nbase_url = \"https://localhost:{}/v1\"\nca_file = {:?}",
        door.port(),
        own.path().join("ca.pem")
    ));
    let house = House::new(&config.route("alone", &["far"], "").route("both", &["far", "near"], ""));
    let gateway = Gateway::start(&house);
    assert_eq!(ask(gateway.listen, Dialect::OpenAi, "alone", false).await.status, 503);
    let reply = ask(gateway.listen, Dialect::OpenAi, "both", false).await;
    assert_whole(&reply, Dialect::OpenAi, false, "from the second");
    for (entry, attempts) in house.all_entries(2).await.iter().zip([1, 2]) {
        assert_eq!(entry.attempts.len(), attempts, "{entry:?}");
        assert!(format!("{:?}", entry.attempts[0]).contains("invalid peer certificate"), "{entry:?}");
    }
}
