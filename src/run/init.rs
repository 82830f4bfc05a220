//! `tagboat init`: a configuration from the images of a repository.

use crate::config::{self, Config};
use crate::docs::hint;
use crate::error::{Error, Exit};

use super::discover::list;
use super::reports::{held, summary};
use super::snapshot::Snapshot;

/// Returns a starter configuration for the images in a snapshot. What stays held under it is listed in comments. `None` if there
/// is nothing to configure.
pub fn starter(snapshot: &dyn Snapshot) -> Result<Option<String>, Error> {
    let listed = list(snapshot, &Config::default());
    if listed.is_empty() {
        return Ok(None);
    }
    let mut summary = summary(&listed);
    let text = config::starter(&summary);
    let config = config::parse(&text, config::FILE_NAME).map_err(|error| {
        Error::new(
            Exit::Failed,
            format!("cannot write a configuration: {error}"),
            hint!("command-line.md#start-a-configuration", "write tagboat.yaml by hand, and report this as a bug"),
        )
    })?;
    summary.held = held(&list(snapshot, &config), &summary.images);
    Ok(Some(config::starter(&summary)))
}
