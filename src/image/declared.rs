//! References that the configuration declares, with their files and how to find them.

use globset::GlobMatcher;
use regex::Regex;

/// A regular expression that finds references in files that no format reads: one-line tag files, `.j2`, HCL, Jsonnet.
#[derive(Debug, Clone)]
pub struct ReferencePattern {
    /// The files that it applies to.
    pub paths: GlobMatcher,
    /// Has a group `tag` or `digest`, and a group `name` if there is no `image`. `^` and `$` match at line ends.
    pub regex: Regex,
    /// The image, if the expression has no group `name`.
    pub image: Option<String>,
}

/// A field that contains a tag and no name.
#[derive(Debug, Clone)]
pub struct TagField {
    /// The files that it applies to.
    pub paths: GlobMatcher,
    /// The field path of the tag, or of the map that contains it, as `list` prints it: `controller.image.tag`.
    pub field: String,
    /// The image that the tag belongs to.
    pub image: String,
}

/// Charts whose `appVersion` is the tag of an image.
#[derive(Debug, Clone)]
pub struct AppVersion {
    /// Their `Chart.yaml` files.
    pub paths: GlobMatcher,
    /// The name of the image that the value belongs to.
    pub image: String,
}
