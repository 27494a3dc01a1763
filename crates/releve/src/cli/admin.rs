//! Questions to a running gateway, over its admin listener.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use secrecy::ExposeSecret;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::config::environment::Environment;
use crate::settings::Settings;

/// A gateway on this machine answers at once, or it is not there.
const PATIENCE: Duration = Duration::from_secs(2);
const LONGEST_ANSWER_BYTES: u64 = 64 << 20;

/// Why a running gateway said nothing useful.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdminError {
    /// Nobody listens there.
    #[error("no gateway answers at {0}")]
    NotRunning(SocketAddr),
    /// Somebody answers, but not this question.
    #[error("the gateway at {at} answers {status}")]
    Refused { at: SocketAddr, status: String },
    /// The answer cannot be read.
    #[error("what answers at {at} is no gateway: {why}")]
    NotOurs { at: SocketAddr, why: String },
    /// The token that it wants cannot be read.
    #[error("the admin token: {0}")]
    Token(String),
}

/// Where the configuration says that the admin listener is.
pub(crate) fn address(settings: &Settings) -> SocketAddr {
    reachable(*settings.loaded.config.server.admin_listen)
}

/// `GET path`, as JSON.
pub(crate) fn get<T: DeserializeOwned>(
    path: &str,
    settings: &Settings,
    environment: &Environment,
) -> Result<T, AdminError> {
    get_from(address(settings), path, settings, environment)
}

/// The same from a listener elsewhere.
pub(crate) fn get_from<T: DeserializeOwned>(
    at: SocketAddr,
    path: &str,
    settings: &Settings,
    environment: &Environment,
) -> Result<T, AdminError> {
    let token = match &settings.loaded.config.server.admin_token {
        Some(place) => Some(
            place
                .fetch(environment, &settings.loaded.folder)
                .map_err(|error| AdminError::Token(error.to_string()))?,
        ),
        None => None,
    };
    let authorization =
        token.map(|token| format!("Authorization: Bearer {}\r\n", token.expose_secret())).unwrap_or_default();
    // HTTP/1.0, so that the answer ends with the connection and comes in no chunks.
    let request =
        format!("GET {path} HTTP/1.0\r\nHost: {at}\r\nAccept: application/json\r\n{authorization}\r\n");
    let stream = TcpStream::connect_timeout(&at, PATIENCE).map_err(|_| AdminError::NotRunning(at))?;
    let (status, body) =
        exchange(stream, &request).map_err(|error| AdminError::NotOurs { at, why: error.to_string() })?;
    if !status.starts_with("200") {
        return Err(AdminError::Refused { at, status });
    }
    serde_json::from_slice(&body).map_err(|error| AdminError::NotOurs { at, why: error.to_string() })
}

/// An address to listen on is not always one to call: `0.0.0.0` is called at loopback.
pub(crate) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// Sends the request; gives back the status without the version, and the body.
fn exchange(mut stream: TcpStream, request: &str) -> io::Result<(String, Vec<u8>)> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    let mut reader = BufReader::new(stream).take(LONGEST_ANSWER_BYTES);
    let mut status = String::new();
    reader.read_line(&mut status)?;
    let status = status
        .trim_end()
        .split_once(' ')
        .filter(|(version, _)| version.starts_with("HTTP/"))
        .map(|(_, status)| status.to_owned())
        .ok_or_else(|| io::Error::other("it does not speak HTTP"))?;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header.trim_end().is_empty() {
            break;
        }
    }
    let mut body = Vec::new();
    reader.read_to_end(&mut body)?;
    Ok((status, body))
}

/// What a running gateway knows of its deployments: `GET /api/health`.
#[derive(Debug, Deserialize)]
pub(crate) struct Live {
    deployments: BTreeMap<String, LiveHealth>,
}

#[derive(Debug, Deserialize)]
struct LiveHealth {
    /// [`routing::State`] in its stable form.
    state: String,
    /// Why it is not asked, in words.
    #[serde(default)]
    words: Option<String>,
}

impl Live {
    /// Whether a deployment would be asked as a last resort only.
    pub(crate) fn is_in_trouble(&self, deployment: &str) -> bool {
        let asked = [routing::State::Healthy.as_str(), routing::State::Due.as_str()];
        self.deployments.get(deployment).is_some_and(|health| !asked.contains(&health.state.as_str()))
    }

    /// What is to be said of a deployment; `None` where it is simply healthy or not known there.
    pub(crate) fn of(&self, deployment: &str) -> Option<String> {
        let health = self.deployments.get(deployment)?;
        let healthy = health.state == routing::State::Healthy.as_str();
        (!healthy).then(|| health.words.clone().unwrap_or_else(|| health.state.replace('_', " ")))
    }
}

/// The health that a running gateway knows of, if one runs and says so.
pub(crate) fn health(settings: &Settings, environment: &Environment) -> Option<Live> {
    get("/api/health", settings, environment).ok()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    fn answered_with(answer: &'static str) -> io::Result<(String, Vec<u8>)> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 512];
            let length = stream.read(&mut request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        let result = exchange(TcpStream::connect(at).unwrap(), "GET /api/config HTTP/1.0\r\n\r\n");
        assert!(server.join().unwrap().starts_with("GET /api/config"));
        result
    }

    #[test]
    fn an_answer_is_taken_apart() {
        let (status, body) = answered_with("HTTP/1.1 200 OK\r\ncontent-type: x\r\n\r\n{\"a\":\n1}").unwrap();
        assert_eq!((status.as_str(), body.as_slice()), ("200 OK", b"{\"a\":\n1}".as_slice()));
        assert!(answered_with("SSH-2.0-OpenSSH\r\n").is_err());
        assert!(answered_with("").is_err());
    }

    #[test]
    fn everywhere_is_called_at_loopback() {
        assert_eq!(reachable("0.0.0.0:1".parse().unwrap()), "127.0.0.1:1".parse().unwrap());
        assert_eq!(reachable("[::]:1".parse().unwrap()), "[::1]:1".parse().unwrap());
        assert_eq!(reachable("10.0.0.1:1".parse().unwrap()), "10.0.0.1:1".parse().unwrap());
    }
}
