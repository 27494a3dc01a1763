//! `[server]`: where Relève listens.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use catalogue::Region;
use serde::Serialize;

use super::problem::Problem;
use super::secret::SecretPlace;
use super::section::Section;
use super::value::At;

/// Where products and operators reach the gateway.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Server {
    /// For products. Away from loopback `serve` starts only when virtual keys exist.
    pub(crate) listen: At<SocketAddr>,
    /// For the console, the admin API and `/metrics`.
    pub(crate) admin_listen: At<SocketAddr>,
    /// Where this machine and its disk are: what is kept here lies there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<At<Region>>,
    /// TLS on `listen`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tls: Option<At<Tls>>,
    /// What callers of `admin_listen` must show; needed when it is not on loopback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) admin_token: Option<At<SecretPlace>>,
}

/// PEM files, relative to the configuration's folder.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Tls {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

impl Default for Server {
    fn default() -> Self {
        let local = |port| At::nowhere(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
        Self { listen: local(4100), admin_listen: local(4101), region: None, tls: None, admin_token: None }
    }
}

impl Server {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        let default = Self::default();
        let server = Self {
            listen: section.get("listen").unwrap_or(default.listen),
            admin_listen: section.get("admin_listen").unwrap_or(default.admin_listen),
            region: section.get("region"),
            tls: section.table("tls", Tls::read).and_then(|tls| Some(At { value: tls.value?, at: tls.at })),
            admin_token: section.get("admin_token"),
        };
        if *server.listen == *server.admin_listen && server.listen.port() != 0 {
            let what = format!("listen and admin_listen are both {}", *server.listen);
            let place = section.place("admin_listen").or_else(|| section.place("listen"));
            let at = place.unwrap_or_else(|| section.at().clone());
            section.problem(Problem::error(&at, what).mend("give the admin listener a port of its own"));
        }
        if !server.admin_listen.ip().is_loopback() && server.admin_token.is_none() {
            let what =
                format!("admin_listen = \"{}\" is open to others without a token", *server.admin_listen);
            section.problem(
                Problem::error(&server.admin_listen.at, what)
                    .mend("add admin_token = { env = \"RELEVE_ADMIN_TOKEN\" }, or listen on 127.0.0.1"),
            );
        }
        server
    }
}

impl Tls {
    fn read(section: &mut Section<'_>) -> Option<Self> {
        let cert = section.require::<String>("cert");
        let key = section.require::<String>("key");
        Some(Self { cert: cert?.value.into(), key: key?.value.into() })
    }
}
