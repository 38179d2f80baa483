//! Just enough of HTTP/1.1 to ask the switch's pages, over TLS pinned to its certificate.

use super::{World, pinned};
use rustls::pki_types::ServerName;
use std::collections::BTreeMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// An answer: status, headers by lower-case name, body.
pub struct Reply {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn sentence(&self) -> String {
        self.json()["sentence"].as_str().unwrap().to_owned()
    }

    /// The cookie as a browser would send it back.
    pub fn cookie(&self) -> String {
        self.headers["set-cookie"].split(';').next().unwrap().to_owned()
    }
}

impl World {
    /// Asks once: `request` is the method and the path.
    pub async fn ask(&self, request: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let tcp = TcpStream::connect(self.running().addr).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let connector = TlsConnector::from(pinned(&self.running().fingerprint));
        let mut tls = connector.connect(name, tcp).await.unwrap();
        let mut text = format!("{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        headers.iter().for_each(|(name, value)| text.push_str(&format!("{name}: {value}\r\n")));
        text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        tls.write_all(text.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        // Some servers close without the TLS goodbye; what came is judged by its length below.
        let _ = tls.read_to_end(&mut bytes).await;
        let split = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..split].to_vec()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: BTreeMap<String, String> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let body = bytes[split + 4..].to_vec();
        if let Some(length) = headers.get("content-length") {
            assert_eq!(body.len(), length.parse::<usize>().unwrap());
        }
        Reply { status, headers, body }
    }

    /// Logs on to the review pages with `user`'s own password.
    pub async fn review_as(&self, user: &str) -> Reply {
        let form = serde_json::json!({ "user": user, "password": self.password(user) }).to_string();
        self.ask("POST /api/log-on", &[("Content-Type", "application/json")], &form).await
    }
}
