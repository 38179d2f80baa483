//! The switch's own certificate: made on the first start, kept beside the data, known by its fingerprint.
//!
//! Law: the private key never leaves a file that only its owner can read. A turret pins the SHA-256 of the DER form, so the
//! certificate is made once and not again while its files are there.

use crate::keep::write_private;
use anyhow::{Context, Result};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

/// The certificate, ready to serve with.
pub struct Certificate {
    /// For the TLS acceptor.
    pub server_config: Arc<ServerConfig>,
    /// `sha256:` and the hexadecimal digest of the DER certificate.
    pub fingerprint: String,
}

/// Takes the certificate from `data`, or makes one for `localhost`, the loopback addresses and `addresses`.
///
/// # Errors
/// The folder cannot be read or written, or the files in it are not a certificate and its key.
pub fn load_or_make(data: &Path, addresses: &[IpAddr]) -> Result<Certificate> {
    let certificate_file = data.join("certificate.pem");
    let key_file = data.join("certificate-key.pem");
    if !(certificate_file.exists() && key_file.exists()) {
        let (certificate, key) = make(addresses)?;
        write_private(&key_file, key.as_bytes())?;
        write_private(&certificate_file, certificate.as_bytes())?;
    }
    let told = |file: &Path| {
        format!("{} cannot be read; restore it, or remove both certificate files to get new ones", file.display())
    };
    let certificate = CertificateDer::from_pem_file(&certificate_file).with_context(|| told(&certificate_file))?;
    let key = PrivateKeyDer::from_pem_file(&key_file).with_context(|| told(&key_file))?;
    let fingerprint = format!("sha256:{}", hex(&Sha256::digest(certificate.as_ref())));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("this build has no TLS versions in common with its provider")?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .with_context(|| told(&certificate_file))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Certificate { server_config: Arc::new(config), fingerprint })
}

fn make(addresses: &[IpAddr]) -> Result<(String, String)> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    if let Ok(host) = std::fs::read_to_string("/etc/hostname") {
        let host = host.trim();
        if !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.') {
            names.push(host.to_owned());
        }
    }
    names.extend(addresses.iter().filter(|address| !address.is_unspecified()).map(IpAddr::to_string));
    names.sort();
    names.dedup();
    let mut params = CertificateParams::new(names).context("the listening addresses do not go into a certificate")?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Dealerboard switch");
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(2054, 1, 1);
    let key = KeyPair::generate().context("no key could be made")?;
    let certificate = params.self_signed(&key).context("no certificate could be made")?;
    Ok((certificate.pem(), key.serialize_pem()))
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_second_start_keeps_the_fingerprint_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let first = load_or_make(folder.path(), &[]).unwrap().fingerprint;
        let second = load_or_make(folder.path(), &[]).unwrap().fingerprint;
        assert_eq!(first, second);
        assert_eq!(first.len(), "sha256:".len() + 64);
    }

    #[test]
    fn only_its_owner_can_read_the_key() {
        let folder = tempfile::tempdir().unwrap();
        load_or_make(folder.path(), &[]).unwrap();
        let mode = std::fs::metadata(folder.path().join("certificate-key.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
