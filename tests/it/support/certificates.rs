//! Certificates as a private authority gives them, made by `openssl`.

use std::fs;
use std::path::Path;

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
