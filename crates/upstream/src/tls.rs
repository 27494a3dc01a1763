//! TLS towards suppliers: the system's roots or an own CA file, and a client certificate where one is asked for.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

/// Files that change how suppliers are trusted and how we show ourselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TlsOptions {
    /// PEM file of authorities to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// PEM files of our certificate chain and its key.
    pub client: Option<(PathBuf, PathBuf)>,
}

/// Why a TLS configuration cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The file cannot be read or holds no PEM of the kind asked for.
    #[error("cannot read {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// The system has no certificate authorities (a bare container): set `ca_file`.
    #[error("the system has no certificate authorities: install ca-certificates or set ca_file")]
    NoRoots,
    /// The certificate and its key do not fit.
    #[error("the certificates cannot be used")]
    Rustls(#[from] rustls::Error),
}

/// A client configuration for HTTP/1.1 over TLS 1.2 and 1.3. Reading the system's roots takes some milliseconds.
pub fn client_config(options: &TlsOptions) -> Result<Arc<ClientConfig>, TlsError> {
    let roots = match &options.ca_file {
        Some(path) => own_roots(path)?,
        None => system_roots()?,
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    let mut config = match &options.client {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => builder.with_client_auth_cert(read_chain(chain)?, read_key(key)?)?,
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn system_roots() -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() { Err(TlsError::NoRoots) } else { Ok(roots) }
}

fn own_roots(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in read_chain(path)? {
        roots.add(certificate)?;
    }
    Ok(roots)
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|source| TlsError::File { path: path.into(), source })?;
    if certificates.is_empty() {
        let source = rustls::pki_types::pem::Error::NoItemsFound;
        return Err(TlsError::File { path: path.into(), source });
    }
    Ok(certificates)
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(path).map_err(|source| TlsError::File { path: path.into(), source })
}

impl TlsOptions {
    /// A text that differs where the options differ; connections are shared only where it is equal.
    pub fn identity(&self) -> String {
        format!("{self}")
    }
}

impl fmt::Display for TlsOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |path: Option<&PathBuf>| path.map_or_else(String::new, |path| path.display().to_string());
        let ca = shown(self.ca_file.as_ref());
        let client = shown(self.client.as_ref().map(|(chain, _)| chain));
        write!(formatter, "ca={ca} client={client}")
    }
}
