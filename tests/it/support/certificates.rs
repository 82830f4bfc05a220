//! Certificates as a private authority gives them, made by `openssl`, and the key of a GitHub App, made by `ssh-keygen`.

use std::fs;
use std::path::Path;
use std::process::Command;

use rustls::pki_types::pem::PemObject as _;
use tagboat::secret::Secret;

use super::docker_registry::run;

/// Makes `ca.crt`, `srv.crt` and `srv.key` for `localhost`, `127.0.0.1` and `registry.test`, and `client.pem`, which has
/// both in one.
pub(crate) fn make(folder: &Path) {
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (authority, key) = (file("ca.crt"), file("ca.key"));
    let fresh = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let root = ["-keyout", &key, "-out", &authority, "-days", "30", "-subj", "/CN=testca"];
    let is_authority = ["-addext", "basicConstraints=critical,CA:true"];
    run("openssl", &[&["req", "-x509"], &fresh[..], &root, &is_authority].concat());
    let names = file("names");
    fs::write(&names, "subjectAltName=DNS:localhost,DNS:registry.test,IP:127.0.0.1").unwrap();
    for name in ["srv", "client"] {
        let [certificate, key, request] = ["crt", "key", "csr"].map(|ending| file(&format!("{name}.{ending}")));
        let wanted = ["-keyout", &key, "-out", &request, "-subj", &format!("/CN={name}")];
        run("openssl", &[&["req"], &fresh[..], &wanted].concat());
        let signed = ["-in", &request, "-out", &certificate, "-days", "30", "-extfile", &names];
        let by = ["-CA", &authority, "-CAkey", &file("ca.key"), "-CAcreateserial"];
        run("openssl", &[&["x509", "-req"], &signed[..], &by].concat());
    }
    let both = [file("client.crt"), file("client.key")].map(|file| fs::read_to_string(file).unwrap());
    fs::write(file("client.pem"), both.concat()).unwrap();
}

/// Makes `NAME.crt` and `NAME.key` for a host such as `IP:127.0.0.1`. The certificate signed itself and has `CA:TRUE`, as
/// `openssl req -x509` makes them.
pub(crate) fn make_self_signed(folder: &Path, name: &str, host: &str) {
    let [certificate, key] = ["crt", "key"].map(|ending| folder.join(format!("{name}.{ending}")).display().to_string());
    let fresh =
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", &key, "-out", &certificate];
    let names = format!("subjectAltName={host}");
    run(
        "openssl",
        &[&["req", "-x509", "-days", "30", "-subj", "/CN=registry", "-addext", &names], &fresh[..]].concat(),
    );
}

/// Returns a private key in the format that GitHub gives out, and its public key.
pub(crate) fn rsa_key(folder: &Path) -> (Secret, Vec<u8>) {
    let file = folder.join("app.pem");
    let arguments = ["-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", file.to_str().unwrap()];
    assert!(Command::new("ssh-keygen").args(arguments).status().unwrap().success());
    let pem = fs::read_to_string(file).unwrap();
    assert!(pem.starts_with("-----BEGIN RSA PRIVATE KEY-----"));
    let der = rustls::pki_types::PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap();
    let signing = rustls::crypto::ring::sign::any_supported_type(&der).unwrap();
    // The key follows the algorithm in a SubjectPublicKeyInfo (RFC 5280) of 2048 bits.
    (Secret::new(&pem), signing.public_key().unwrap()[24..].to_vec())
}

/// Returns a private key in OpenSSH's format.
pub(crate) fn ssh_key(folder: &Path) -> String {
    let file = folder.join("ssh");
    let arguments = ["-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", file.to_str().unwrap()];
    assert!(Command::new("ssh-keygen").args(arguments).status().unwrap().success());
    fs::read_to_string(file).unwrap()
}
