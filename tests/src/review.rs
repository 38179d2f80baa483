//! A reviewer at the switch's pages: logs on and asks the API over TLS, trusting the switch's own certificate alone.

use crate::world::{PASSWORD, World};
use anyhow::{Context, Result, ensure};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};
use serde_json::Value;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

/// Somebody who is logged on to the review pages.
pub struct Reviewer {
    address: String,
    config: Arc<ClientConfig>,
    cookie: String,
}

impl Reviewer {
    /// Logs `user` on.
    ///
    /// # Errors
    /// The switch does not answer, or refuses.
    pub fn log_on(world: &World, user: &str) -> Result<Self> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let certificate = CertificateDer::from_pem_file(world.data().join("certificate.pem"))?;
        let own = Arc::new(Own { certificate, provider: Arc::clone(&provider) });
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let config = Arc::new(config.dangerous().with_custom_certificate_verifier(own).with_no_client_auth());
        let address = world.address.trim_start_matches("wss://").to_owned();
        let mut reviewer = Self { address, config, cookie: String::new() };
        let form = serde_json::json!({ "user": user, "password": PASSWORD }).to_string();
        let (head, _) = reviewer.exchange("POST /api/log-on", &form)?;
        let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).context("a cookie comes back")?;
        reviewer.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Ok(reviewer)
    }

    /// What the switch answers to `GET path`.
    ///
    /// # Errors
    /// It does not answer, or refuses.
    pub fn get(&self, path: &str) -> Result<Value> {
        let (_, body) = self.exchange(&format!("GET {path}"), "")?;
        Ok(serde_json::from_str(&body)?)
    }

    fn exchange(&self, request: &str, body: &str) -> Result<(String, String)> {
        let connection = ClientConnection::new(Arc::clone(&self.config), ServerName::try_from("localhost")?)?;
        let mut tls = StreamOwned::new(connection, TcpStream::connect(&self.address)?);
        let (cookie, length) = (&self.cookie, body.len());
        let head = format!(
            "{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Cookie: {cookie}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        tls.write_all(head.as_bytes())?;
        let mut bytes = Vec::new();
        match tls.read_to_end(&mut bytes) {
            // A server may close without the goodbye of TLS.
            Err(error) if error.kind() != ErrorKind::UnexpectedEof => return Err(error.into()),
            Ok(_) | Err(_) => {}
        }
        let text = String::from_utf8(bytes)?;
        let (head, body) = text.split_once("\r\n\r\n").context("an answer has a head")?;
        ensure!(head.starts_with("HTTP/1.1 2"), "{request} is refused: {text}");
        Ok((head.to_owned(), body.to_owned()))
    }
}

/// Takes one certificate only.
#[derive(Debug)]
struct Own {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Own {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if *end_entity == self.certificate {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::Error::General("another certificate than the switch's own".into()))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
