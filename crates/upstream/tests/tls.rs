//! Suppliers over TLS: an own authority is trusted, a stranger is not, and connections are kept.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::TcpListener;
use tokio::task::LocalSet;
use tokio_rustls::TlsAcceptor;
use upstream::{
    DialError, Outgoing, Pieces, Pool, SendError, Target, TargetOptions, TcpDial, TlsOptions, client_config,
};

const PATIENCE: Duration = Duration::from_secs(5);

/// An authority, and a server for `localhost` that it vouches for.
struct Authority {
    pem: String,
    server: Arc<ServerConfig>,
}

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    Authority { pem: issuer.pem(), server: Arc::new(server) }
}

/// Serves on a port of its own; counts connections.
async fn supplier(config: Arc<ServerConfig>) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&connections);
    tokio::task::spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = TlsAcceptor::from(Arc::clone(&config)).accept(stream).await else { continue };
            count.fetch_add(1, Ordering::SeqCst);
            let echo = service_fn(|request: Request<Incoming>| async move {
                let body = request.into_body().collect().await.unwrap().to_bytes();
                Ok::<_, Infallible>(Response::new(Full::new(body)))
            });
            let serving =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), echo);
            tokio::task::spawn_local(serving);
        }
    });
    (port, connections)
}

fn target(port: u16, pem: &str, folder: &std::path::Path) -> Target {
    let path: PathBuf = folder.join("ca.pem");
    std::fs::write(&path, pem).unwrap();
    let options = TlsOptions { ca_file: Some(path), client: None };
    let tls = Some(client_config(&options).unwrap());
    let options = TargetOptions { tls, tls_identity: options.identity(), ..TargetOptions::default() };
    Target::new(&format!("https://localhost:{port}/v1"), options).unwrap()
}

async fn echoed(pool: &Pool, target: &Target, text: &'static str) -> Result<Bytes, SendError> {
    let mut headers = HeaderMap::new();
    target.apply(&mut headers);
    let body = Pieces::new([Bytes::from_static(text.as_bytes())]);
    let outgoing = Outgoing { method: Method::POST, uri: target.uri("/echo"), headers, body };
    let response = pool.send(target, || outgoing.clone(), PATIENCE, |_| {}).await?;
    Ok(response.into_body().collect().await.unwrap().to_bytes())
}

#[tokio::test(flavor = "current_thread")]
async fn an_own_authority_is_trusted_and_the_connection_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    LocalSet::new()
        .run_until(async {
            let authority = authority();
            let (port, connections) = supplier(Arc::clone(&authority.server)).await;
            let (pool, target) = (Pool::new(TcpDial), target(port, &authority.pem, folder.path()));
            for text in ["one", "two", "three"] {
                assert_eq!(echoed(&pool, &target, text).await.unwrap(), text);
            }
            assert_eq!(connections.load(Ordering::SeqCst), 1);
        })
        .await;
}

#[tokio::test(flavor = "current_thread")]
async fn p8_a_supplier_that_nobody_vouches_for_gets_no_request() {
    let folder = tempfile::tempdir().unwrap();
    LocalSet::new()
        .run_until(async {
            let (port, connections) = supplier(authority().server).await;
            let (pool, target) = (Pool::new(TcpDial), target(port, &authority().pem, folder.path()));
            let refused = echoed(&pool, &target, "secret").await.unwrap_err();
            assert!(matches!(refused, SendError::Dial(DialError::Tls(_))), "{refused:?}");
            assert_eq!(connections.load(Ordering::SeqCst), 0);
        })
        .await;
}
