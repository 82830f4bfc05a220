//! Returns a short, commented `tagboat.yaml` for the images in a repository.

mod found;
mod held;
mod placeholder;
mod rules;
mod update;

use std::fmt::Write as _;

use crate::text::{count_of, visible};

pub use found::{FoundImage, FoundTag, HeldPlace, Summary};
use rules::Rules;

/// Returns a valid starter configuration. It manages every image, except local ones and placeholders, and images whose tags need a
/// decision.
pub fn starter(summary: &Summary) -> String {
    let rules = Rules::new(&summary.images);
    let mut out = heading(summary);
    policies(&mut out, summary, &rules);
    out.push_str(
        "\n# Which policy manages which image. The first rule that matches decides; images without a match are ignored.\nrules:\n",
    );
    held::write(&mut out, &summary.held, &summary.images);
    rules.write(&mut out);
    out.push_str(ALL_OTHERS);
    out.push_str(PULL_REQUESTS);
    out.push_str(REGISTRIES);
    out
}

fn heading(summary: &Summary) -> String {
    let mut out = format!(
        "# Tagboat: which image tags are updated in this repository, and how.
# Found when this was written: {} in {}, with {}",
        count_of(summary.references, "reference"),
        count_of(summary.files, "file"),
        count_of(summary.images.len(), "image"),
    );
    out.push_str(
        ".
#
# `tagboat list` shows the policy of each reference, `tagboat plan` what would change, `tagboat explain IMAGE` why.
# `tagboat schema` prints a JSON Schema of this file for editors.
",
    );
    out
}

fn policies(out: &mut String, summary: &Summary, rules: &Rules<'_>) {
    out.push_str(
        "
# Named policies: how a tag is chosen. A rule below names one, or a comment beside a reference: # tagboat: release
",
    );
    out.push_str(if rules.need_policies() { "policies:\n" } else { "# policies:\n" });
    rules.write_policies(out);
    for name in &summary.undefined {
        let _ = writeln!(out, "  # Comments in the manifests name this policy; define it here:");
        let _ = writeln!(out, "  # {}:\n  #   semver: \">=0.0.0\"", visible(name));
    }
    if !summary.undefined.contains("release") {
        out.push_str(EXAMPLE);
    }
}

const EXAMPLE: &str = "  # release:
  #   semver: \">=0.0.0\"                     # the greatest version; or a range: ^1.4, >=1.2 <3
  #   max-bump: minor                       # never the next major version
  #   exclude: [\"-debug$\"]                  # regular expressions on tags
";

const ALL_OTHERS: &str =
    "  # All other images: a tag of the same shape with greater numbers, such as 1.27.4-alpine after 1.27.3-alpine.
  - images: [\"**\"]
    policy: shape
    # min-age: 3d                           # only images that are at least three days old
    # platforms: [linux/amd64, linux/arm64]   # only images for all of these platforms
    # pin: true                             # write the digest beside the tag; follow: also when the tag moves
";

const PULL_REQUESTS: &str = "
# pull-requests:
#   group: \"{{ path_dir }}\"                 # or image, all, or another template
#   labels: [deploy]
#   reviewers: [your-name]
#   max-open: 5
";

const REGISTRIES: &str = "
# Settings of registries: mirror, ca-file, plain-http and page-size. Credentials come from docker's config.json or from
# environment variables; `tagboat check` shows which ones.
# registries:
#   \"registry.example.com\": { mirror: \"mirror.example.com/hub\" }
";
