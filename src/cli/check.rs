//! `tagboat check`: the first command to run when something does not work.

use crate::error::{Error, Exit};
use crate::report::{Check, CheckStatus, Checks};
use crate::run::setup::{self, Loaded};
use crate::run::{self, check};

use super::args::Common;
use super::commands::{Output, ReadFrom, folder, open};

pub(super) async fn check(common: &Common) -> Result<Exit, Error> {
    let mut checks = Checks::default();
    let (loaded, listed) = match open(common, ReadFrom::Base(None)).await {
        Ok((repository, loaded)) => {
            checks.checks.push(configuration(&loaded));
            let base = loaded.config.git.base.as_ref();
            let git = check::git(&repository, repository.url(), base).await;
            let listed = match git.status {
                CheckStatus::Ok => run::list(&setup::base(&repository, &loaded.config).await?, &loaded.config),
                CheckStatus::Failed => Vec::new(),
            };
            checks.checks.push(git);
            checks.checks.push(check::forge(setup::forge(&loaded, repository.url()).as_deref()).await);
            (loaded, listed)
        }
        // Without git, the working tree shows at least which registries are needed.
        Err(error) if error.exit() == Exit::Failed => {
            let Ok((folder, loaded)) = folder(common) else { return Err(error) };
            checks.checks.push(configuration(&loaded));
            checks.checks.push(failed("git", &error));
            let listed = run::list(&run::Folder::new(&folder), &loaded.config);
            (loaded, listed)
        }
        Err(error) => return Err(error),
    };
    match setup::registries(&loaded, common.cache_dir.as_deref()) {
        Ok(registries) => checks.checks.extend(check::registries(&registries, &listed).await),
        Err(error) => checks.checks.push(failed("registries", &error)),
    }
    Output::new(common).print(|renderer, options| renderer.checks(&checks, options))?;
    Ok(if checks.all_ok() { Exit::Done } else { Exit::Failed })
}

fn configuration(loaded: &Loaded) -> Check {
    match &loaded.files[..] {
        [file] => Check::ok("configuration", format!("{file} is valid")),
        [operator, repository] => Check::ok("configuration", format!("{operator} and {repository} are valid")),
        _ => Check::ok(
            "configuration",
            "no tagboat.yaml: every image is managed by the `shape` policy, one pull request per folder",
        ),
    }
}

fn failed(name: &str, error: &Error) -> Check {
    Check::failed(name, error.message(), error.advice().map(str::to_owned))
}
