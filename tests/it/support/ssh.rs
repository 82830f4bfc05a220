//! A git server over ssh: an sshd on loopback that only runs `git-shell`, for one key.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::process::{Process, find, free_port};

/// A running server for the user that runs the tests.
pub(crate) struct Server {
    /// `ssh://USER@127.0.0.1:PORT`; absolute paths of this machine follow.
    pub(crate) url: String,
    /// The value of `core.sshCommand`: ssh with the key and the host key of this server.
    pub(crate) command: String,
    _process: Process,
    _dir: TempDir,
}

/// Starts the server. Returns `None` and records a skip if sshd or git-shell is not installed, or if the user has no name.
pub(crate) fn serve() -> Option<Server> {
    let (sshd, shell, keygen) = (find("sshd")?, find("git-shell")?, find("ssh-keygen")?);
    let user = Command::new("id").arg("-un").output().unwrap();
    if !user.status.success() {
        crate::support::skip("ssh does nothing for a user without a name");
        return None;
    }
    let user = String::from_utf8(user.stdout).unwrap().trim().to_owned();
    let (dir, port) = (TempDir::new().unwrap(), free_port());
    let at = |name: &str| dir.path().join(name).display().to_string();
    for name in ["host", "client"] {
        let mut command = Command::new(&keygen);
        command.args(["-q", "-t", "ed25519", "-N", "", "-f", &at(name)]).stdin(Stdio::null());
        assert!(command.status().unwrap().success());
    }
    let key = |name: &str| fs::read_to_string(at(name)).unwrap();
    let only = format!(r#"restrict,command="{} -c \"$SSH_ORIGINAL_COMMAND\"" {}"#, shell.display(), key("client.pub"));
    fs::write(at("keys"), only).unwrap();
    fs::write(at("known"), format!("[127.0.0.1]:{port} {}", key("host.pub"))).unwrap();
    let configuration = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\n\
         StrictModes no\nPasswordAuthentication no\nPermitRootLogin forced-commands-only\n",
        at("host"),
        at("keys")
    );
    fs::write(at("sshd_config"), configuration).unwrap();
    // As root, sshd needs this folder; as another user, it neither needs it nor can create it.
    let _ = fs::create_dir_all(Path::new("/run/sshd"));
    let process = Process::start(&sshd, ["-D", "-f", &at("sshd_config")], port);
    Some(Server {
        url: format!("ssh://{user}@127.0.0.1:{port}"),
        command: format!("ssh -F none -o BatchMode=yes -i {} -o UserKnownHostsFile={}", at("client"), at("known")),
        _process: process,
        _dir: dir,
    })
}
