//! Debian's `docker-registry` on a free port of loopback, with an image layout pushed by `umoci` and `skopeo`.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::process::{Process, find, free_port};
use super::skip::skip;

/// A running `docker-registry`, which stops when dropped.
pub(crate) struct DockerRegistry {
    pub(crate) port: u16,
    folder: TempDir,
    _server: Process,
}

impl DockerRegistry {
    /// Starts a registry. `more` is YAML for `http:` and `auth:`, with `$DIR` and `$ADDR`. Returns `None` and records a skip if
    /// the program is absent.
    pub(crate) fn start(more: &str, prepare: impl FnOnce(&Path)) -> Option<Self> {
        Some(Self::start_program(&find("docker-registry")?, more, prepare))
    }

    /// Starts a registry of distribution 3, whose program is named `registry`. Debian has no package of it.
    pub(crate) fn version_3(prepare: impl FnOnce(&Path)) -> Option<Self> {
        let program = find("registry")?;
        let version = Command::new(&program).arg("--version").output().unwrap();
        let is_version_3 = String::from_utf8_lossy(&version.stdout).contains("distribution/v3");
        if !is_version_3 {
            skip(&format!("{} is not version 3 of distribution", program.display()));
            return None;
        }
        Some(Self::start_program(&program, "http: {addr: $ADDR}", prepare))
    }

    fn start_program(program: &Path, more: &str, prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path());
        let port = free_port();
        let text = format!("version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nstorage: {{filesystem: {{rootdirectory: $DIR/data}}}}\n{more}\n")
            .replace("$DIR", folder.path().to_str().unwrap())
            .replace("$ADDR", &format!("127.0.0.1:{port}"));
        let config = folder.path().join("config.yml");
        fs::write(&config, text).unwrap();
        let server = Process::start(program, [Path::new("serve"), &config], port);
        Self { port, folder, _server: server }
    }

    /// Starts a registry without TLS and without authentication.
    pub(crate) fn plain() -> Option<Self> {
        Self::start("http: {addr: $ADDR}", |_| {})
    }

    /// Returns `127.0.0.1:port`.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Returns the folder of the configuration and of the prepared files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Creates a layout with `umoci` and pushes it with `skopeo` under every tag; `extra` are arguments of skopeo.
    pub(crate) fn push(&self, path: &str, tags: &[&str], created: &str, labels: &[&str], extra: &[&str]) {
        push(self.folder.path(), &format!("{}/{path}", self.host()), tags, created, labels, extra);
    }
}

/// Creates a layout in a folder and pushes it to `HOST/PATH` under every tag.
pub(crate) fn push(folder: &Path, to: &str, tags: &[&str], created: &str, labels: &[&str], extra: &[&str]) {
    let layout = folder.join("layout");
    let _ = fs::remove_dir_all(&layout);
    let image = format!("{}:build", layout.display());
    run("umoci", &["init", "--layout", layout.to_str().unwrap()]);
    run("umoci", &["new", "--image", &image]);
    let mut config = vec!["config", "--image", &image, "--created", created];
    config.extend(labels.iter().flat_map(|label| ["--config.label", label]));
    run("umoci", &config);
    for tag in tags {
        let from = format!("oci:{image}");
        let to = format!("docker://{to}:{tag}");
        let mut copy = vec!["--insecure-policy", "copy", "-q", "--dest-tls-verify=false"];
        copy.extend(extra);
        copy.extend([&*from, &*to]);
        run("skopeo", &copy);
    }
}

/// Writes tags into the storage of a registry: enough to be listed, and faster than a push.
pub(crate) fn lay(folder: &Path, path: &str, tags: &[&str]) {
    for tag in tags {
        let current = format!("data/docker/registry/v2/repositories/{path}/_manifests/tags/{tag}/current");
        fs::create_dir_all(folder.join(&current)).unwrap();
        fs::write(folder.join(&current).join("link"), format!("sha256:{}", "0".repeat(64))).unwrap();
    }
}

/// Writes content into the storage of a registry, as its digest names it. Unlike a push, that needs no complete image.
pub(crate) fn store(folder: &Path, path: &str, digest: &str, body: &[u8]) {
    let hex = digest.strip_prefix("sha256:").unwrap();
    let root = folder.join("data/docker/registry/v2");
    let repository = root.join("repositories").join(path);
    for (file, text) in [
        (root.join(format!("blobs/sha256/{}/{hex}/data", &hex[..2])), body),
        (repository.join(format!("_layers/sha256/{hex}/link")), digest.as_bytes()),
        (repository.join(format!("_manifests/revisions/sha256/{hex}/link")), digest.as_bytes()),
    ] {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
}

/// Points a tag in the storage of a registry at content.
pub(crate) fn point(folder: &Path, path: &str, tag: &str, digest: &str) {
    let current = folder.join(format!("data/docker/registry/v2/repositories/{path}/_manifests/tags/{tag}/current"));
    fs::create_dir_all(&current).unwrap();
    fs::write(current.join("link"), digest).unwrap();
}

/// Runs a program to its end and returns its standard output. Panics with its standard error if it fails.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
