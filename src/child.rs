//! Programs that this one starts. Each gets a process group, so that the programs that it starts end together with it: ssh and
//! git-remote-https with git, and what a credential helper runs.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::process::{Child, Command};

/// The groups of this process.
static RUNNING: Mutex<Running> = Mutex::new(Running { leaders: BTreeSet::new(), is_stopped: false });

struct Running {
    /// The process ids of the first processes.
    leaders: BTreeSet<u32>,
    /// Whether this process is about to end.
    is_stopped: bool,
}

/// Starts a program in a group of its own.
///
/// # Errors
/// If the system cannot start it, or after [`kill_all`].
pub(crate) fn spawn(command: &mut Command) -> io::Result<(Child, Group)> {
    let child = running().spawn(command)?;
    let leader = child.id();
    Ok((child, Group { leader }))
}

impl Running {
    fn spawn(&mut self, command: &mut Command) -> io::Result<Child> {
        if self.is_stopped {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "the program is about to end"));
        }
        command.kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let child = command.spawn()?;
        self.leaders.extend(child.id());
        Ok(child)
    }

    fn kill_all(&mut self) {
        self.is_stopped = true;
        std::mem::take(&mut self.leaders).into_iter().for_each(kill);
    }
}

/// The processes of one program. Killed when dropped, after a timeout or when the future is canceled: `kill_on_drop` alone kills the
/// first process, but not its children.
pub(crate) struct Group {
    leader: Option<u32>,
}

impl Group {
    /// Forgets the process id, which another process may get from now on.
    pub(crate) fn has_ended(mut self) {
        self.forget();
    }

    fn forget(&mut self) -> Option<u32> {
        let leader = self.leader.take()?;
        running().leaders.remove(&leader);
        Some(leader)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.forget().into_iter().for_each(kill);
    }
}

/// Kills the processes of all programs, and starts no more. Called when this process ends while threads still use them.
pub(crate) fn kill_all() {
    running().kill_all();
}

fn kill(leader: u32) {
    #[cfg(unix)]
    if let Some(leader) = i32::try_from(leader).ok().and_then(rustix::process::Pid::from_raw) {
        // The processes may have just ended.
        let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
    }
    #[cfg(not(unix))]
    let _ = leader;
}

fn running() -> MutexGuard<'static, Running> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "a program that does not end")]
    async fn kills_the_children_of_every_program_and_starts_no_more() {
        let mut running = Running { leaders: BTreeSet::new(), is_stopped: false };
        let mut shell = Command::new("sh");
        shell.args(["-c", "sleep 60 & sleep 60"]).stdout(std::process::Stdio::piped());
        let child = running.spawn(&mut shell).unwrap();
        running.kill_all();
        // Both programs have the pipe: its end comes when both have ended.
        let output = tokio::time::timeout(std::time::Duration::from_secs(20), child.wait_with_output()).await;
        assert!(!output.unwrap().unwrap().status.success());
        assert_eq!(running.spawn(&mut shell).unwrap_err().kind(), io::ErrorKind::Interrupted);
    }
}
