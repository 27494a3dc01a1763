//! TLS on the listener for products.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

/// Why TLS cannot be offered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("cannot read {}: {source}", path.display())]
    File { path: PathBuf, source: rustls::pki_types::pem::Error },
    #[error("the certificate and its key cannot be used: {0}")]
    Rustls(#[from] rustls::Error),
}

/// A certificate and its key in PEM files, which somebody renews in their place.
#[derive(Debug)]
pub(crate) struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    shown: ArcSwap<CertifiedKey>,
}

impl Certificate {
    pub(crate) fn read(chain: &Path, key: &Path) -> Result<Self, TlsError> {
        let shown = ArcSwap::from_pointee(read(chain, key)?);
        Ok(Self { chain: chain.to_owned(), key: key.to_owned(), shown })
    }

    /// Reads the files again, for connections from now on. Whether they hold another certificate.
    pub(crate) fn renew(&self) -> Result<bool, TlsError> {
        let read = read(&self.chain, &self.key)?;
        let is_new = read.cert != self.shown.load().cert;
        self.shown.store(Arc::new(read));
        Ok(is_new)
    }

    /// An acceptor for TLS 1.2 and 1.3 with HTTP/2 and HTTP/1.1.
    pub(crate) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, TlsError> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown.load_full())
    }
}

fn provider() -> CryptoProvider {
    rustls::crypto::aws_lc_rs::default_provider()
}

fn read(chain: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| TlsError::File { path, source }
    };
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(failed(chain))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(failed(key))?;
    // Looks whether they belong together.
    Ok(CertifiedKey::from_der(certificates, key, &provider())?)
}
