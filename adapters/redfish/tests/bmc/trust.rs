//! Whom a connection is believed.

use std::sync::Arc;

use muster_contract::Outcome;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::lab::{Lab, apply, host, said};
use crate::stub::{Reply, Stub};

fn fingerprint(der: &[u8]) -> String {
    Sha256::digest(der).iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

/// A BMC with a certificate that it signed itself, for a name.
fn with_certificate(name: &str) -> (Stub, rcgen::CertifiedKey<rcgen::KeyPair>) {
    let own = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let speak = Box::new(move |stream, talk: &mut dyn FnMut(&mut dyn crate::stub::Both)| {
        let connection = ServerConnection::new(config.clone()).unwrap();
        talk(&mut StreamOwned::new(connection, stream));
    });
    (Stub::speaking(speak, |_, _| Reply::Power("Off")), own)
}

#[tokio::test]
async fn only_who_is_believed_gets_the_password() {
    let lab = Lab::new();
    let (right, certificate) = with_certificate("127.0.0.1");
    let (other, stranger) = with_certificate("bmc.example");
    std::fs::write(lab.file("right.pem"), certificate.cert.pem()).unwrap();
    std::fs::write(lab.file("other.pem"), stranger.cert.pem()).unwrap();
    let at = |stub: &Stub, key: &str, value: String| {
        let mut config = lab.at(stub);
        config["address"] = format!("https://{}", stub.address).into();
        config[key] = value.into();
        json!({ "redfish": config })
    };
    let system = || "/redfish/v1/Systems/1".to_owned();
    let cases = [
        ("nobody signed it", &right, at(&right, "system", system()), false),
        ("it is its own authority", &right, at(&right, "caFile", lab.file("right.pem")), true),
        ("another authority", &right, at(&right, "caFile", lab.file("other.pem")), false),
        ("another name", &other, at(&other, "caFile", lab.file("other.pem")), false),
        (
            "its fingerprint",
            &other,
            at(&other, "fingerprint", fingerprint(stranger.cert.der())),
            true,
        ),
        (
            "another one's",
            &other,
            at(&other, "fingerprint", fingerprint(certificate.cert.der())),
            false,
        ),
    ];
    for (name, stub, config, good) in cases {
        let reads = stub.reads();
        let outcome = apply(&lab.open(vec![config]), &host("h1")).await;
        assert_eq!(matches!(outcome, Outcome::Done(_)), good, "{name}: {}", said(&outcome));
        assert_eq!(stub.reads() > reads, good, "{name}: no request without trust");
        if !good {
            assert!(said(&outcome).contains("out of reach"), "{name}: {}", said(&outcome));
        }
    }
}
