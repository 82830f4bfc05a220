//! Debian's `docker-registry` on a free port of loopback, with an image layout pushed by `umoci` and `skopeo`.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::process::{Process, find, free_port};

/// A running `docker-registry`; ends when dropped.
pub(crate) struct DockerRegistry {
    pub(crate) port: u16,
    folder: TempDir,
    _server: Process,
}

impl DockerRegistry {
    /// Starts one, or says that the program is not there. `more` is YAML for `http:` and `auth:`, with `$DIR` and `$ADDR`.
    pub(crate) fn start(more: &str, prepare: impl FnOnce(&Path)) -> Option<Self> {
        let program = find("docker-registry")?;
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path());
        let port = free_port();
        let text = format!("version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nstorage: {{filesystem: {{rootdirectory: $DIR/data}}}}\n{more}\n")
            .replace("$DIR", folder.path().to_str().unwrap())
            .replace("$ADDR", &format!("127.0.0.1:{port}"));
        let config = folder.path().join("config.yml");
        fs::write(&config, text).unwrap();
        let server = Process::start(&program, [Path::new("serve"), &config], port);
        Some(Self { port, folder, _server: server })
    }

    /// A plain one.
    pub(crate) fn plain() -> Option<Self> {
        Self::start("http: {addr: $ADDR}", |_| {})
    }

    /// `127.0.0.1:port`.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Where its configuration is, and what was prepared for it.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Makes a layout with `umoci` and pushes it with `skopeo` under every tag; `extra` goes to skopeo.
    pub(crate) fn push(&self, path: &str, tags: &[&str], created: &str, labels: &[&str], extra: &[&str]) {
        let layout = self.folder.path().join("layout");
        let _ = fs::remove_dir_all(&layout);
        let image = format!("{}:build", layout.display());
        run("umoci", &["init", "--layout", layout.to_str().unwrap()]);
        run("umoci", &["new", "--image", &image]);
        let mut config = vec!["config", "--image", &image, "--created", created];
        config.extend(labels.iter().flat_map(|label| ["--config.label", label]));
        run("umoci", &config);
        for tag in tags {
            let from = format!("oci:{image}");
            let to = format!("docker://{}/{path}:{tag}", self.host());
            let mut copy = vec!["--insecure-policy", "copy", "-q", "--dest-tls-verify=false"];
            copy.extend(extra);
            copy.extend([&*from, &*to]);
            run("skopeo", &copy);
        }
    }
}

/// Runs a program to its end; its output is the test's if it fails.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
