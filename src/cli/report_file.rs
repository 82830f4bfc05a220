//! Results as files, beside what is printed: for the steps of a CI job that come after. The name says the format.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::str::FromStr;

use crate::error::{Error, Exit};
use crate::report::{JUnit, RENDERERS, RenderOptions, Renderer, RunReport};

/// Endings of names, and the renderers that they stand for.
const ENDINGS: &[(&str, &str)] = &[
    ("json", "json"),
    ("md", "markdown"),
    ("html", "html"),
    ("txt", "text"),
    ("outputs", "outputs"),
    ("annotations", "annotations"),
];

/// Columns of a text file: there is no terminal to fit.
const WIDTH: usize = 200;

/// A file that a result goes to.
#[derive(Clone)]
pub(super) struct ReportFile {
    path: PathBuf,
    renderer: &'static dyn Renderer,
}

impl ReportFile {
    /// Test results, whatever the file is called.
    pub(super) fn junit(text: &str) -> Result<Self, std::convert::Infallible> {
        Ok(Self { path: PathBuf::from(text), renderer: &JUnit })
    }

    /// Whether it tells ages.
    pub(super) fn tells_ages(&self) -> bool {
        self.path.extension().is_some_and(|ending| ending == "html")
    }
}

impl FromStr for ReportFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let path = PathBuf::from(text);
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let name = ENDINGS.iter().find(|(known, _)| *known == ending).map(|(_, name)| *name);
        match RENDERERS.iter().find(|(known, _)| Some(*known) == name) {
            Some((_, renderer)) => Ok(Self { path, renderer: *renderer }),
            None => {
                let known = ENDINGS.iter().map(|(ending, _)| format!(".{ending}")).collect::<Vec<_>>();
                Err(format!("its name has to end in one of {}", known.join(", ")))
            }
        }
    }
}

impl std::fmt::Debug for ReportFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ReportFile").field(&self.path).finish()
    }
}

/// Writes a report to all of these files.
pub(super) fn write<'a>(files: impl Iterator<Item = &'a ReportFile>, report: &RunReport) -> Result<(), Error> {
    for file in files {
        let text = file.renderer.run(report, RenderOptions { width: WIDTH, color: false });
        File::create(&file.path).and_then(|mut out| out.write_all(text.as_bytes())).map_err(|error| {
            Error::new(Exit::Failed, format!("can't write the report {}: {error}", file.path.display()))
        })?;
    }
    Ok(())
}
