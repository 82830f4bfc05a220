//! Returns a short, commented `tagboat.yaml` for the images in a repository.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::image::{ImageName, Shape, Tag};
use crate::text::{count_of, visible};

/// The references in a repository, as `init` needs them.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Images, in any order.
    pub images: Vec<FoundImage>,
    /// Policies that markers name, as written.
    pub markers: BTreeSet<String>,
    /// The number of references that `tagboat list` prints: those of the images, and held or ignored values.
    pub references: usize,
    /// The number of files that have one.
    pub files: usize,
}

/// An image and the files that contain it.
#[derive(Debug, Clone)]
pub struct FoundImage {
    /// The normalized name.
    pub name: ImageName,
    /// Its current tags.
    pub tags: BTreeSet<Tag>,
}

/// How the tags of an image are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    /// By the numbers in the tags.
    Numbers,
    /// By the build time of the image, because the tags are commits.
    Builds,
    /// There is no order: the digest of one tag changes, such as `latest`.
    Floating,
}

impl FoundImage {
    /// Returns how the tags are ordered. One tag with numbers is enough: the others are then held, whereas another policy would
    /// stop updates of that tag.
    fn order(&self) -> Order {
        let tags = || self.tags.iter().map(Tag::as_str);
        if self.tags.is_empty() || tags().any(|tag| Shape::of(tag).has_order()) {
            Order::Numbers
        } else if tags().any(|tag| tag.contains(|c: char| c.is_ascii_digit())) {
            Order::Builds
        } else {
            Order::Floating
        }
    }
}

/// Returns a valid starter configuration that manages every image.
pub fn starter(summary: &Summary) -> String {
    let mut images: Vec<&FoundImage> = summary.images.iter().collect();
    images.sort_by(|a, b| a.name.cmp(&b.name));
    let of = |order: Order| images.iter().copied().filter(|image| image.order() == order).collect::<Vec<_>>();
    let (builds, floating) = (of(Order::Builds), of(Order::Floating));
    let mut out = heading(summary, &images);
    policies(&mut out, summary, !builds.is_empty(), !floating.is_empty());
    out.push_str(
        "\n# Which policy manages which image. The first rule that matches decides; images without a match are ignored.\nrules:\n",
    );
    rule(&mut out, "Tags of these images are commits: the newest build is chosen.", &builds, "newest-build");
    rule(
        &mut out,
        "Tags of these images move, like latest: the digest beside the tag is updated.",
        &floating,
        "floating",
    );
    out.push_str(
        "  # All other images: a tag of the same shape with greater numbers, such as 1.27.4-alpine after 1.27.3-alpine.
  - images: [\"**\"]
    policy: shape
    # min-age: 3d                           # only images that are at least three days old
    # platforms: [linux/amd64, linux/arm64]   # only images for all of these platforms
    # pin: true                             # write the digest beside the tag; follow: also when the tag moves
",
    );
    out.push_str(PULL_REQUESTS);
    registries(&mut out, &images);
    out
}

fn heading(summary: &Summary, images: &[&FoundImage]) -> String {
    let mut out = format!(
        "# Tagboat: which image tags are updated in this repository, and how.
# Found when this was written: {} in {}, with {}",
        count_of(summary.references, "reference"),
        count_of(summary.files, "file"),
        count_of(images.len(), "image"),
    );
    out.push_str(
        ".
#
# `tagboat list` shows the policy of each reference, `tagboat plan` what would change, `tagboat explain IMAGE` why.
# `tagboat schema` prints a JSON Schema of this file for editors.

# Named policies: how a tag is chosen. A rule below names one, or a comment beside a reference: # tagboat: release
",
    );
    out
}

const RELEASE: &str = "  # For references with this comment. No rule names this policy.
  release:
    semver: \">=0.0.0\"                       # the greatest version; or a range: ^1.4, >=1.2 <3
    # max-bump: minor                       # never the next major version
    # exclude: [\"-debug$\"]                  # regular expressions on tags
";
const NEWEST_BUILD: &str = "  newest-build:
    newest-build: true                      # the creation time of the image decides
    # include: [\"^[0-9a-f]{7,40}$\"]         # only such tags are looked at; fewer requests
";
const FLOATING: &str = "  floating:
    digest: true                            # the tag stays, the digest beside it follows
";

fn policies(out: &mut String, summary: &Summary, builds: bool, floating: bool) {
    out.push_str("policies:\n");
    out.push_str(RELEASE);
    for (wanted, text) in [(builds, NEWEST_BUILD), (floating, FLOATING)] {
        if wanted {
            out.push_str(text);
        }
    }
    let known = ["release", "newest-build", "floating", "shape", "ignore"];
    for name in summary.markers.iter().filter(|name| !known.contains(&name.as_str())) {
        let _ = writeln!(out, "  # Comments in the manifests name this policy; define it here:");
        let _ = writeln!(out, "  # {}:\n  #   semver: \">=0.0.0\"", visible(name));
    }
}

fn rule(out: &mut String, about: &str, images: &[&FoundImage], policy: &str) {
    if images.is_empty() {
        return;
    }
    let _ = writeln!(out, "  # {about}\n  - images:");
    for image in images {
        let name = image.name.familiar();
        let tags: Vec<&str> = image.tags.iter().take(3).map(Tag::as_str).collect();
        let _ = writeln!(out, "      - {name:<37} # {}", tags.join(", "));
    }
    let _ = writeln!(out, "    policy: {policy}");
}

const PULL_REQUESTS: &str = "
# pull-requests:
#   group: \"{{ path_dir }}\"                 # or image, all, or another template
#   labels: [deploy]
#   reviewers: [your-name]
#   max-open: 5
";

/// Adds commented settings for the registries of the images.
fn registries(out: &mut String, images: &[&FoundImage]) {
    out.push_str(
        "
# Settings of registries: mirror, ca-file, plain-http and page-size. Credentials come from docker's config.json or from
# environment variables; `tagboat check` shows which ones.
# registries:
",
    );
    let registries: BTreeSet<&str> = images.iter().map(|image| image.name.registry()).collect();
    for registry in if registries.is_empty() { BTreeSet::from(["registry.example.com"]) } else { registries } {
        let _ = writeln!(out, "#   \"{registry}\": {{ mirror: \"mirror.example.com/hub\" }}");
    }
}
